import { connect, type Socket } from 'node:net';

/** What a bare connection got, and whether the server closed it. */
export interface RawAnswer {
  text: string;
  closed: boolean;
}

/**
 * A connection that sends bytes a client library would not. Ends when the server closes it, when `until` says that enough has come, or
 * after `timeout` ms.
 */
export function raw(
  port: number,
  send: (socket: Socket) => void,
  { timeout = 30_000, until = () => false }: { timeout?: number; until?: (text: string) => boolean } = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = '';
    let done = false;
    const socket = connect(port, '127.0.0.1', () => send(socket));
    const end = (closed: boolean) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    const timer = setTimeout(() => end(false), timeout);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until(text)) end(false);
    });
    // a reset while we still write is a closed connection, too
    socket.on('error', () => end(true));
    socket.on('close', () => end(true));
  });
}

export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((m) => Number(m[1]));
}
