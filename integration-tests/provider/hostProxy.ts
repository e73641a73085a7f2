import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { call } from '../httpCall';

export interface SeenRequest {
  method: string;
  /** Without `/api/v1/namespaces/<ns>/`. */
  path: string;
  /** How many requests of this method and path there were before. */
  before: number;
}

/**
 * What becomes of a request: `pass`; `drop` (the connection breaks, nothing was done), `lose` (it breaks after the work was done), `hold` (the
 * work is done, the answer never comes), or an answer of the proxy's own.
 */
export type Fate = 'pass' | 'drop' | 'lose' | 'hold' | { status: number; error: string };

/** Stands between the provider and a host, and lets what can go wrong there go wrong. */
export class HostProxy {
  decide: (request: SeenRequest) => Fate = () => 'pass';
  readonly seen: SeenRequest[] = [];
  private readonly waiting: { matches: (request: SeenRequest) => boolean; resolve: () => void }[] = [];
  private server: Server;
  private port = 0;

  private constructor(private readonly target: string) {
    this.server = this.newServer();
  }

  static async start(target: string): Promise<HostProxy> {
    const proxy = new HostProxy(target);
    await proxy.listen();
    return proxy;
  }

  get apiHost(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when a request that matches has been carried out (or refused). */
  carriedOut(method: string, path: string): Promise<void> {
    const matches = (request: SeenRequest) => request.method === method && request.path === path;
    return new Promise((resolve) => this.waiting.push({ matches, resolve }));
  }

  count(method: string, path: string): number {
    return this.seen.filter((request) => request.method === method && request.path === path).length;
  }

  /** As a host that is down: nothing listens. */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Listens (again) on the same port. */
  async listen(): Promise<void> {
    if (this.port !== 0) this.server = this.newServer();
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  private newServer(): Server {
    return createServer((request, response) => void this.answer(request, response));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const method = request.method!;
    const path = decodeURIComponent(request.url!.split('?')[0]!).replace(/^\/api\/v1\/namespaces\/[^/]+\//, '');
    const seen = { method, path, before: this.count(method, path) };
    this.seen.push(seen);
    const fate = this.decide(seen);
    if (fate === 'drop') request.socket.destroy();
    else if (typeof fate === 'object') this.send(response, fate.status, JSON.stringify({ error: fate.error, code: 'proxy' }));
    else {
      const { status, text } = await this.forward(request, Buffer.concat(chunks));
      if (fate === 'lose') request.socket.destroy();
      if (fate === 'pass') this.send(response, status, text);
    }
    for (const waiter of this.waiting.filter(({ matches }) => matches(seen))) waiter.resolve();
  }

  private send(response: ServerResponse, status: number, text: string): void {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(text);
  }

  private async forward(request: IncomingMessage, body: Buffer): Promise<{ status: number; text: string }> {
    const headers = { authorization: request.headers.authorization!, accept: request.headers.accept ?? '*/*' };
    const json = body.length === 0 ? {} : { json: JSON.parse(body.toString()) as unknown };
    const { status, text } = await call(`${this.target}${request.url}`, { method: request.method!, headers, ...json });
    return { status, text };
  }
}
