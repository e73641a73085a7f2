import { BusFull, BusUnavailable } from '../messageBus';
import { batchOverhead, recordOverhead } from './topicTable';

/** Values by topic, each topic's together within what one batch may have. */
export type Batch = ReadonlyMap<string, readonly Buffer[]>;

export interface MicroBatcherOptions {
  /** Sends all or fails; called once at a time. */
  send(batch: Batch): Promise<void>;
  /** Bytes one batch of a topic may have. */
  maxBatchBytes(topic: string): number;
  /** Messages and bytes that may wait, those under way included; beyond them BusFull. */
  maxMessages: number;
  maxBytes: number;
  /** ms from the begin of one send to that of the next; default 2. */
  pace?: number;
  /** ms; what could not be sent by then is dropped, and BusUnavailable says so. */
  maxWait: number;
  now?: () => number;
}

interface Waiting {
  readonly topic: string;
  readonly value: Buffer;
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const defaultPace = 2;
const sweepInterval = 250;
/** Bytes of one request, all topics together. */
const maxRequestBytes = 16 * 1024 * 1024;

/**
 * One send under way, everything that comes meanwhile goes with the next: under load a few large requests instead of many small ones, which
 * cost sender, broker and readers most. At rest there is no delay. A message under way whose time is over is given up too, with its fate unknown; what still waits was certainly not sent.
 */
export class MicroBatcher {
  private waiting: Waiting[] = [];
  private underWay: readonly Waiting[] = [];
  private bytes = 0;
  private count = 0;
  private running = false;
  /** When the last send began, by the clock of `performance`. */
  private began = Number.NEGATIVE_INFINITY;
  private sweeper: NodeJS.Timeout | undefined;
  private idle: (() => void)[] = [];

  constructor(private readonly options: MicroBatcherOptions) {}

  /** Resolves when the broker acknowledged it. */
  add(topic: string, value: Buffer): Promise<void> {
    const { maxMessages, maxBytes, now = Date.now } = this.options;
    if (this.count >= maxMessages || this.bytes + value.length > maxBytes) return Promise.reject(new BusFull(topic));
    this.count++;
    this.bytes += value.length;
    const sent = new Promise<void>((resolve, reject) => {
      this.waiting.push({ topic, value, since: now(), resolve, reject });
    });
    if (!this.running) {
      this.running = true;
      // everything that this turn of the loop has to send goes together
      setImmediate(() => void this.run());
    }
    return sent;
  }

  /** Messages not acknowledged yet. */
  get pending(): number {
    return this.count;
  }

  /** Resolves when nothing waits any more. */
  flush(): Promise<void> {
    if (!this.running) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private async run(): Promise<void> {
    const { pace = defaultPace } = this.options;
    this.sweeper = setInterval(() => this.sweep(), sweepInterval);
    while (this.waiting.length > 0) {
      const early = this.began + pace - performance.now();
      if (early > 0) {
        await new Promise((resolve) => setTimeout(resolve, early));
        continue;
      }
      this.began = performance.now();
      const { batch, taken } = this.take();
      this.underWay = taken;
      let failure: unknown;
      try {
        await this.options.send(batch);
      } catch (error) {
        failure = error;
      }
      const left = this.underWay;
      this.underWay = [];
      for (const message of left) this.settle(message, failure === undefined ? undefined : new BusUnavailable(message.topic, failure));
    }
    clearInterval(this.sweeper);
    this.running = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  /** As much as may go at once; the order within a topic is kept. */
  private take(): { batch: Batch; taken: Waiting[] } {
    const batch = new Map<string, Buffer[]>();
    const bytesOf = new Map<string, number>();
    const full = new Set<string>();
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    let total = 0;
    for (const message of this.waiting) {
      const { topic, value } = message;
      const cost = value.length + recordOverhead;
      const before = bytesOf.get(topic) ?? batchOverhead;
      const first = before === batchOverhead;
      if (
        full.has(topic) ||
        (!first && before + cost > this.options.maxBatchBytes(topic)) ||
        (total > 0 && total + cost > maxRequestBytes)
      ) {
        full.add(topic);
        left.push(message);
        continue;
      }
      total += cost;
      bytesOf.set(topic, before + cost);
      const values = batch.get(topic);
      if (values) values.push(value);
      else batch.set(topic, [value]);
      taken.push(message);
    }
    this.waiting = left;
    return { batch, taken };
  }

  private sweep(): void {
    const { maxWait, now = Date.now } = this.options;
    const oldest = now() - maxWait;
    const fresh = (message: Waiting): boolean => {
      if (message.since > oldest) return true;
      this.settle(message, new BusUnavailable(message.topic));
      return false;
    };
    this.waiting = this.waiting.filter(fresh);
    this.underWay = this.underWay.filter(fresh);
  }

  private settle(message: Waiting, failure: Error | undefined): void {
    this.count--;
    this.bytes -= message.value.length;
    if (failure) message.reject(failure);
    else message.resolve();
  }
}
