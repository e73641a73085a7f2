import { Pool } from 'undici';
import type { Logger } from '../../observe/logger';
import { StoreUnavailable } from '../storeUnavailable';

export interface CouchConnection {
  /** `http://host:port` */
  url: string;
  username: string;
  password: string;
  /** Connections kept open at most; default 32. */
  connections?: number;
  /** ms a request may take; default 15 s. */
  timeout?: number;
  /** ms over which a request that fails is tried again before StoreUnavailable; default 5 s. */
  retryFor?: number;
  log: Logger;
}

export interface CouchRequest {
  /** Beyond the ones that are always sent. */
  query?: Readonly<Record<string, string>>;
  body?: string;
}

export interface CouchAnswer {
  status: number;
  text: string;
  /** An earlier attempt may have been carried out: a conflict may be with oneself. */
  repeated: boolean;
}

const firstRetry = 50;
const lastRetry = 1000;

/**
 * HTTP to a CouchDB, answers as the texts they are: results must keep their digits. Signs in once and goes on with the session's cookie,
 * which costs the server far less than a password with every request. Tries again on lost connections, 429 and 5xx.
 */
export class CouchClient {
  private readonly pool: Pool;
  private readonly base: string;
  private cookie: string | undefined;
  private signingIn: Promise<void> | undefined;

  constructor(private readonly connection: CouchConnection) {
    const { origin, pathname } = new URL(connection.url);
    this.base = pathname.replace(/\/$/, '');
    const timeout = connection.timeout ?? 15_000;
    this.pool = new Pool(origin, {
      connections: connection.connections ?? 32,
      pipelining: 1,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      connect: { timeout: 3000 },
      keepAliveTimeout: 4000,
    });
  }

  /** Any answer below 500 except 401 and 429. Throws StoreUnavailable. `path` is encoded by its parts, see `pathOf`. */
  async request(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, { query, body }: CouchRequest = {}): Promise<CouchAnswer> {
    const whole = query === undefined ? path : `${path}?${new URLSearchParams(query)}`;
    const deadline = Date.now() + (this.connection.retryFor ?? 5000);
    let repeated = false;
    for (let wait = firstRetry; ; wait = Math.min(wait * 2, lastRetry)) {
      let problem: unknown;
      try {
        const answer = await this.authorized(method, whole, body);
        if (answer.status < 500 && answer.status !== 429 && answer.status !== 401) return { ...answer, repeated };
        problem = new Error(`status ${answer.status}: ${answer.text.slice(0, 200)}`);
        if (answer.status === 401) throw new StoreUnavailable('it does not know the user or the password', problem);
      } catch (error) {
        if (error instanceof StoreUnavailable) throw error;
        problem = error;
      }
      // what was refused before it was sent has done nothing
      if ((problem as NodeJS.ErrnoException).code !== 'ECONNREFUSED') repeated = true;
      if (Date.now() + wait > deadline) throw new StoreUnavailable((problem as Error).message, problem);
      this.connection.log.debug({ method, reason: (problem as Error).message }, 'a request to the database is tried again');
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async authorized(method: string, path: string, body: string | undefined): Promise<{ status: number; text: string }> {
    if (this.cookie === undefined) await this.signIn();
    const used = this.cookie;
    const answer = await this.once(method, path, body);
    if (answer.status !== 401) return answer;
    // the session is over; one new one is made for all who notice
    if (this.cookie === used) {
      this.cookie = undefined;
      await this.signIn();
    }
    return this.once(method, path, body);
  }

  private signIn(): Promise<void> {
    this.signingIn ??= this.newSession().finally(() => {
      this.signingIn = undefined;
    });
    return this.signingIn;
  }

  private async newSession(): Promise<void> {
    const { username, password } = this.connection;
    const answer = await this.once('POST', '/_session', JSON.stringify({ name: username, password }));
    if (answer.status === 401) throw new StoreUnavailable('it does not know the user or the password');
    if (answer.status !== 200) throw new Error(`no session: status ${answer.status}`);
  }

  private async once(method: string, path: string, body: string | undefined): Promise<{ status: number; text: string }> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (this.cookie !== undefined) headers.cookie = this.cookie;
    const answer = await this.pool.request({
      method: method as 'GET',
      path: this.base + path,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const renewed = [answer.headers['set-cookie'] ?? []].flat().find((cookie) => cookie.startsWith('AuthSession='));
    // a session near its end is renewed with any answer
    if (renewed !== undefined) this.cookie = renewed.slice(0, renewed.indexOf(';'));
    return { status: answer.statusCode, text: await answer.body.text() };
  }
}

/** A path of parts, each encoded: the slashes of a document's id are part of it. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

/** A view of a design document. */
export function viewPath(database: string, design: string, view: string): string {
  return `/${encodeURIComponent(database)}/_design/${encodeURIComponent(design)}/_view/${encodeURIComponent(view)}`;
}

/** Throws StoreUnavailable for an answer that nobody expects here. */
export function unexpected(what: string, answer: CouchAnswer): StoreUnavailable {
  return new StoreUnavailable(`${what}: status ${answer.status}, ${answer.text.slice(0, 200)}`);
}
