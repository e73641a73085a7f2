import { ApiError } from './errors';
import { HttpTransport, type TransportOptions } from './httpTransport';
import type { RetryLimits } from './retry';

export interface AdminClientOptions extends Omit<TransportOptions, 'origin' | 'authorization'> {
  adminUrl: string;
  adminKey: string;
}

/** A namespace with its subject and key, as the admin API tells it. */
export interface AdminNamespace {
  namespace: string;
  subject: string;
  uuid: string;
  key: string;
  /** `uuid:key` */
  auth: string;
  blocked: boolean;
  /** Only what is set on this namespace. */
  limits: Record<string, number | boolean | string | string[]>;
}

/** What to set; absent fields keep their value, `limits` is replaced as a whole. */
export interface AdminNamespacePut {
  subject?: string;
  auth?: string;
  limits?: AdminNamespace['limits'];
  blocked?: boolean;
}

/** Client of the platform's admin API: subjects, namespaces, keys, limits. */
export class AdminClient {
  readonly adminUrl: string;
  private readonly transport: HttpTransport;

  constructor(options: AdminClientOptions) {
    this.adminUrl = options.adminUrl.replace(/\/+$/, '');
    this.transport = new HttpTransport({ ...options, origin: this.adminUrl, authorization: `Bearer ${options.adminKey}` });
  }

  /** `undefined` when there is no such namespace. */
  async getNamespace(name: string, limits: RetryLimits): Promise<AdminNamespace | undefined> {
    try {
      return (await this.transport.send({ method: 'GET', path: pathOf(name) }, limits)).body as AdminNamespace;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Fails with status 409 when the namespace exists and `overwrite` is not set. */
  async putNamespace(name: string, body: AdminNamespacePut, overwrite: boolean, limits: RetryLimits): Promise<AdminNamespace> {
    const query = overwrite ? { overwrite: true } : {};
    return (await this.transport.send({ method: 'PUT', path: pathOf(name), query, body }, limits)).body as AdminNamespace;
  }

  /** Gives the namespace a new key, the one in `auth` or a random one; the old key is dead at once. */
  async rotateKey(name: string, auth: string | undefined, limits: RetryLimits): Promise<AdminNamespace> {
    const body = auth === undefined ? {} : { auth };
    return (await this.transport.send({ method: 'POST', path: `${pathOf(name)}/keys`, body }, limits)).body as AdminNamespace;
  }

  /** Succeeds when the namespace is gone already; with entities inside it fails with status 409 unless `force`. */
  async deleteNamespace(name: string, force: boolean, limits: RetryLimits): Promise<void> {
    try {
      await this.transport.send({ method: 'DELETE', path: pathOf(name), query: force ? { force: true } : {} }, limits);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  async close(): Promise<void> {
    await this.transport.close();
  }
}

function pathOf(namespace: string): string {
  return `/v1/namespaces/${encodeURIComponent(namespace)}`;
}
