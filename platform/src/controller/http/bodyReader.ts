import type { IncomingMessage } from 'node:http';
import { EntityTooLargeForServer, Unavailable } from './errors';

const noBody = Buffer.alloc(0);

/** Bodies up to this size are bounded by the number of connections alone. */
const small = 1024 * 1024;

export interface BodyBounds {
  /** Bytes a body may have at all. */
  max: number;
  /** Bytes of large bodies kept at a time, over all requests. One holder gets at most half of them. */
  buffered: number;
}

export interface ReadBody {
  /** Empty when it was longer than what is of use. */
  body: Buffer;
  /** Bytes that came. */
  length: number;
  /** Must be called when the body is no longer needed. */
  release: (() => void) | undefined;
}

/** Reads request bodies within bounds: what cannot be of use is read and thrown away, what is large is counted against a budget. */
export class BodyReader {
  private held = 0;
  private readonly heldBy = new Map<string, number>();

  constructor(private readonly bounds: BodyBounds) {}

  /**
   * @param useful bytes the handler can make use of; of a longer body only the length is told
   * @param holder whom the memory of a large body is counted for
   */
  read(incoming: IncomingMessage, useful: number, holder: string): Promise<ReadBody> {
    return new Promise((resolve, reject) => {
      const announced = Number(incoming.headers['content-length'] ?? 0);
      if (announced > this.bounds.max) {
        reject(new EntityTooLargeForServer());
        return;
      }
      let keep = announced <= useful;
      let chunks: Buffer[] = [];
      let length = 0;
      let reserved = 0;
      const release = () => {
        this.give(holder, reserved);
        reserved = 0;
      };
      const refuse = (error: Error) => {
        incoming.pause().removeAllListeners('data');
        release();
        chunks = [];
        keep = false;
        reject(error);
      };
      incoming.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > this.bounds.max) {
          refuse(new EntityTooLargeForServer());
          return;
        }
        if (!keep) return;
        if (length > useful) {
          keep = false;
          chunks = [];
          release();
          return;
        }
        if (length > small) {
          if (!this.take(holder, length - reserved)) {
            refuse(new Unavailable());
            return;
          }
          reserved = length;
        }
        chunks.push(chunk);
      });
      incoming.on('end', () => {
        const body = chunks.length === 1 ? chunks[0]! : chunks.length === 0 ? noBody : Buffer.concat(chunks, length);
        resolve({ body, length, release: reserved > 0 ? release : undefined });
      });
      incoming.on('error', refuse);
    });
  }

  private take(holder: string, bytes: number): boolean {
    const own = (this.heldBy.get(holder) ?? 0) + bytes;
    if (this.held + bytes > this.bounds.buffered || own > this.bounds.buffered / 2) return false;
    this.held += bytes;
    this.heldBy.set(holder, own);
    return true;
  }

  private give(holder: string, bytes: number): void {
    if (bytes === 0) return;
    this.held -= bytes;
    const own = (this.heldBy.get(holder) ?? 0) - bytes;
    if (own > 0) this.heldBy.set(holder, own);
    else this.heldBy.delete(holder);
  }
}
