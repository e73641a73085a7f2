import type { ActivationRecord } from '../../model/activation';
import type { Logger } from '../../observe/logger';
import { ActivationStoreFull, RecordRefused } from '../activationStore';
import { type CouchAnswer, type CouchClient, pathOf, unexpected } from './couchClient';
import { recordDocument } from './recordDocument';

export interface RecordWriterOptions {
  client: CouchClient;
  database: string;
  /** Bytes that may wait. */
  maxPending: number;
  log: Logger;
}

interface Waiting {
  readonly id: string;
  readonly record: ActivationRecord;
  text: string;
  readonly bytes: number;
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Records gather for this long (ms) before they are written together, and under load from one batch to the next for this long. */
const gather = 20;
const pace = 100;
const maxBatch = 500;
const maxBatchBytes = 4 * 1024 * 1024;
/** Batches on their way at once. */
const parallel = 2;
const retryInterval = 1000;
/** ms that `close` gives a database that does not answer. */
const lastChance = 5000;

const logsTooLarge = 'The logs were left out: with them the record is larger than the database takes.';

/**
 * Writes records in batches. While the database does not take them they stay in memory, bounded, and are tried again for ever: the work
 * behind them was done. A record that is there already is left as it is.
 */
export class RecordWriter {
  /** Not yet under way, oldest first. */
  private queue: Waiting[] = [];
  private readonly byId = new Map<string, Waiting>();
  private bytes = 0;
  private running = 0;
  /** When the last batch was begun, by the clock of `performance`. */
  private began = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private closing: number | undefined;

  constructor(private readonly options: RecordWriterOptions) {}

  get pendingBytes(): number {
    return this.bytes;
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** A record that is not in the database yet. */
  waiting(id: string): ActivationRecord | undefined {
    return this.byId.get(id)?.record;
  }

  write(id: string, record: ActivationRecord): Promise<void> {
    const there = this.byId.get(id);
    if (there) return there.written;
    if (this.closing !== undefined || this.bytes > this.options.maxPending) return Promise.reject(new ActivationStoreFull());
    const text = recordDocument(id, record, Date.now());
    let resolve!: () => void;
    let reject!: (error: Error) => void;
    const written = new Promise<void>((ok, failed) => {
      resolve = ok;
      reject = failed;
    });
    // text of two bytes a character at most
    const waiting: Waiting = { id, record, text, bytes: text.length * 2, written, resolve, reject };
    this.queue.push(waiting);
    this.byId.set(id, waiting);
    this.bytes += waiting.bytes;
    if (this.queue.length >= maxBatch) this.start();
    else this.timer ??= setTimeout(() => this.start(), Math.max(gather, this.began + pace - performance.now()));
    return written;
  }

  /** Resolves when everything taken so far is written, or failed. */
  async flush(): Promise<void> {
    this.start();
    await Promise.allSettled([...this.byId.values()].map(({ written }) => written));
  }

  async close(): Promise<void> {
    this.closing ??= Date.now() + lastChance;
    await this.flush();
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.queue.length > 0 && this.running < parallel) {
      this.running++;
      this.began = performance.now();
      void this.send(this.take()).finally(() => {
        this.running--;
        // what has come meanwhile has a time of its own
        if (this.timer === undefined || this.queue.length >= maxBatch) this.start();
      });
    }
  }

  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { text } of this.queue) {
      if (count === maxBatch || (count > 0 && bytes + text.length > maxBatchBytes)) break;
      bytes += text.length;
      count++;
    }
    return this.queue.splice(0, count);
  }

  /** Never rejects. */
  private async send(batch: Waiting[]): Promise<void> {
    let complained = false;
    for (;;) {
      try {
        const answer = await this.post(batch);
        if (answer.status === 413) {
          await this.sendApart(batch);
          return;
        }
        if (answer.status !== 201 && answer.status !== 202) throw unexpected("records can't be written", answer);
        if (complained) this.options.log.info('activation records are written again');
        this.settle(batch, answer);
        return;
      } catch (error) {
        if (this.closing !== undefined && Date.now() > this.closing) {
          for (const waiting of batch) this.done(waiting, error as Error);
          return;
        }
        if (!complained) {
          this.options.log.error(
            { reason: (error as Error).message },
            'activation records cannot be written; they are kept in memory and tried again',
          );
        }
        complained = true;
        await new Promise((retry) => setTimeout(retry, retryInterval));
      }
    }
  }

  private post(batch: readonly Waiting[]): Promise<CouchAnswer> {
    const body = `{"docs":[${batch.map(({ text }) => text).join(',')}]}`;
    return this.options.client.request('POST', pathOf(this.options.database, '_bulk_docs'), { body });
  }

  /** Too large together, or one of them is too large for itself: then its logs are what makes it so. */
  private async sendApart(batch: Waiting[]): Promise<void> {
    if (batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      await this.send(batch.slice(0, half));
      await this.send(batch.slice(half));
      return;
    }
    const [only] = batch;
    if (only === undefined) return;
    const without = recordDocument(only.id, { ...only.record, logs: [logsTooLarge] }, Date.now());
    if (only.record.logs.length === 0 || only.text.length <= without.length) {
      this.done(only, new RecordRefused(only.record.activationId, 'it is larger than the database takes'));
      return;
    }
    only.text = without;
    await this.send(batch);
  }

  /** Each document has an answer of its own. */
  private settle(batch: readonly Waiting[], { text }: CouchAnswer): void {
    const answers = new Map((JSON.parse(text) as { id: string; error?: string; reason?: string }[]).map((answer) => [answer.id, answer]));
    for (const waiting of batch) {
      const { error, reason } = answers.get(waiting.id) ?? {};
      const refused = error !== undefined && error !== 'conflict';
      this.done(waiting, refused ? new RecordRefused(waiting.record.activationId, `${error}, ${reason}`) : undefined);
    }
  }

  private done(waiting: Waiting, failure: Error | undefined): void {
    this.byId.delete(waiting.id);
    this.bytes -= waiting.bytes;
    if (failure) waiting.reject(failure);
    else waiting.resolve();
  }
}
