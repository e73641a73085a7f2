import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { failures, parsePreview } from '../previews/preview';
import { changesOf } from '../previews/resourceChange';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import type { PulumiCli } from '../pulumiCli/cli';
import { BACKEND_VARIABLE } from '../pulumiEnvironment';
import { readProject } from '../pulumiProject';
import { PulumiStack } from '../pulumiStack';
import { repositoryRoot } from '../repository';
import { UserError } from '../userError';
import { IMPORT_FILE } from './projectFiles';
import type { SecretValue } from './secretValues';

const UNASKED = ['--yes', '--skip-preview', '--suppress-outputs'];

/**
 * Makes the stack of an adopted project with its secrets. For a live namespace (`auth` is its key) everything is imported, and nothing may
 * be left to change.
 * @returns exit code
 */
export async function setUpStack(folder: string, name: string, secrets: readonly SecretValue[], auth: string | undefined): Promise<number> {
  linkPackages(folder);
  const cli = await step('Find a Pulumi CLI', acquirePulumiCli);
  const stack = new PulumiStack(cli, name, readProject(folder));
  if (await stack.exists()) throw new UserError(`There is a stack ${name} of this project already: name another one with --stack.`);
  await step(`Make the stack ${name}`, () => configure(stack, secrets, auth));
  if (auth === undefined) return 0;
  if (isService(process.env[BACKEND_VARIABLE])) await importEverything(stack, folder);
  else await importAside(cli, stack, folder);
  await mustMatch(stack);
  say(`Everything is in the stack ${name}, and its preview is empty.`);
  return 0;
}

/** Pulumi's service keeps the secrets of its stacks itself. */
function isService(backend: string | undefined): boolean {
  return backend !== undefined && /^https?:/.test(backend);
}

/**
 * An import stores every value in clear; the update after it notes which are secrets, and a refresh writes them so. A backend keeps older
 * versions of a state, so all of this happens in one that is thrown away. It has the same passphrase and configuration, so that its state can
 * be taken over as it is.
 */
async function importAside(cli: PulumiCli, stack: PulumiStack, folder: string): Promise<void> {
  const backend = mkdtempSync(join(tmpdir(), 'openwhisk-adopt-'));
  try {
    const base = { ...process.env, [BACKEND_VARIABLE]: pathToFileURL(backend).href };
    const aside = new PulumiStack(cli, stack.name, readProject(folder), { base });
    await aside.create();
    await importEverything(aside, folder);
    await stack.importState(await aside.exportState());
  } finally {
    rmSync(backend, { recursive: true, force: true });
  }
}

async function importEverything(stack: PulumiStack, folder: string): Promise<void> {
  const { resources } = JSON.parse(readFileSync(join(folder, IMPORT_FILE), 'utf8')) as { resources: unknown[] };
  if (resources.length > 0 && !(await stack.importFile(IMPORT_FILE))) {
    throw new UserError('The import failed; what Pulumi said is above. The program and its files are written.');
  }
  await mustMatch(stack);
  for (const operation of ['up', 'refresh'] as const) {
    if (!(await stack.operate(operation, UNASKED))) {
      throw new UserError(`What was imported could not be settled by "${operation}"; what Pulumi said is above.`);
    }
  }
}

async function configure(stack: PulumiStack, secrets: readonly SecretValue[], auth: string | undefined): Promise<void> {
  await stack.create();
  if (auth !== undefined) await stack.setSecret('openwhisk:auth', auth);
  for (const { key, value } of secrets) await stack.setSecret(key, typeof value === 'string' ? value : JSON.stringify(value));
}

/** @throws UserError naming what a preview would change */
async function mustMatch(stack: PulumiStack): Promise<void> {
  const { code, stdout, stderr } = await step('Preview', () => stack.previewJson('preview'));
  const preview = parsePreview(stdout.includes('{') ? stdout : '{}');
  if (code !== 0) throw new UserError(`The preview after the import failed:\n${failures(preview, stderr).join('\n')}`);
  const { changed } = changesOf(preview);
  if (changed.length === 0) return;
  const names = changed.map(
    ({ sort, type, name, properties }) => `${sort} ${type} ${name} (${properties.map(({ path }) => path).join(', ')})`,
  );
  throw new UserError(`The program does not match what is there: ${names.join('; ')}.`);
}

/** Lets a project outside of the repository use the SDK and Pulumi that are installed here, unless it has its own. */
function linkPackages(folder: string): void {
  try {
    require.resolve('pulumi-openwhisk/package.json', { paths: [folder] });
  } catch {
    const link = join(folder, 'node_modules');
    rmSync(link, { recursive: true, force: true });
    symlinkSync(join(repositoryRoot, 'node_modules'), link);
  }
}
