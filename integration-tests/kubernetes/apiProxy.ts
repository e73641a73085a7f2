import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ClusterAccess } from '../../platform/src/invoker/containers/kubernetes/clusterAccess';

/** Bytes between a driver and the API server of a cluster, which can be cut: to the driver it is as if that server went away. */
export class ApiProxy {
  private server: Server | undefined;
  private port = 0;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly access: ClusterAccess) {}

  /** How the cluster is entered by way of it. */
  async open(): Promise<ClusterAccess> {
    const { hostname, port } = new URL(this.access.server);
    const server = createServer((near) => {
      const far = connect(Number(port), hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
      }
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    // a name that every API server's certificate has
    return { ...this.access, server: `https://127.0.0.1:${this.port}`, serverName: 'kubernetes.default.svc' };
  }

  /** Breaks all connections. New ones are taken, unless it is closed. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Breaks all connections and takes no more; `open` takes them again at the same port. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)));
    this.cut();
    await closed;
    this.server = undefined;
  }
}
