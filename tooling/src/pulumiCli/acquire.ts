import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { installLanguageHostShim } from '../languageHostShim';
import { say, step } from '../progress';
import { paths } from '../repository';
import { cachedTool, pointTo, shareFile, toolCacheRoot } from '../toolCache';
import { UserError } from '../userError';
import { NODEJS_HOST, type PulumiCli, pinnedVersion } from './cli';
import { buildGoProgram, goProgramCacheName, pulumiProgram } from './goBuild';
import { fetchOfficialRelease } from './officialRelease';
import { cliOnPath } from './pathCli';

/** The one sentence of an error, for joining several into one. */
function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An official release has language hosts beside its CLI, so the clone only points to it. */
function officialCli(folder: string, version: string): PulumiCli {
  const link = join(paths.tools, 'pulumi', `${version}-official`);
  pointTo(link, folder);
  return {
    executable: join(link, 'pulumi'),
    version,
    origin: 'official release',
    nodejsHost: existsSync(join(folder, NODEJS_HOST)) ? 'official' : 'none',
  };
}

/**
 * A built CLI is alone in the cache. The clone has it under a second name, with its own language host beside it: there the engine looks
 * for a host that belongs to the CLI.
 */
function builtCli(folder: string, version: string): PulumiCli {
  const home = join(paths.tools, 'pulumi', basename(folder));
  const executable = join(home, 'pulumi');
  if (!existsSync(executable)) shareFile(join(folder, 'pulumi'), executable);
  installLanguageHostShim(home);
  return { executable, version, origin: 'built from its Go module', nodejsHost: 'ours' };
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
  if (existsSync(join(cache, official, 'pulumi'))) return officialCli(join(cache, official), version);
  if (existsSync(join(cache, built, 'pulumi'))) return builtCli(join(cache, built), version);

  try {
    const folder = await step(`Fetch the Pulumi CLI ${version}`, (report) =>
      cachedTool(official, (empty) => fetchOfficialRelease(version, empty, report), onWait, cache),
    );
    return officialCli(folder, version);
  } catch (error) {
    refusals.push(sentence(error));
    say(`  ${sentence(error)}`);
  }
  try {
    const folder = await step(`Build the Pulumi CLI ${version} from its Go module (once, several minutes)`, (report) =>
      cachedTool(built, (empty) => buildGoProgram(pulumiProgram(version), empty, report), onWait, cache),
    );
    return builtCli(folder, version);
  } catch (error) {
    refusals.push(sentence(error));
  }
  throw new UserError(
    `No Pulumi CLI could be had (${refusals.join('; ')}). Install Pulumi from https://www.pulumi.com/docs/install/ or Go from https://go.dev/dl/, and run this again.`,
  );
}
