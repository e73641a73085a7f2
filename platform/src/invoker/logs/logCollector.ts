import type { Readable } from 'node:stream';
import type { CollectedLogs, LogOptions } from '../containers/container';
import { LineSplitter } from './lineSplitter';
import { logTime } from './logTime';
import type { Waiting, WaitingRoom } from './waitingRoom';

/** Without output for so long, the sentinel is given up. */
const idleTimeout = 2_000;
/** The same where the action failed and nobody may be left to write one. */
const failedIdleTimeout = 100;
/** The same where nobody promised one: what was written arrives a moment after the answer. Some images write it all the same. */
const unpromisedIdleTimeout = 50;

/** Bytes that are dropped at full speed, and the pause after them, ms: 200 MB/s a stream. */
const floodBurst = 1024 * 1024;
export const floodPause = 5;

export const logNotices = {
  truncated: (limit: number) => `Logs were truncated because the total bytes size exceeds the limit of ${limit} bytes.`,
  incomplete: 'There was an issue while collecting your logs. Data might be missing.',
  failed: 'The action did not initialize or run as expected. Log data might be missing.',
} as const;

/** Output between two sentinels: that of one activation, and what was written before it began. */
interface Batch {
  lines: string[];
  bytes: number;
  truncated: boolean;
}

interface Collection extends Waiting {
  failed: boolean;
  resolve: (logs: CollectedLogs) => void;
  started: number;
}

/**
 * Reads the output of a container and cuts them into the lines of its activations (reference runtime-protocol,
 * section 5). Bounded: past the limit of an activation its output is read and dropped.
 */
export class LogCollector {
  private options: LogOptions = { limit: 10 * 1024 * 1024, sentinelled: true };
  /** The first belongs to the oldest activation whose lines were not taken. */
  private batches: Batch[] = [emptyBatch()];
  private readonly streams: LogStream[] = [];
  /** Activations begun whose lines were not taken: no stream can have more ends than that. */
  private begun = 0;
  private collection: Collection | undefined;
  private readonly queue: Collection[] = [];
  private delay = 0;
  /** When output came last, by the waiting room's clock. */
  private lastOutput = 0;

  constructor(private readonly room: WaitingRoom) {}

  attach(name: 'stdout' | 'stderr', readable: Readable): void {
    const stream = new LogStream(name, this);
    this.streams.push(stream);
    readable.on('data', (chunk: Buffer) => {
      if (stream.take(chunk)) return;
      readable.pause();
      setTimeout(() => readable.resume(), floodPause);
    });
    readable.on('error', () => stream.close());
    readable.on('close', () => stream.close());
  }

  /**
   * For a container whose two streams come as one: all lines are `stdout`, and an activation ends with the second of its two sentinels. `delay` (ms) is how
   * much later than the answer what was written may arrive; where no sentinel can be counted on, output is waited for so much longer.
   */
  attachMerged(delay: number): MergedOutput {
    const stream = new LogStream('stdout', this, 2);
    this.streams.push(stream);
    this.delay = delay;
    return stream;
  }

  configure(options: LogOptions): void {
    this.options = options;
  }

  /** An activation begins: one `collect` will come for it. */
  begin(): void {
    this.begun++;
  }

  /** Whether some line of the oldest activation holds `text`. */
  mentions(text: string): boolean {
    return this.batches[0]!.lines.some((line) => line.includes(text));
  }

  collect(failed: boolean): CollectedLogs | Promise<CollectedLogs> {
    if (this.options.limit === 0) {
      this.drop(!failed && this.options.sentinelled);
      return { lines: [], complete: true };
    }
    if (!this.collection && this.complete()) return this.take(true, failed);
    return new Promise((resolve) => {
      const now = this.room.now();
      const collection: Collection = { failed, resolve, started: now, check: (t) => this.check(collection, t) };
      if (this.collection) this.queue.push(collection);
      else this.await(collection);
    });
  }

  /** A line of one of the streams, without its end. */
  line(stream: LogStream, text: string, bytes: number): void {
    const batch = this.batchAt(stream.ended);
    if (batch.truncated || stream.owed > 0) return;
    batch.bytes += bytes;
    if (batch.bytes > this.options.limit) batch.truncated = true;
    else batch.lines.push(`${stream.time ?? logTime()} ${stream.name}: ${text}`);
  }

  /** A sentinel that comes when nothing runs belongs to an activation that was given up: it ends no later one. */
  end(stream: LogStream): void {
    if (stream.owed > 0) stream.owed--;
    else if (stream.ended < this.begun) stream.sentinels++;
  }

  /** Whether what `stream` writes now is dropped anyway. */
  dropping(stream: LogStream): boolean {
    return this.options.limit === 0 || this.batchAt(stream.ended).truncated;
  }

  progress(): void {
    this.lastOutput = this.room.now();
    if (this.collection && this.complete()) this.finish(this.collection, true);
  }

  private batchAt(index: number): Batch {
    while (this.batches.length <= index) this.batches.push(emptyBatch());
    return this.batches[index]!;
  }

  private complete(): boolean {
    for (const stream of this.streams) if (stream.ended === 0 && !stream.closed) return false;
    return true;
  }

  private await(collection: Collection): void {
    this.collection = collection;
    if (this.complete()) this.finish(collection, true);
    else this.room.add(collection);
  }

  private check(collection: Collection, now: number): void {
    const idle = now - Math.max(this.lastOutput, collection.started);
    const total = now - collection.started;
    const longest = Math.max(5, this.options.limit / (1024 * 1024)) * 2_000;
    if (idle >= this.longestSilence(collection) || total >= longest)
      this.finish(collection, collection.failed || !this.options.sentinelled);
  }

  private longestSilence({ failed }: Collection): number {
    if (!this.options.sentinelled) return unpromisedIdleTimeout + this.delay;
    return failed ? failedIdleTimeout + this.delay : idleTimeout;
  }

  private finish(collection: Collection, complete: boolean): void {
    this.room.remove(collection);
    this.collection = undefined;
    collection.resolve(this.take(complete, collection.failed));
    const next = this.queue.shift();
    if (next) this.await(next);
  }

  private take(complete: boolean, failed: boolean): CollectedLogs {
    const batch = this.drop(!failed && this.options.sentinelled);
    const { lines } = batch;
    if (batch.truncated) lines.push(notice(logNotices.truncated(this.options.limit)));
    if (failed) lines.push(notice(logNotices.failed));
    else if (!complete) lines.push(notice(logNotices.incomplete));
    return { lines, complete };
  }

  /** Takes the oldest batch out. A sentinel that did not come is not waited for any more; `promised`: it will come all the same. */
  private drop(promised: boolean): Batch {
    if (this.begun > 0) this.begun--;
    for (const stream of this.streams) stream.passSentinels(promised);
    const batch = this.batches[0]!;
    if (this.batches.length > 1) this.batches.shift();
    else this.batches[0] = emptyBatch();
    return batch;
  }
}

/** The output of a container, both of its streams in one. */
export interface MergedOutput {
  /** Bytes written at `time`, which has the form of `logTime`. False when whoever brings them should pause for a moment. */
  take(bytes: Buffer, time: string): boolean;
  /** What is written does not come for now; it will, from where it stopped. Over with the next `take`. */
  interrupt(): void;
  /** Nothing more will come. */
  close(): void;
}

/** One of the two streams, or both of them in one. */
class LogStream implements MergedOutput {
  /** Those seen whose activation was not collected yet. */
  sentinels = 0;
  closed = false;
  /** When what is being taken was written; undefined = now. */
  time: string | undefined;
  /** Sentinels to come of activations that were given up in an interruption: until then all that comes is theirs. */
  owed = 0;
  private interrupted = false;
  private dropped = 0;
  private readonly splitter: LineSplitter;

  constructor(
    readonly name: 'stdout' | 'stderr',
    private readonly collector: LogCollector,
    /** How many end an activation. */
    private readonly sentinelsEach = 1,
  ) {
    this.splitter = new LineSplitter({
      line: (text, bytes) => collector.line(this, text, bytes),
      sentinel: () => collector.end(this),
      dropping: () => collector.dropping(this),
    });
  }

  /** Activations it has ended that were not collected yet. */
  get ended(): number {
    return Math.floor(this.sentinels / this.sentinelsEach);
  }

  take(chunk: Buffer, time?: string): boolean {
    this.time = time;
    this.interrupted = false;
    this.splitter.take(chunk);
    this.collector.progress();
    return this.mayGoOn(chunk.length);
  }

  interrupt(): void {
    this.interrupted = true;
  }

  close(): void {
    this.closed = true;
    this.collector.progress();
  }

  /** Those of an activation that is collected count no more. */
  passSentinels(promised: boolean): void {
    if (promised && this.interrupted) this.owed += Math.max(0, this.sentinelsEach - this.sentinels);
    this.sentinels = Math.max(0, this.sentinels - this.sentinelsEach);
  }

  /** A flood that is dropped anyway may not take the invoker's time from everybody else: its writer has to wait. */
  private mayGoOn(bytes: number): boolean {
    if (!this.collector.dropping(this)) {
      this.dropped = 0;
      return true;
    }
    this.dropped += bytes;
    if (this.dropped < floodBurst) return true;
    this.dropped = 0;
    return false;
  }
}

function emptyBatch(): Batch {
  return { lines: [], bytes: 0, truncated: false };
}

function notice(text: string): string {
  return `${logTime()} stderr: ${text}`;
}
