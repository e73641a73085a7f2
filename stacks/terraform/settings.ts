import { readFileSync } from 'node:fs';
import type { OpenWhiskPlatformConfig } from '@openwhisk-as-code/provider/cdktf';
import { parse } from 'yaml';

const PREFIX = 'platform:';
const NUMBERS: readonly string[] = ['apiPort', 'adminPort', 'userMemory'];
/** What the program says of entities on the platform, which Terraform does not make. */
const OF_ENTITIES: readonly string[] = ['greeting', 'token'];

/** The configuration of a stack cannot be used for containers; the message says why. */
export class UnusableSettings extends Error {
  override readonly name = 'UnusableSettings';
}

/**
 * What the configuration of a Pulumi stack says about its platform, as the construct takes it. Throws UnusableSettings.
 *
 * @param file A `Pulumi.<stack>.yaml`.
 */
export function platformSettings(file: string): OpenWhiskPlatformConfig {
  const { config = {} } = parse(readFileSync(file, 'utf8')) as { config?: Record<string, unknown> };
  const settings: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    const name = key.slice(PREFIX.length);
    if (!key.startsWith(PREFIX) || OF_ENTITIES.includes(name)) continue;
    if (isEncrypted(value))
      throw new UnusableSettings(`${key} in ${file} is encrypted, which only Pulumi can read; give it as a variable of Terraform.`);
    settings[name] = NUMBERS.includes(name) ? Number(value) : value;
  }
  const { target, docker = {}, retainData, ...general } = settings;
  if (target !== 'docker')
    throw new UnusableSettings(`${file} is of the target "${String(target ?? 'local')}"; Terraform makes containers, target "docker".`);
  // the engine is the docker provider's own affair there
  const { engine: _, ...containers } = docker as Record<string, unknown>;
  return { ...general, ...containers, retainData: String(retainData) === 'true' };
}

function isEncrypted(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('secure' in value || Object.values(value).some(isEncrypted));
}
