import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { type GeneratePackageRequest, GeneratePackageResponse } from '@pulumi/pulumi/proto/language_pb';
import { LanguageHostError } from './rpc';

/** Names the SDK generator's executable; set by this repository's commands for `pulumi package add` and `gen-sdk`. */
export const GENERATOR_VARIABLE = 'OPENWHISK_PULUMI_GEN_SDK';

function runGenerator(generator: string, args: readonly string[], schema: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(generator, [...args], { stdio: ['pipe', 'ignore', 'pipe'] });
    const messages: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => messages.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new LanguageHostError(Buffer.concat(messages).toString('utf8').trim() || `The SDK generator ended with ${code}.`));
    });
    // The generator may refuse its arguments before it reads: then its own message is the one to show.
    child.stdin.on('error', () => {});
    child.stdin.end(schema);
  });
}

/** Generates a nodejs SDK from a schema into a folder. */
export async function generatePackage(request: GeneratePackageRequest): Promise<GeneratePackageResponse> {
  const generator = process.env[GENERATOR_VARIABLE];
  if (generator === undefined || generator === '') {
    throw new LanguageHostError(
      'No SDK generator has been built: run "npm run pulumi -- package add ...", which builds it first.',
      status.FAILED_PRECONDITION,
    );
  }
  const args = [
    ...(request.getLoaderTarget() === '' ? [] : ['-loader', request.getLoaderTarget()]),
    ...(request.getLocal() ? ['-local'] : []),
    '-local-dependencies',
    JSON.stringify(Object.fromEntries(request.getLocalDependenciesMap().entries())),
    'nodejs',
    '-',
    request.getDirectory(),
  ];
  await runGenerator(generator, args, request.getSchema());
  for (const [name, content] of request.getExtraFilesMap().entries()) {
    const file = join(request.getDirectory(), name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? Buffer.from(content, 'base64') : content);
  }
  return new GeneratePackageResponse();
}
