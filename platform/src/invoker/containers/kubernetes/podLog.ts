import type { Readable } from 'node:stream';
import { floodPause, type MergedOutput } from '../../logs/logCollector';
import { KubernetesApiError, KubernetesForbiddenError } from './apiErrors';

/** ms between two attempts to follow a log, doubled while they bring nothing. */
const firstPause = 50;
const lastPause = 1_000;
/** Characters of a time, with what may be its zone. */
const longestTime = 40;

const lineFeed = 10;
const lineEnd = Buffer.from('\n');
const space = 32;

export interface PodLogParts {
  /** Opens the log with times, from `sinceTime` (to the second; undefined = from the beginning), and follows it. */
  open(sinceTime: string | undefined, signal: AbortSignal): Promise<Readable>;
  output: MergedOutput;
  /** Whether more may come. */
  isAlive(): boolean;
  /** The API server does not let it be read. */
  refused(error: KubernetesForbiddenError): void;
}

/**
 * The log of a pod's container, followed on one stream that brings both of its output streams. One that breaks is taken up again where it was: by the second, as the
 * API can do no better, and without the lines of that second that were there before. Servers that can give the streams apart (PodLogsQuerySplitStreams,
 * alpha in 1.32) are asked for the same.
 */
export class PodLog {
  private readonly ending = new AbortController();
  /** The second of the latest time seen, and how many whole lines bear that second or a later one: so many come again. */
  private second: string | undefined;
  private seen = 0;
  private latest = '';
  /** Of the line under way: its time, and bytes of it that were handed on. */
  private time = '';
  private handedOn = 0;
  /** How much of what comes again is still to come: whole lines, and bytes of the one that was under way. */
  private linesAgain = 0;
  private bytesAgain = 0;
  private place: 'time' | 'text' | 'again' | 'foreign' = 'time';
  private head = '';

  constructor(private readonly parts: PodLogParts) {}

  /** Resolves when no more will come. Never rejects. */
  async follow(): Promise<void> {
    const { signal } = this.ending;
    let pause = firstPause;
    while (!signal.aborted) {
      const mayGoOn = this.parts.isAlive();
      try {
        const stream = await this.parts.open(this.second, signal);
        this.beginAgain();
        if (await this.read(stream)) pause = firstPause;
      } catch (error) {
        if (error instanceof KubernetesApiError && error.status === 404) break;
        if (error instanceof KubernetesForbiddenError) this.parts.refused(error);
      }
      // one look more after its end: what was written last may have come after the break
      if (!mayGoOn) break;
      this.parts.output.interrupt();
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
      pause = Math.min(lastPause, pause * 2);
    }
    this.parts.output.close();
  }

  stop(): void {
    this.ending.abort();
  }

  /** Whether anything new came before it ended or broke. */
  private async read(stream: Readable): Promise<boolean> {
    let news = false;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        const { goOn, fresh } = this.take(chunk);
        news ||= fresh;
        if (!goOn) await new Promise((resolve) => setTimeout(resolve, floodPause));
      }
    } catch {
      // broken: as one that has ended
    }
    return news;
  }

  private beginAgain(): void {
    this.linesAgain = this.seen;
    this.place = 'time';
    this.head = '';
  }

  private take(chunk: Buffer): { goOn: boolean; fresh: boolean } {
    let goOn = true;
    let fresh = false;
    for (let at = 0; at < chunk.length; ) {
      if (this.place === 'time') {
        at = this.takeTime(chunk, at);
        continue;
      }
      const end = chunk.indexOf(lineFeed, at);
      const stop = end < 0 ? chunk.length : end + 1;
      if (this.place === 'text') {
        const from = Math.min(stop, at + this.bytesAgain);
        this.bytesAgain -= from - at;
        if (from < stop) {
          this.handedOn += stop - from;
          goOn = this.parts.output.take(chunk.subarray(from, stop), this.time) && goOn;
          fresh = true;
        }
        if (end >= 0) this.count();
      }
      if (end >= 0) this.place = 'time';
      at = stop;
    }
    return { goOn, fresh };
  }

  /** To behind the space that ends it. A line without one is a notice of the kubelet's, not the action's. */
  private takeTime(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && chunk[at] !== space && chunk[at] !== lineFeed) at++;
    this.head += chunk.toString('latin1', from, Math.min(at, from + longestTime));
    if (at === chunk.length && this.head.length <= longestTime) return at;
    const time = chunk[at] === space ? utc(this.head) : undefined;
    this.head = '';
    if (time === undefined) this.place = chunk[at] === lineFeed ? 'time' : 'foreign';
    else this.beginLine(time);
    return Math.min(at + 1, chunk.length);
  }

  private beginLine(time: string): void {
    if (this.linesAgain > 0) {
      this.linesAgain--;
      // one that is later than all that were seen is none of them: the log was cut meanwhile
      if (time <= this.latest) {
        this.place = 'again';
        return;
      }
      this.linesAgain = 0;
    }
    // the line that was under way when the log broke; what has become of its end is not known when another one comes
    const same = time === this.time;
    this.bytesAgain = same ? this.handedOn : 0;
    if (!same && this.handedOn > 0) this.parts.output.take(lineEnd, this.time);
    if (!same) this.handedOn = 0;
    this.time = time;
    this.place = 'text';
  }

  private count(): void {
    const second = `${this.time.slice(0, 19)}Z`;
    if (this.second === undefined || second > this.second) {
      this.second = second;
      this.seen = 0;
    }
    if (second >= this.second) this.seen++;
    if (this.time > this.latest) this.latest = this.time;
    this.time = '';
    this.handedOn = 0;
  }
}

/** The time as log lines have it, with nine digits and in UTC; undefined for what is none. */
function utc(text: string): string | undefined {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!found) return undefined;
  const [, seconds, fraction = '', zone] = found;
  const whole = zone === 'Z' ? seconds! : new Date(`${seconds}${zone}`).toISOString().slice(0, 19);
  return `${whole}.${fraction.padEnd(9, '0')}Z`;
}
