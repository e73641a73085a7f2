import { setTimeout as sleep } from 'node:timers/promises';
import type { Collection, EntityOf, EntityPut, WireActivation, WireJson } from './entities';
import { ApiError, CancelledError, DeadlineError } from './errors';
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

export interface Invocation {
  activationId: string;
  /** Absent when it was not waited for, or did not end in time. */
  record: WireActivation | undefined;
}

export interface ActivationQuery {
  /** `action` or `package/action`. */
  name?: string;
  limit?: number;
  skip?: number;
  /** Milliseconds since 1970. */
  since?: number;
  upto?: number;
}

/** How often an invocation the platform no longer waits for is looked at, in ms. */
const POLL_MS = 500;
/** Longest stretch of a failed action's result that is shown. */
const MAX_RESULT_TEXT = 300;

/** Largest page the API gives. */
const PAGE = 200;

/** REST client of one OpenWhisk API host with one key. */
export class OpenWhiskClient {
  readonly apiHost: string;
  /** `uuid:key`, for feeds, which fire triggers with it. */
  readonly auth: string;
  private readonly transport: HttpTransport;
  private ownNamespace: string | undefined;

  constructor(options: OpenWhiskClientOptions) {
    this.apiHost = apiHostUrl(options.apiHost);
    this.auth = options.auth;
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
    const { delAnnotations, ...rest } = body;
    // Removals get lost in an update that names the components of a sequence (rest-api.md, "Actions"): those two need one each.
    const split = rest.exec?.components !== undefined && delAnnotations !== undefined;
    const bodies = split ? [rest, { delAnnotations }] : [body];
    let entity: unknown;
    for (const part of bodies) {
      const request = { method: 'PUT', path: pathOf(collection, address), query: { overwrite: true }, body: part } as const;
      entity = (await this.transport.send(request, limits)).body;
    }
    return entity as EntityOf[C];
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

  /**
   * Invokes an action once: what may have been carried out is never sent again by itself. With `blocking`, `record` is the
   * activation when it ended in time.
   */
  async invoke(address: EntityAddress, args: WireJson, blocking: boolean, limits: RetryLimits): Promise<Invocation> {
    const query = blocking ? { blocking: true } : {};
    const request = { method: 'POST', path: pathOf('actions', address), query, body: args, accept: 'application/json' } as const;
    try {
      const { status, body } = await this.transport.send({ ...request, retry: { onlyUnseen: true } }, limits);
      const record = body as WireActivation;
      return { activationId: record.activationId, record: status === 200 ? record : undefined };
    } catch (error) {
      // An action that fails is answered with 502 and its record.
      if (error instanceof ApiError && error.body !== undefined && isActivation(error.body)) {
        return { activationId: error.body.activationId, record: error.body };
      }
      throw error;
    }
  }

  /** Invokes an action and waits until it has ended, however long the platform itself waits. An action that failed is an `ApiError` of status 502. */
  async invokeAndWait(address: EntityAddress, args: WireJson, limits: RetryLimits): Promise<WireActivation> {
    const { activationId, record: early } = await this.invoke(address, args, true, limits);
    let record = early;
    while (record === undefined) {
      await pause(POLL_MS, limits.signal);
      // Recorded where the caller is, not where the action is.
      record = await this.activation('_', activationId, limits);
      if (record === undefined && performance.now() >= limits.deadline)
        throw new DeadlineError(`The action "${address.name}" did not end within the time of this operation (activation ${activationId}).`);
    }
    if (record.response.success) return record;
    throw new ApiError(502, resultText(record.response.result), `POST ${pathOf('actions', address)}`, { activationId });
  }

  /** `undefined` while there is no record of it. */
  async activation(namespace: string, activationId: string, limits: RetryLimits): Promise<WireActivation | undefined> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/activations/${encodeURIComponent(activationId)}`;
    try {
      return (await this.transport.send({ method: 'GET', path }, limits)).body as WireActivation;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Newest first, without results and logs. */
  async activations(namespace: string, query: ActivationQuery, limits: RetryLimits): Promise<WireActivation[]> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/activations`;
    return (await this.transport.send({ method: 'GET', path, query: { ...query } }, limits)).body as WireActivation[];
  }

  /** The limits the namespace of the key has. */
  async namespaceLimits(limits: RetryLimits): Promise<Record<string, WireJson>> {
    return (await this.transport.send({ method: 'GET', path: '/api/v1/namespaces/_/limits' }, limits)).body as Record<string, WireJson>;
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

function isActivation(body: unknown): body is WireActivation {
  const record = body as Partial<WireActivation> | null;
  return typeof record === 'object' && record !== null && typeof record.activationId === 'string' && typeof record.response === 'object';
}

/** What a failed action says of itself. */
function resultText(result: WireJson | undefined): string {
  const error = typeof result === 'object' && result !== null && !Array.isArray(result) ? result.error : result;
  const text = typeof error === 'string' ? error : JSON.stringify(error ?? result ?? 'no result');
  return text.slice(0, MAX_RESULT_TEXT);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {
    throw new CancelledError();
  });
}
