import type { CheckFailure } from '../resources/resourceModel';
import { reveal, Unknown, type Value, type ValueMap } from '../resources/values';
import { readWskProperties, type WskProperties } from './wskProperties';

/** The provider's settings, with what the environment fills in. */
export interface ProviderConfig {
  apiHost?: string;
  auth?: string;
  /** `undefined` for the key's own. */
  namespace?: string;
  adminUrl?: string;
  adminKey?: string;
  /** Certificates in PEM form of authorities that are trusted beside those every program trusts. */
  caCertificate?: string;
  /** Accept any TLS certificate. */
  insecure: boolean;
  /** How long one operation may take, its repetitions included, in seconds. */
  timeout: number;
  /** How often a request that may succeed later is repeated. */
  maxRetries: number;
}

const SORTS: Readonly<Record<keyof ProviderConfig, 'text' | 'boolean' | 'number'>> = {
  apiHost: 'text',
  auth: 'text',
  namespace: 'text',
  adminUrl: 'text',
  adminKey: 'text',
  caCertificate: 'text',
  insecure: 'boolean',
  timeout: 'number',
  maxRetries: 'number',
};

export const DEFAULT_TIMEOUT_SECONDS = 60;
export const DEFAULT_MAX_RETRIES = 8;

/** Settings that say where an entity lives. With another value it may be another platform, never a reason to replace by itself. */
export function checkProviderConfig(inputs: ValueMap): CheckFailure[] {
  const failures: CheckFailure[] = [];
  for (const [key, value] of Object.entries(inputs)) {
    // Written by engines and SDKs beside the settings.
    if (key === 'version' || key === 'pluginDownloadURL' || key.startsWith('__')) continue;
    const plain = reveal(value);
    if (plain instanceof Unknown || plain === null) continue;
    const sort = SORTS[key as keyof ProviderConfig];
    if (sort === undefined)
      failures.push({ path: [key], reason: `is not a setting of this provider: there are ${Object.keys(SORTS).join(', ')}` });
    else if (sort === 'boolean' && asBoolean(plain) === undefined) failures.push({ path: [key], reason: 'must be true or false' });
    else if (sort === 'number' && asNumber(plain) === undefined)
      failures.push({ path: [key], reason: 'must be a whole number that is not negative' });
    else if (sort === 'text' && typeof plain !== 'string') failures.push({ path: [key], reason: 'must be text' });
    else failures.push(...checkText(key, plain));
  }
  return failures;
}

function checkText(key: string, value: Value | undefined): CheckFailure[] {
  if (key === 'auth' && typeof value === 'string' && !value.includes(':')) return [{ path: [key], reason: 'must be "uuid:key"' }];
  if (
    (key === 'apiHost' || key === 'adminUrl') &&
    typeof value === 'string' &&
    !URL.canParse(/^https?:\/\//.test(value) ? value : `https://${value}`)
  ) {
    return [{ path: [key], reason: `"${value}" is not an address such as "https://openwhisk.example.com"` }];
  }
  if (key === 'caCertificate' && typeof value === 'string' && value !== '' && !value.includes('-----BEGIN CERTIFICATE-----'))
    return [{ path: [key], reason: 'must be a certificate in PEM form, which begins with "-----BEGIN CERTIFICATE-----"' }];
  return [];
}

/**
 * The settings in force: what the program says, else the `WHISK_*` environment, else `~/.wskprops`. A key from that file is used
 * only with the host of that file, so that no key is sent to a host it was not meant for.
 */
export function resolveProviderConfig(
  inputs: ValueMap,
  env: NodeJS.ProcessEnv = process.env,
  properties: () => WskProperties = () => readWskProperties(env),
): ProviderConfig {
  const text = (key: string): string | undefined => {
    const value = reveal(inputs[key]);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  let apiHost = text('apiHost') ?? nonEmpty(env.WHISK_APIHOST);
  let auth = text('auth') ?? nonEmpty(env.WHISK_AUTH);
  let namespace = text('namespace') ?? nonEmpty(env.WHISK_NAMESPACE);
  if (apiHost === undefined) {
    const file = properties();
    apiHost = nonEmpty(file.APIHOST);
    auth ??= nonEmpty(file.AUTH);
    namespace ??= nonEmpty(file.NAMESPACE);
  }
  if (namespace === '_') namespace = undefined;
  const adminUrl = text('adminUrl') ?? nonEmpty(env.WHISK_ADMIN_URL);
  const adminKey = text('adminKey') ?? nonEmpty(env.WHISK_ADMIN_KEY);
  const caCertificate = text('caCertificate');
  return {
    ...(apiHost === undefined ? {} : { apiHost }),
    ...(auth === undefined ? {} : { auth }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(adminUrl === undefined ? {} : { adminUrl }),
    ...(adminKey === undefined ? {} : { adminKey }),
    ...(caCertificate === undefined ? {} : { caCertificate }),
    insecure: asBoolean(reveal(inputs.insecure)) ?? false,
    timeout: asNumber(reveal(inputs.timeout)) || DEFAULT_TIMEOUT_SECONDS,
    maxRetries: asNumber(reveal(inputs.maxRetries)) ?? DEFAULT_MAX_RETRIES,
  };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/** Provider settings arrive as text whatever their type. */
function asBoolean(value: Value | undefined): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

function asNumber(value: Value | undefined): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : undefined;
}
