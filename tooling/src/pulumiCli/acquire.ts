import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { say, step } from '../progress';
import { paths } from '../repository';
import { cachedTool, pointTo, toolCacheRoot } from '../toolCache';
import { UserError } from '../userError';
import { NODEJS_HOST, type PulumiCli, pinnedVersion } from './cli';
import { buildGoProgram, goProgramCacheName, pulumiProgram } from './goBuild';
import { fetchOfficialRelease } from './officialRelease';
import { cliOnPath } from './pathCli';

/** The one sentence of an error, for joining several into one. */
function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fromFolder(folder: string, version: string, origin: string): PulumiCli {
  const link = join(paths.tools, 'pulumi', version);
  pointTo(link, folder);
  return { executable: join(link, 'pulumi'), version, origin, hasNodejsHost: existsSync(join(folder, NODEJS_HOST)) };
}

/**
 * A Pulumi CLI, had the cheapest way: the user's own; one that is in the cache; the official release; one built from its Go module.
 * @throws UserError that names every way that was tried
 */
export async function acquirePulumiCli(): Promise<PulumiCli> {
  const refusals: string[] = [];
  const own = await cliOnPath((reason) => {
    refusals.push(reason);
    say(`  not used: ${reason}`);
  });
  if (own !== undefined) return own;

  const version = pinnedVersion();
  const cache = toolCacheRoot();
  const official = `pulumi/official-${version}-${process.platform}-${process.arch}`;
  const built = goProgramCacheName(pulumiProgram(version));
  const onWait = () => say('  another process is at it already: waiting for it');
  const origins = { [official]: 'official release', [built]: 'built from its Go module' };
  for (const [name, origin] of Object.entries(origins)) {
    if (existsSync(join(cache, name, 'pulumi'))) return fromFolder(join(cache, name), version, origin);
  }

  try {
    const folder = await step(`Fetch the Pulumi CLI ${version}`, (report) =>
      cachedTool(official, (empty) => fetchOfficialRelease(version, empty, report), onWait, cache),
    );
    return fromFolder(folder, version, origins[official]!);
  } catch (error) {
    refusals.push(sentence(error));
    say(`  ${sentence(error)}`);
  }
  try {
    const folder = await step(`Build the Pulumi CLI ${version} from its Go module (once, several minutes)`, (report) =>
      cachedTool(built, (empty) => buildGoProgram(pulumiProgram(version), empty, report), onWait, cache),
    );
    return fromFolder(folder, version, origins[built]!);
  } catch (error) {
    refusals.push(sentence(error));
  }
  throw new UserError(
    `No Pulumi CLI could be had (${refusals.join('; ')}). Install Pulumi from https://www.pulumi.com/docs/install/ or Go from https://go.dev/dl/, and run this again.`,
  );
}
