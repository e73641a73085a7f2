import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GENERATOR_VARIABLE } from './languageHost/generatePackage';
import { installLanguageHostShim } from './languageHostShim';
import type { PulumiCli } from './pulumiCli/cli';
import { paths } from './repository';

/** The folders that a CLI needs on PATH: the language host that stands in where none comes with it, itself, our provider plugin. */
export function pulumiSearchPath(cli: PulumiCli, searchPath: string = process.env.PATH ?? ''): string {
  const host = cli.nodejsHost === 'none' ? [installLanguageHostShim()] : [];
  return [...host, dirname(cli.executable), paths.providerBin, searchPath].join(delimiter);
}

/** The passphrase that protects secrets in the state: made once a clone, readable by its owner only. */
export function statePassphrase(stateFolder: string = paths.pulumiState): string {
  const file = join(stateFolder, 'passphrase');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  try {
    // Exclusive: of two commands that start at once, one makes it and the other reads it.
    writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}

/** Settings of a CLI's behaviour that hold in every command and test of this repository. */
export const pulumiBehaviour: Readonly<Record<string, string>> = {
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  // Plugins come from this repository and from PATH, never as a surprise download in the middle of an update.
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  // `npm run lint` checks the types of the programs; doing so again on each update takes many seconds.
  PULUMI_NODEJS_TRANSPILE_ONLY: 'true',
  // Which key protects a stack's secrets is read from its state: see stackConfigSalt.
  PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: 'true',
};

/** Names another backend than the local one for this repository's stacks. */
export const BACKEND_VARIABLE = 'OPENWHISK_PULUMI_BACKEND_URL';

export interface PulumiEnvironmentOptions {
  /** Executable of the SDK generator, for commands that generate one. */
  readonly sdkGenerator?: string;
  /** Folder of backend, home and passphrase. Default: .pulumi-state of the clone. */
  readonly stateFolder?: string;
  /** What it adds to. Default: this process's environment. */
  readonly base?: NodeJS.ProcessEnv;
}

/**
 * Environment in which the CLI runs in this repository: a local file backend and a home of its own, so that the user's ~/.pulumi and login
 * are neither read nor changed. A backend for this repository is named by OPENWHISK_PULUMI_BACKEND_URL: a PULUMI_BACKEND_URL that is set for
 * other projects is not meant. A passphrase that is set is respected.
 */
export function pulumiEnvironment(cli: PulumiCli, options: PulumiEnvironmentOptions = {}): NodeJS.ProcessEnv {
  const { stateFolder = paths.pulumiState, base = process.env } = options;
  const home = join(stateFolder, 'home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const passphraseIsSet = base.PULUMI_CONFIG_PASSPHRASE !== undefined || base.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
  return {
    ...base,
    ...pulumiBehaviour,
    PATH: pulumiSearchPath(cli, base.PATH),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: base[BACKEND_VARIABLE] ?? pathToFileURL(stateFolder).href,
    ...(passphraseIsSet ? {} : { PULUMI_CONFIG_PASSPHRASE: statePassphrase(stateFolder) }),
    OPENWHISK_PULUMI_VERSION: cli.version,
    ...(options.sdkGenerator === undefined ? {} : { [GENERATOR_VARIABLE]: options.sdkGenerator }),
  };
}
