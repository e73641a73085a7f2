export const sentinel = 'XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX';
const sentinelLine = Buffer.from(`${sentinel}\n`);
const sentinelBytes = Buffer.from(sentinel);
/** Bytes above which a line comes as several, as from docker's json-file log driver. */
const maxLine = 16384;
const lineFeed = 10;
const carriageReturn = 13;

export interface LineSink {
  /** `bytes` counts the end of the line as well. */
  line(text: string, bytes: number): void;
  sentinel(): void;
  /** While true lines need not be made: only sentinels count. */
  dropping(): boolean;
}

/** Cuts what a container writes into lines. Any line that contains the sentinel is dropped and counts as one. */
export class LineSplitter {
  /** The beginning of a line whose end has not come. At most `maxLine` bytes. */
  private rest: Buffer | undefined;

  constructor(private readonly sink: LineSink) {}

  take(chunk: Buffer): void {
    if (!this.rest && chunk.length === sentinelLine.length && chunk.equals(sentinelLine)) {
      this.sink.sentinel();
      return;
    }
    const bytes = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    this.rest = undefined;
    let at = 0;
    while (at < bytes.length) {
      if (this.sink.dropping()) {
        at = this.skip(bytes, at);
        if (at < 0) return;
        continue;
      }
      const end = bytes.indexOf(lineFeed, at);
      const stop = end < 0 ? bytes.length : end;
      if (stop - at > maxLine) {
        const cut = characterStart(bytes, at + maxLine, at);
        this.sink.line(bytes.toString('utf8', at, cut), cut - at);
        at = cut;
      } else if (end < 0) {
        // a copy, because the chunk may be many times larger
        this.rest = Buffer.from(bytes.subarray(at));
        return;
      } else {
        this.whole(bytes, at, end);
        at = end + 1;
      }
    }
  }

  private whole(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('utf8', start, end > start && bytes[end - 1] === carriageReturn ? end - 1 : end);
    if (text.includes(sentinel)) this.sink.sentinel();
    else this.sink.line(text, end - start + 1);
  }

  /** To behind the next sentinel's line; -1 when there is none, and then the end of `bytes` is kept in case it begins one. */
  private skip(bytes: Buffer, from: number): number {
    const found = bytes.indexOf(sentinelBytes, from);
    if (found >= 0) {
      const end = bytes.indexOf(lineFeed, found);
      if (end >= 0) {
        this.sink.sentinel();
        return end + 1;
      }
    }
    const keep = found >= 0 ? found : Math.max(from, bytes.length - sentinelBytes.length);
    this.rest = Buffer.from(bytes.subarray(keep, Math.min(bytes.length, keep + maxLine)));
    return -1;
  }
}

/** Moves back from `at` to where a UTF-8 character begins, so that a cut splits none. */
function characterStart(bytes: Buffer, at: number, lowest: number): number {
  let start = at;
  while (start > lowest + 1 && (bytes[start]! & 0xc0) === 0x80) start--;
  return start;
}
