import type { Collection, EntityOf, EntityPut, WireJson } from './entities';
import { ApiError } from './errors';
import { HttpTransport, type TransportOptions } from './httpTransport';
import type { RetryLimits } from './retry';

export interface OpenWhiskClientOptions extends Omit<TransportOptions, 'origin' | 'authorization'> {
  /** `http(s)://host[:port]`; a bare host means https, as in the `wsk` client. */
  apiHost: string;
  /** `uuid:key` of a namespace. */
  auth: string;
}

/** An entity's place: `package` only for actions. */
export interface EntityAddress {
  namespace: string;
  package?: string;
  name: string;
}

export interface InvokeResult {
  activationId: string | undefined;
  /** The action's result when it ended in time. */
  result: WireJson | undefined;
}

/** Largest page the API gives. */
const PAGE = 200;

/** REST client of one OpenWhisk API host with one key. */
export class OpenWhiskClient {
  readonly apiHost: string;
  private readonly transport: HttpTransport;
  private ownNamespace: string | undefined;

  constructor(options: OpenWhiskClientOptions) {
    this.apiHost = apiHostUrl(options.apiHost);
    this.transport = new HttpTransport({
      ...options,
      origin: this.apiHost,
      authorization: `Basic ${Buffer.from(options.auth).toString('base64')}`,
    });
  }

  /** `undefined` when there is none by that name. `code: false` leaves out an action's code. */
  async get<C extends Collection>(
    collection: C,
    address: EntityAddress,
    limits: RetryLimits,
    query: { code?: boolean } = {},
  ): Promise<EntityOf[C] | undefined> {
    try {
      const answer = await this.transport.send({ method: 'GET', path: pathOf(collection, address), query }, limits);
      return answer.body as EntityOf[C];
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Creates an entity. When the connection broke during an earlier attempt and the name is now taken, the entity that is there
   * is returned with `uncertain: true`: it may be the one that attempt made.
   */
  async create<C extends Collection>(
    collection: C,
    address: EntityAddress,
    body: EntityPut,
    limits: RetryLimits,
  ): Promise<{ entity: EntityOf[C]; uncertain: boolean }> {
    try {
      const answer = await this.transport.send(
        { method: 'PUT', path: pathOf(collection, address), query: { overwrite: false }, body },
        limits,
      );
      return { entity: answer.body as EntityOf[C], uncertain: false };
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409 && error.details.afterLostAttempt)) throw error;
      const entity = await this.get(collection, address, limits);
      if (entity === undefined) throw error;
      return { entity, uncertain: true };
    }
  }

  async update<C extends Collection>(collection: C, address: EntityAddress, body: EntityPut, limits: RetryLimits): Promise<EntityOf[C]> {
    const answer = await this.transport.send(
      { method: 'PUT', path: pathOf(collection, address), query: { overwrite: true }, body },
      limits,
    );
    return answer.body as EntityOf[C];
  }

  /** Succeeds when the entity is gone already. */
  async delete(collection: Collection, address: EntityAddress, limits: RetryLimits, query: { force?: boolean } = {}): Promise<void> {
    try {
      await this.transport.send({ method: 'DELETE', path: pathOf(collection, address), query }, limits);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  async setRuleStatus(address: EntityAddress, status: 'active' | 'inactive', limits: RetryLimits): Promise<void> {
    await this.transport.send({ method: 'POST', path: pathOf('rules', address), body: { status } }, limits);
  }

  async list<C extends Collection>(collection: C, namespace: string, limits: RetryLimits): Promise<EntityOf[C][]> {
    const all: EntityOf[C][] = [];
    for (let skip = 0; ; skip += PAGE) {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${collection}`;
      const answer = await this.transport.send({ method: 'GET', path, query: { limit: PAGE, skip } }, limits);
      const page = answer.body as EntityOf[C][];
      all.push(...page);
      if (page.length < PAGE) return all;
    }
  }

  /** Invokes an action and waits for its result; without one when the platform answered before the action ended. */
  async invoke(address: EntityAddress, args: WireJson, limits: RetryLimits): Promise<InvokeResult> {
    const answer = await this.transport.send(
      { method: 'POST', path: pathOf('actions', address), query: { blocking: true, result: true }, body: args, retry: { maxRetries: 0 } },
      limits,
    );
    return { activationId: answer.activationId, result: answer.status === 202 ? undefined : (answer.body as WireJson) };
  }

  /** The namespace the key belongs to, asked once. */
  async namespace(limits: RetryLimits): Promise<string> {
    if (this.ownNamespace === undefined) {
      const answer = await this.transport.send({ method: 'GET', path: '/api/v1/namespaces' }, limits);
      const name = (answer.body as unknown[])[0];
      if (typeof name !== 'string') throw new ApiError(answer.status, 'The key belongs to no namespace.', 'GET /api/v1/namespaces');
      this.ownNamespace = name;
    }
    return this.ownNamespace;
  }

  async close(): Promise<void> {
    await this.transport.close();
  }
}

export function apiHostUrl(apiHost: string): string {
  const url = /^https?:\/\//.test(apiHost) ? apiHost : `https://${apiHost}`;
  return url.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
}

function pathOf(collection: Collection, address: EntityAddress): string {
  const inPackage = address.package === undefined ? '' : `${encodeURIComponent(address.package)}/`;
  return `/api/v1/namespaces/${encodeURIComponent(address.namespace)}/${collection}/${inPackage}${encodeURIComponent(address.name)}`;
}
