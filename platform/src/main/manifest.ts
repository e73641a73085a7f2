import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../config/settings';
import { ManifestError, parseRuntimesManifest, type RuntimesManifest } from '../model/runtimesManifest';
import { platformFolder } from './buildInfo';

/** `setting` is the manifest's text, its path, or empty for the built-in one. */
export function loadManifest(setting: string): RuntimesManifest {
  try {
    const text = setting.trimStart().startsWith('{')
      ? setting
      : readFileSync(setting === '' ? join(platformFolder, 'runtimes', 'runtimes.json') : setting, 'utf8');
    return parseRuntimesManifest(text);
  } catch (error) {
    if (error instanceof ManifestError) throw new ConfigurationError(error.message);
    throw new ConfigurationError(`The runtimes manifest cannot be read: ${(error as Error).message}`);
  }
}
