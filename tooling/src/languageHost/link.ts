import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { type LinkRequest, LinkResponse } from '@pulumi/pulumi/proto/language_pb';
import { runChild } from './childProcesses';
import { readManifest } from './packageManifest';
import { LanguageHostError } from './rpc';

async function runOrFail(command: string, args: readonly string[], cwd: string, signal: AbortSignal): Promise<void> {
  const messages: Buffer[] = [];
  const exit = await runChild(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] }, signal, (child) => {
    child.stderr?.on('data', (chunk: Buffer) => messages.push(chunk));
  });
  if (exit.code !== 0)
    throw new LanguageHostError(`"${command} ${args.join(' ')}" failed: ${Buffer.concat(messages).toString('utf8').trim()}`);
}

/** Compiles a generated SDK where TypeScript is at hand; without it the program's own loader compiles it on the fly. */
async function compile(sdk: string, programDirectory: string, signal: AbortSignal): Promise<void> {
  if (!existsSync(join(sdk, 'tsconfig.json'))) return;
  let compiler: string;
  try {
    compiler = createRequire(join(programDirectory, 'package.json')).resolve('typescript/bin/tsc');
  } catch {
    return;
  }
  await runOrFail(process.execPath, [compiler, '-p', sdk], sdk, signal);
}

/** Makes generated SDKs dependencies of a program: the last step of `pulumi package add`. */
export async function link(request: LinkRequest, signal: AbortSignal): Promise<LinkResponse> {
  const programDirectory = request.getInfo()?.getProgramDirectory() ?? process.cwd();
  const instructions: string[] = [];
  for (const dependency of request.getPackagesList()) {
    const sdk = resolve(programDirectory, dependency.getPath());
    await runOrFail('npm', ['install', '--no-audit', '--no-fund', `file:${sdk}`], programDirectory, signal);
    await compile(sdk, programDirectory, signal);
    const name = readManifest(sdk)?.name ?? relative(programDirectory, sdk);
    const variable = (dependency.getPackage()?.getName() ?? 'sdk').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    instructions.push(`import * as ${variable} from "${name}";`);
  }
  const response = new LinkResponse();
  response.setImportInstructions(`You can import the package in your program with:\n\n  ${instructions.join('\n  ')}\n`);
  return response;
}
