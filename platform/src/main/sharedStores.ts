import { ConfigurationError, type PlatformConfig } from '../config/settings';
import type { Logger } from '../observe/logger';
import type { CouchStores } from '../store/couchdb/couchStores';
import { StoreRefused } from '../store/storeUnavailable';
import { untilThere } from './untilThere';

/**
 * The stores that controllers and invokers share, made ready where they are not; resolves when the database answers, however long that
 * takes. Throws ConfigurationError, also when the database refuses the login.
 *
 * @param waits Told why it takes long.
 */
export async function openSharedStores(config: PlatformConfig, log: Logger, waits?: (reason: string) => void): Promise<CouchStores> {
  const { username, password, subjects, entities, activations } = config.couchdb;
  const { maxPending, maxAge } = config.activations;
  const url = addressOf(config.couchdb);
  // loaded here, so that a platform with a store of its own does not pay for it
  const { CouchStores } = await import('../store/couchdb/couchStores.js');
  const stores = new CouchStores({
    url,
    username,
    password,
    names: { subjects, whisks: entities, activations },
    maxPending,
    maxAge,
    log,
  });
  const initialise = async () => {
    try {
      return await stores.initialise();
    } catch (error) {
      throw error instanceof StoreRefused ? new ConfigurationError(`${error.message} See the settings OPENWHISK_COUCHDB_*.`) : error;
    }
  };
  const made = await untilThere('the database', log, initialise, waits);
  if (made.length > 0) log.info({ made }, 'databases were made');
  return stores;
}

function addressOf({ url, protocol, host, port }: PlatformConfig['couchdb']): string {
  if (url !== '') {
    if (!URL.canParse(url)) throw new ConfigurationError("OPENWHISK_COUCHDB_URL is not usable: give it as 'http://host:port'.");
    return url;
  }
  if (host === '') throw new ConfigurationError("Set OPENWHISK_COUCHDB_URL to the database of the cluster, as 'http://host:port'.");
  return `${protocol}://${host}:${port}`;
}
