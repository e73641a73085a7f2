import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServerOptions {
  host: string;
  port: number;
  /** What `GET /health` tells of the process. */
  about: () => { instanceId: string };
  /** Why no work should be sent here now; undefined when it should. */
  unready: () => string | undefined;
  /** What `GET /metrics` shows; absent, there is no such route. */
  metrics?: { readonly contentType: string; text(): Promise<string> };
}

/** `GET /health` and `GET /ready` of a process that has no other HTTP side. */
export class HealthServer {
  private readonly server: Server;

  constructor(private readonly options: HealthServerOptions) {
    this.server = createServer((incoming, outgoing) => {
      const path = incoming.url?.split('?')[0];
      const answer = (status: number, body: object) => {
        outgoing.writeHead(status, { 'Content-Type': 'application/json' });
        outgoing.end(JSON.stringify(body));
      };
      incoming.resume();
      if (incoming.method !== 'GET') return answer(405, { error: 'There is only GET here.' });
      if (path === '/health') return answer(200, options.about());
      if (path === '/metrics' && options.metrics) {
        const { contentType, text } = options.metrics;
        void text.call(options.metrics).then(
          (body) => {
            outgoing.writeHead(200, { 'Content-Type': contentType });
            outgoing.end(body);
          },
          () => answer(500, { error: 'The figures cannot be read.' }),
        );
        return;
      }
      if (path !== '/ready') return answer(404, { error: 'There are /health and /ready here.' });
      const reason = options.unready();
      return reason === undefined
        ? answer(200, { ready: true, instanceId: options.about().instanceId })
        : answer(503, { ready: false, reason });
    });
  }

  async listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port }, resolve);
    });
    return { host, port: (this.server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}
