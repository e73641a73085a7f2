import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../command';
import { findExecutable } from '../executable';
import { isAtLeast, NODEJS_HOST, OLDEST_CLI, type PulumiCli } from './cli';

/** Asking a CLI for its version is a matter of a second; one that takes longer than this is broken, in milliseconds. */
const VERSION_TIMEOUT_MS = 30_000;

/** The version that a CLI says it is, without a leading v; undefined when it does not run. */
export async function versionOf(executable: string): Promise<string | undefined> {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: 'true' };
  const result = await runCommand(executable, ['version'], { env, timeoutMs: VERSION_TIMEOUT_MS }).catch(() => undefined);
  return result?.code === 0 ? /^v?(\d+\.\d+\.\d+\S*)/m.exec(result.stdout.trim())?.[1] : undefined;
}

/** Whether the engine will find a nodejs language host of its own: beside the CLI, or on PATH. */
export function comesWithNodejsHost(executable: string, searchPath: string = process.env.PATH ?? ''): boolean {
  return existsSync(join(dirname(realpathSync(executable)), NODEJS_HOST)) || findExecutable(NODEJS_HOST, searchPath) !== undefined;
}

/**
 * The user's own CLI.
 * @param onRefusal told why a CLI that is there is not used
 */
export async function cliOnPath(
  onRefusal: (reason: string) => void = () => {},
  searchPath: string = process.env.PATH ?? '',
): Promise<PulumiCli | undefined> {
  const executable = findExecutable('pulumi', searchPath);
  if (executable === undefined) return undefined;
  const version = await versionOf(executable);
  if (version === undefined) {
    onRefusal(`${executable} does not answer "pulumi version"`);
    return undefined;
  }
  if (!isAtLeast(version, OLDEST_CLI)) {
    onRefusal(`${executable} is ${version}, older than ${OLDEST_CLI}`);
    return undefined;
  }
  return { executable, version, origin: 'on PATH', nodejsHost: comesWithNodejsHost(executable, searchPath) ? 'official' : 'none' };
}
