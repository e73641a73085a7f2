import net from 'node:net';
import type { ContainerAddress, ContainerAnswer, ResponseBounds } from './container';

const headEnd = '\r\n\r\n';
const maxHead = 64 * 1024;
/** Everything that is read passes through here and is copied out before the read returns, so all connections share it. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

interface ResponseHead {
  status: number;
  /** Undefined when the response has no Content-Length: it counts as missing. */
  length: number | undefined;
  keepAlive: boolean;
}

type Reply = (answer: ContainerAnswer, reusable: boolean) => void;

/** One HTTP/1.1 connection to a container, one request at a time. */
export class ContainerConnection {
  private readonly socket: net.Socket;
  private reply: Reply | undefined;
  private bounds: ResponseBounds = { max: 0, truncation: 0 };
  private connected = false;
  private head: ResponseHead | undefined;
  /** Bytes of the response that are not used yet, and their sum. */
  private parts: Buffer[] = [];
  private received = 0;
  /** One timer for all requests of this connection: restarted by each, and without meaning while none is under way. */
  private timer: NodeJS.Timeout | undefined;
  private timerMs = 0;

  constructor(
    address: ContainerAddress,
    private readonly gone: () => void,
  ) {
    const target = 'socketPath' in address ? { path: address.socketPath } : { host: address.host, port: address.port };
    this.socket = net.connect({
      ...target,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length: number) => {
          this.take(length);
          return true;
        },
      },
    });
    this.socket.on('connect', () => {
      this.connected = true;
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      // the other end was closed before all of the request was taken: nobody can have acted on it
      if (error.code === 'EPIPE') this.connected = false;
      this.socket.destroy();
    });
    this.socket.on('close', () => this.lost());
  }

  exchange(path: string, body: string, timeoutMs: number, bounds: ResponseBounds, reply: Reply): void {
    this.reply = reply;
    this.bounds = bounds;
    if (this.socket.destroyed) {
      this.finish({ type: 'connectionLost', outOfMemory: false, unsent: true }, false);
      return;
    }
    this.startTimer(timeoutMs);
    const length = Buffer.byteLength(body);
    this.socket.write(
      `POST ${path} HTTP/1.1\r\nHost: action\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
      length === body.length ? 'latin1' : 'utf8',
    );
  }

  destroy(): void {
    this.socket.destroy();
  }

  private startTimer(timeoutMs: number): void {
    if (this.timer && this.timerMs === timeoutMs) {
      this.timer.refresh();
      return;
    }
    clearTimeout(this.timer);
    this.timerMs = timeoutMs;
    this.timer = setTimeout(() => {
      if (this.reply) this.finish({ type: 'timeout' }, false);
    }, timeoutMs);
  }

  private take(length: number): void {
    if (!this.reply) {
      // a container that talks unasked cannot be followed
      this.socket.destroy();
      return;
    }
    if (this.parts.length === 0 && !this.head && this.takeWhole(length)) return;
    this.parts.push(Buffer.from(readBuffer.subarray(0, length)));
    this.received += length;
    this.advance();
  }

  /** The usual case: the whole response came in one read. */
  private takeWhole(length: number): boolean {
    const text = readBuffer.toString('latin1', 0, Math.min(length, 1024));
    const end = text.indexOf(headEnd);
    if (end < 0) return false;
    const head = parseHead(text.slice(0, end));
    const start = end + headEnd.length;
    if (!head || head.length !== length - start || head.length > this.bounds.max || head.status < 200) return false;
    this.finish({ type: 'response', status: head.status, body: readBuffer.toString('utf8', start, length) }, head.keepAlive);
    return true;
  }

  private advance(): void {
    if (!this.head && !this.takeHead()) return;
    const { length, status, keepAlive } = this.head!;
    if (length === undefined) {
      this.finish({ type: 'connectionLost', outOfMemory: false }, false);
    } else if (length <= this.bounds.max) {
      if (this.received < length) return;
      const reusable = keepAlive && this.received === length;
      this.finish({ type: 'response', status, body: this.joined().toString('utf8', 0, length) }, reusable);
    } else {
      if (this.received < this.bounds.truncation) return;
      // the rest is not read: this connection ends here
      this.finish({ type: 'response', status, body: wholeCharacters(this.joined(), this.bounds.truncation), truncatedFrom: length }, false);
    }
  }

  /** True when the head is complete; what follows it stays in `parts`. */
  private takeHead(): boolean {
    for (;;) {
      const bytes = this.joined();
      const end = bytes.indexOf(headEnd);
      if (end < 0) {
        if (bytes.length > maxHead) this.finish({ type: 'connectionLost', outOfMemory: false }, false);
        return false;
      }
      const head = parseHead(bytes.toString('latin1', 0, end));
      this.parts = [bytes.subarray(end + headEnd.length)];
      this.received = this.parts[0]!.length;
      if (!head) {
        this.finish({ type: 'connectionLost', outOfMemory: false }, false);
        return false;
      }
      if (head.status >= 200) {
        this.head = head;
        return true;
      }
    }
  }

  private joined(): Buffer {
    if (this.parts.length !== 1) this.parts = [Buffer.concat(this.parts)];
    return this.parts[0]!;
  }

  private lost(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.gone();
    if (!this.reply) return;
    this.finish(
      this.connected ? { type: 'connectionLost', outOfMemory: false } : { type: 'connectionLost', outOfMemory: false, unsent: true },
      false,
    );
  }

  private finish(answer: ContainerAnswer, reusable: boolean): void {
    const reply = this.reply!;
    this.reply = undefined;
    if (this.head) {
      this.head = undefined;
      this.parts = [];
      this.received = 0;
    }
    if (!reusable) this.socket.destroy();
    reply(answer, reusable);
  }
}

const statusLine = /^HTTP\/1\.([01]) (\d{3})/;
const lengthField = /\r\ncontent-length:[ \t]*(\d+)/i;

function parseHead(text: string): ResponseHead | undefined {
  const line = statusLine.exec(text);
  if (!line) return undefined;
  const length = lengthField.exec(text);
  return {
    status: Number(line[2]),
    length: length ? Number(length[1]) : undefined,
    keepAlive: line[1] === '1' && !/\r\nconnection:[ \t]*close/i.test(text),
  };
}

/** The text of at most `limit` bytes, without a character that the cut would split. */
function wholeCharacters(bytes: Buffer, limit: number): string {
  let end = Math.min(limit, bytes.length);
  if (end < bytes.length) while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
