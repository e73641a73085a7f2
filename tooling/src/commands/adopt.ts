import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkProviderConfig, resolveProviderConfig } from '@openwhisk-as-code/provider/dist/plugin/providerConfig';
import { setUpStack } from '../adoption/adoptedStack';
import { type LiveOptions, readNamespace } from '../adoption/liveNamespace';
import { readManifest } from '../adoption/manifest';
import { programResources } from '../adoption/program';
import { refuseFilledFolder, writeProject } from '../adoption/projectFiles';
import { SecretValues } from '../adoption/secretValues';
import { parseNamedOptions } from '../options';
import { say, step } from '../progress';
import { givenPath } from '../pulumiProject';
import { UserError } from '../userError';
import { buildWorkspace } from '../workspaceBuild';

/**
 * `npm run adopt`: writes a Pulumi program for what a namespace holds, with a file for a bulk import, or for a manifest of wskdeploy. With
 * --stack it also makes the stack, keeps the secrets in it, imports, and makes sure that the first preview is empty.
 */
export async function adopt(args: readonly string[]): Promise<number> {
  const { values, flags, stack } = parseNamedOptions('adopt', args, {
    values: ['--host', '--auth', '--namespace', '--ca', '--manifest', '--deployment', '--out'],
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
  const ca = values['--ca'];
  return {
    apiHost,
    auth,
    insecure,
    ...(namespace === undefined ? {} : { namespace }),
    ...(ca === undefined ? {} : { caCertificate: readAuthority(ca) }),
  };
}

/** @throws UserError when there is no certificate in the file */
function readAuthority(file: string): string {
  let caCertificate: string;
  try {
    caCertificate = readFileSync(givenPath(file), 'utf8');
  } catch (error) {
    throw new UserError(`--ca names a file that can't be read: ${(error as Error).message}`);
  }
  const [failure] = checkProviderConfig({ caCertificate });
  if (failure !== undefined || caCertificate === '') {
    throw new UserError(`${file} ${failure?.reason ?? 'is empty'}.`);
  }
  return caCertificate;
}
