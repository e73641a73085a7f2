import type { Identity } from '../model/identity';
import type { SubjectStore } from '../store/subjectStore';
import { InvalidCredentials, MissingCredentials } from './http/errors';

/** OpenWhisk keeps identities five minutes; changes made through the admin API drop them at once. */
const maxAge = 5 * 60_000;
const maxEntries = 100_000;
const uuidGrammar = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

interface CachedIdentity {
  identity: Identity;
  expires: number;
}

/** HTTP Basic, `uuid:key`. Identities are kept by the raw header, so a warm call neither decodes nor looks up. */
export class Authenticator {
  private readonly cache = new Map<string, CachedIdentity>();
  /** Counts changes: a look-up that began before one must not put the old identity into the cache after it. */
  private generation = 0;

  constructor(private readonly subjects: SubjectStore) {}

  authenticate(header: string | undefined): Identity | Promise<Identity> {
    const cached = header === undefined ? undefined : this.cache.get(header);
    if (cached && cached.expires > Date.now()) return cached.identity;
    return this.lookUp(header);
  }

  /** As `authenticate`, with wrong or missing credentials giving undefined. */
  async tryAuthenticate(header: string | undefined): Promise<Identity | undefined> {
    try {
      return await this.authenticate(header);
    } catch (error) {
      if (error instanceof InvalidCredentials || error instanceof MissingCredentials) return undefined;
      throw error;
    }
  }

  /** Keys or limits of a namespace changed: nothing of it may be answered from memory. */
  forget(namespace: string): void {
    this.generation++;
    for (const [header, { identity }] of this.cache) if (identity.namespace.name === namespace) this.cache.delete(header);
  }

  private async lookUp(header: string | undefined): Promise<Identity> {
    const pair = header === undefined ? undefined : decodeBasic(header);
    if (pair === undefined) throw new MissingCredentials();
    const colon = pair.indexOf(':');
    const uuid = pair.slice(0, Math.max(colon, 0));
    const key = pair.slice(colon + 1);
    if (!uuidGrammar.test(uuid) || key.length !== 64) throw new InvalidCredentials();
    const { generation } = this;
    const identity = await this.subjects.identify(uuid, key);
    if (!identity) throw new InvalidCredentials();
    if (generation !== this.generation) return identity;
    if (this.cache.size >= maxEntries) this.cache.clear();
    this.cache.set(header!, { identity, expires: Date.now() + maxAge });
    return identity;
  }
}

/** Undefined for another scheme and for what does not decode: both count as no credentials at all. */
function decodeBasic(header: string): string | undefined {
  const found = /^basic +([A-Za-z0-9+/]*={0,2}) *$/i.exec(header);
  if (!found) return undefined;
  return Buffer.from(found[1]!, 'base64').toString('utf8');
}
