import { connect, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { createAuthority, signCertificate } from '../provider/src/targets/certificateAuthority';
import { freePort } from './platformProcess';

const HOUR_MS = 3_600_000;

/** HTTPS before servers of this machine that speak HTTP, as nginx does it: with a certificate of an authority that nobody trusts by himself. */
export class HttpsFront {
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    /** In PEM form. */
    readonly caCertificate: string,
    /** `https://127.0.0.1:port`, in the order of the ports it is before. */
    readonly urls: readonly string[],
  ) {}

  static async start(...ports: number[]): Promise<HttpsFront> {
    const authority = await createAuthority('127.0.0.1', new Date(Date.now() + HOUR_MS));
    const { certificate: cert, key } = await signCertificate(authority, ['127.0.0.1'], new Date(Date.now() + HOUR_MS));
    const own: number[] = [];
    for (const _ of ports) own.push(await freePort());
    const front = new HttpsFront(
      authority.certificate,
      own.map((port) => `https://127.0.0.1:${port}`),
    );
    for (const [index, port] of ports.entries()) {
      const server = createServer({ cert, key }, (socket) => front.join(socket, connect(port, '127.0.0.1')));
      front.servers.push(server);
      await new Promise<void>((resolve) => server.listen(own[index], '127.0.0.1', resolve));
    }
    return front;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const server of this.servers) await new Promise((resolve) => server.close(resolve));
  }

  /** What one side ends, the other side sees ended. */
  private join(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.end();
      });
    }
  }
}
