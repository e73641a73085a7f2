import { Agent, type Dispatcher, request } from 'undici';

/** How an API server is reached. */
export interface ApiAccess {
  /** `https://host:port` */
  readonly server: string;
  /** Certificates to trust, as text; else those that Node trusts. */
  readonly authority?: string;
  readonly token?: string;
  /** Of a client that shows a certificate instead of a token. */
  readonly certificate?: string;
  readonly key?: string;
}

/** Any object of the API, as its JSON. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; namespace?: string; uid?: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** An answer that says no, with the API's own words and reason, such as `NotFound`, `Conflict` or `Invalid`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    message: string,
    readonly status: number,
    readonly reason: string,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 30_000;

/** The API of a cluster, as plain JSON over HTTPS. */
export class KubernetesApi {
  private readonly agent: Agent;

  constructor(private readonly access: ApiAccess) {
    const { authority: ca, certificate: cert, key } = access;
    const tls = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
    this.agent = new Agent({ connect: { ...tls, timeout: TIMEOUT_MS }, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  }

  get(path: string): Promise<KubernetesObject> {
    return this.send('GET', path);
  }

  /** Absent when there is no such object. */
  async find(path: string): Promise<KubernetesObject | undefined> {
    try {
      return await this.get(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list(path: string): Promise<KubernetesObject[]> {
    return ((await this.get(path)).items ?? []) as KubernetesObject[];
  }

  create(path: string, object: KubernetesObject): Promise<KubernetesObject> {
    return this.send('POST', path, object);
  }

  /** @param type `application/merge-patch+json`, `application/apply-patch+yaml`, ... */
  patch(path: string, type: string, patch: KubernetesObject): Promise<KubernetesObject> {
    return this.send('PATCH', path, patch, type);
  }

  /** Nothing happens when it is gone already. */
  async delete(path: string, options: KubernetesObject = {}): Promise<void> {
    try {
      await this.send('DELETE', path, options);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }

  /** An answer that is not JSON, such as a log. */
  async text(path: string): Promise<string> {
    return (await this.call('GET', path)).text();
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async send(method: Dispatcher.HttpMethod, path: string, body?: KubernetesObject, type?: string): Promise<KubernetesObject> {
    const text = await (await this.call(method, path, body, type)).text();
    // some paths, such as /readyz, say "ok"
    return text.startsWith('{') ? (JSON.parse(text) as KubernetesObject) : { text };
  }

  private async call(method: Dispatcher.HttpMethod, path: string, body?: KubernetesObject, type = 'application/json') {
    const { server, token } = this.access;
    const response = await request(new URL(path, server), {
      dispatcher: this.agent,
      method,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.statusCode < 300) return response.body;
    throw apiError(response.statusCode, await response.body.text());
  }
}

function apiError(status: number, text: string): ApiError {
  try {
    const { message, reason } = JSON.parse(text) as { message?: string; reason?: string };
    return new ApiError(message ?? text, status, reason ?? '');
  } catch {
    return new ApiError(text === '' ? `status ${status}` : text.slice(0, 500), status, '');
  }
}
