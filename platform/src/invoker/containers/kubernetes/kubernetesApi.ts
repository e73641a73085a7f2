import type { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import { errorOf, KubernetesUnavailableError } from './apiErrors';
import type { ClusterAccess } from './clusterAccess';

/** Connections for calls; each watched pod and each followed log has one more of its own. */
const connections = 16;
/** ms until a call without an answer has failed. */
const callTimeout = 15_000;
/** Bytes of an answer. */
const maxAnswer = 64 * 1024 * 1024;

export interface ApiRequest {
  query?: Readonly<Record<string, string>>;
  body?: unknown;
}

/**
 * The few calls an invoker makes to a cluster, on kept-alive connections. Not by way of Kubernetes' own client for JavaScript: loading that takes a second and
 * 75 MB, as much as all the rest of an invoker.
 */
export class KubernetesApi {
  private readonly calls: Pool;
  private readonly streams: Pool;
  private readonly base: string;

  constructor(private readonly access: ClusterAccess) {
    const { origin, pathname } = new URL(access.server);
    this.base = pathname.replace(/\/$/, '');
    const connect = {
      timeout: 5_000,
      keepAlive: true,
      rejectUnauthorized: access.insecure !== true,
      ...(access.ca === undefined ? {} : { ca: access.ca }),
      ...(access.certificate === undefined ? {} : { cert: access.certificate }),
      ...(access.key === undefined ? {} : { key: access.key }),
      ...(access.serverName === undefined ? {} : { servername: access.serverName }),
    };
    const shared = { pipelining: 1, headersTimeout: callTimeout, connect };
    this.calls = new Pool(origin, { ...shared, connections, bodyTimeout: callTimeout, maxResponseSize: maxAnswer });
    this.streams = new Pool(origin, { ...shared, bodyTimeout: 0 });
  }

  get server(): string {
    return this.access.server;
  }

  /** The answer's object. Throws KubernetesApiError, KubernetesUnavailableError. */
  async call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, request: ApiRequest = {}): Promise<T> {
    const { statusCode, body } = await this.send(this.calls, method, path, request);
    const text = await body.text().catch((error: Error) => {
      throw this.unavailable(error);
    });
    if (statusCode >= 300) throw errorOf(this.server, statusCode, text);
    return JSON.parse(text) as T;
  }

  /** An answer that goes on until one of both sides ends it. `silence`: ms without a byte after which it counts as broken; 0 = any. */
  async open(path: string, query: Readonly<Record<string, string>>, silence: number, signal: AbortSignal): Promise<Readable> {
    const { statusCode, body } = await this.send(this.streams, 'GET', path, { query }, { bodyTimeout: silence, signal });
    if (statusCode >= 300) throw errorOf(this.server, statusCode, await body.text().catch(() => ''));
    return body;
  }

  async close(): Promise<void> {
    await Promise.all([this.calls.destroy(), this.streams.destroy()]);
  }

  private async send(
    pool: Pool,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { query, body }: ApiRequest,
    more: { bodyTimeout?: number; signal?: AbortSignal } = {},
  ): Promise<Dispatcher.ResponseData> {
    const authorization = this.access.authorization();
    const headers = {
      accept: 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    try {
      return await pool.request({
        method,
        path: `${this.base}${path}${search}`,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...more,
      });
    } catch (error) {
      throw this.unavailable(error as Error);
    }
  }

  private unavailable(error: Error & { code?: string }): KubernetesUnavailableError {
    return new KubernetesUnavailableError(this.server, error.code ?? error.message);
  }
}
