import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { mustRun } from '../command';
import { refuseUnknown } from '../options';
import { say, step } from '../progress';
import { acquireSdkGenerator } from '../pulumiCli/sdkGenerator';
import { paths, repositoryRoot } from '../repository';
import { UserError } from '../userError';

/** Folders inside the SDK that are made from it and not committed. */
const DERIVED: readonly string[] = ['node_modules', 'bin'];

/** Every committed file below a folder, relative to it, sorted. */
function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !DERIVED.includes(file.split('/')[0]!))
    .sort();
}

/**
 * Names the compiled entry point, which Pulumi's generator leaves to its publishing scripts. Without it Node would take the sources
 * themselves, where "./package" is the manifest before it is the resource.
 */
function addEntryPoint(manifest: string): void {
  const { name, version, ...rest } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
  const complete = { name, version, main: 'bin/index.js', types: 'bin/index.d.ts', ...rest };
  writeFileSync(manifest, `${JSON.stringify(complete, null, 4)}\n`);
}

/** Generates the nodejs SDK of the provider's schema into a new folder beside the committed one, so that it can be put there by a rename. */
async function generate(): Promise<string> {
  if (!existsSync(paths.providerSchema)) throw new UserError('There is no provider/schema.json to generate an SDK from.');
  const generator = await acquireSdkGenerator();
  mkdirSync(paths.tools, { recursive: true });
  const folder = mkdtempSync(join(paths.tools, 'sdk-nodejs-'));
  await mustRun(generator, ['nodejs', paths.providerSchema, folder]);
  addEntryPoint(join(folder, 'package.json'));
  return folder;
}

/** Files in which the committed SDK differs from what its schema gives. */
export async function sdkDifferences(): Promise<string[]> {
  const fresh = await generate();
  try {
    const names = [...new Set([...sources(fresh), ...sources(paths.nodejsSdk)])];
    const content = (folder: string, name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined);
    return names.filter((name) => {
      const [generated, committed] = [content(fresh, name), content(paths.nodejsSdk, name)];
      return generated === undefined || committed === undefined || !generated.equals(committed);
    });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Puts a fresh SDK in the place of the committed one, file by file: what is derived from it stays where it is. */
async function replaceSdk(): Promise<void> {
  const fresh = await generate();
  try {
    for (const file of sources(paths.nodejsSdk)) rmSync(join(paths.nodejsSdk, file));
    for (const file of sources(fresh)) {
      const target = join(paths.nodejsSdk, file);
      mkdirSync(dirname(target), { recursive: true });
      renameSync(join(fresh, file), target);
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** `npm run sdk`: generates provider/sdk/nodejs from provider/schema.json; with --check only says whether the two fit. */
export async function sdk(args: readonly string[]): Promise<number> {
  refuseUnknown('sdk', args, ['--check']);
  if (args.includes('--check')) {
    const differences = await step('Compare the SDK with the schema', sdkDifferences);
    if (differences.length === 0) return 0;
    say(`provider/sdk/nodejs does not fit provider/schema.json; run "npm run sdk". These files differ:\n  ${differences.join('\n  ')}`);
    return 1;
  }
  await step(`Generate ${relative(repositoryRoot, paths.nodejsSdk)}`, replaceSdk);
  return 0;
}
