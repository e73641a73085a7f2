import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { resolveProviderConfig } from '@openwhisk-as-code/provider/dist/plugin/providerConfig';
import { type LiveOptions, readNamespace } from '../adoption/liveNamespace';
import { readManifest } from '../adoption/manifest';
import { programResources } from '../adoption/program';
import { IMPORT_FILE, refuseFilledFolder, writeProject } from '../adoption/projectFiles';
import { type SecretValue, SecretValues } from '../adoption/secretValues';
import { parseNamedOptions } from '../options';
import { parsePreview } from '../previews/preview';
import { changesOf } from '../previews/resourceChange';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { givenPath, readProject } from '../pulumiProject';
import { PulumiStack } from '../pulumiStack';
import { repositoryRoot } from '../repository';
import { UserError } from '../userError';
import { buildWorkspace } from '../workspaceBuild';
import { failures } from './previewComment';

/**
 * `npm run adopt`: writes a Pulumi program for what a namespace holds, with a file for a bulk import, or for a manifest of wskdeploy. With
 * --stack it also makes the stack, keeps the secrets in it, imports, and makes sure that the first preview is empty.
 */
export async function adopt(args: readonly string[]): Promise<number> {
  const { values, flags, stack } = parseNamedOptions('adopt', args, {
    values: ['--host', '--auth', '--namespace', '--manifest', '--deployment', '--out'],
    flags: ['--insecure'],
  });
  const hasStack = args.some((argument) => argument === '--stack' || argument === '-s' || argument.startsWith('--stack='));
  const { '--out': out, '--manifest': manifest, '--deployment': deployment } = values;
  if (out === undefined || (values['--host'] !== undefined && manifest !== undefined)) {
    throw new UserError('"npm run adopt" needs --out DIR, and either --host URL (with --auth UUID:KEY or WHISK_AUTH) or --manifest FILE.');
  }
  const live = manifest === undefined ? liveOptions(values, flags.has('--insecure')) : undefined;
  const folder = givenPath(out);
  refuseFilledFolder(folder);

  const secrets = new SecretValues();
  const { adoption, settings } = await step(`Read ${manifest ?? live?.apiHost}`, async () => {
    if (manifest !== undefined) {
      const read = await readManifest(givenPath(manifest), deployment === undefined ? undefined : givenPath(deployment), secrets);
      return { adoption: read, settings: read.settings };
    }
    const read = await readNamespace(live!, secrets);
    return { adoption: read, settings: new Set<string>() };
  });
  const resources = programResources(adoption.entities);
  writeProject(folder, adoption, resources, secrets.list, settings);
  for (const warning of adoption.warnings) say(`  not taken over: ${warning}`);
  for (const { key, place } of secrets.list) say(`  looks like a secret, to be set with "pulumi config set --secret ${key}": ${place}`);
  say(
    `${resources.length} resources of ${adoption.origin} are in ${join(out, 'index.ts')}; what to do next is in ${join(out, 'README.md')}.`,
  );
  if (!hasStack) return 0;
  await buildWorkspace();
  return setUpStack(folder, stack, secrets.list, live?.auth);
}

/**
 * Which namespace is read: what is given, else what `wsk` users have in WHISK_APIHOST and WHISK_AUTH or in ~/.wskprops. As in the provider, a
 * key from that file goes to the host of that file only.
 * @throws UserError when there is no host or no key
 */
function liveOptions(values: Readonly<Record<string, string>>, insecure: boolean): LiveOptions {
  const given = { apiHost: values['--host'], auth: values['--auth'], namespace: values['--namespace'] };
  const { apiHost, auth, namespace } = resolveProviderConfig(
    Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  );
  if (apiHost === undefined)
    throw new UserError('"npm run adopt" needs a host: --host URL, WHISK_APIHOST or ~/.wskprops; or --manifest FILE.');
  if (auth === undefined) throw new UserError(`"npm run adopt" needs a key for ${apiHost}: set WHISK_AUTH, or give --auth UUID:KEY.`);
  return { apiHost, auth, insecure, ...(namespace === undefined ? {} : { namespace }) };
}

/** Makes the stack with its secrets; for a live namespace imports it, and checks that nothing is left to change. */
async function setUpStack(folder: string, name: string, secrets: readonly SecretValue[], auth: string | undefined): Promise<number> {
  linkPackages(folder);
  const stack = new PulumiStack(await step('Find a Pulumi CLI', acquirePulumiCli), name, readProject(folder));
  await step(`Make the stack ${name}`, async () => {
    await stack.create();
    if (auth !== undefined) await stack.setSecret('openwhisk:auth', auth);
    for (const { key, value } of secrets) await stack.setSecret(key, typeof value === 'string' ? value : JSON.stringify(value));
  });
  if (auth === undefined) return 0;
  const { resources } = JSON.parse(readFileSync(join(folder, IMPORT_FILE), 'utf8')) as { resources: unknown[] };
  if (resources.length > 0 && !(await stack.importFile(IMPORT_FILE))) {
    say('The import failed; what Pulumi said is above. The program and its files are written.');
    return 1;
  }
  const { code, stdout, stderr } = await step('Preview', () => stack.previewJson('preview'));
  const preview = parsePreview(stdout.includes('{') ? stdout : '{}');
  if (code !== 0) throw new UserError(`The preview after the import failed:\n${failures(preview, stderr).join('\n')}`);
  const { changed } = changesOf(preview);
  if (changed.length > 0) {
    const names = changed.map(
      ({ sort, type, name: resource, properties }) => `${sort} ${type} ${resource} (${properties.map(({ path }) => path).join(', ')})`,
    );
    throw new UserError(`The program does not match what is there: ${names.join('; ')}.`);
  }
  // An import stores every value in clear: an update notes which of them are secrets, a refresh writes them so.
  const settled =
    (await stack.operate('up', ['--yes', '--skip-preview', '--suppress-outputs'])) &&
    (await stack.operate('refresh', ['--yes', '--skip-preview', '--suppress-outputs']));
  if (!settled) return 1;
  say(`Everything is in the stack ${name}, and its preview is empty.`);
  return 0;
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
