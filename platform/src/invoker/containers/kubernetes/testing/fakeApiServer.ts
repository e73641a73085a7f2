import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ClusterAccess } from '../clusterAccess';

export interface FakeRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  authorization: string | undefined;
  body: string;
}

type Handler = (request: FakeRequest, response: ServerResponse) => void;

/** An HTTP server in the place of a cluster's API: a test says what it answers, and may leave answers open. */
export class FakeApiServer {
  readonly requests: FakeRequest[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly handle: Handler) {
    this.server = createServer((request, response) => void this.take(request, response));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async listen(port = 0): Promise<ClusterAccess> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    const server = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return { server, authorization: () => 'Bearer t', namespace: 'ns' };
  }

  /** Breaks all connections, open answers with them. */
  breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.breakConnections();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '/', 'http://fake');
    const { authorization } = request.headers;
    const taken = { method: request.method ?? '', path: url.pathname, query: url.searchParams, authorization, body };
    this.requests.push(taken);
    this.handle(taken, response);
  }
}

export function answer(response: ServerResponse, status: number, object: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(object));
}

/** A pod that runs, or is in the state given. */
export function runningPod(name: string, state: object = { running: {} }, podIP = '10.0.0.1'): object {
  return {
    metadata: { name, uid: `uid-${name}`, resourceVersion: '7' },
    status: { phase: 'Running', podIP, containerStatuses: [{ state }] },
  };
}
