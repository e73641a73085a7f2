import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Frame, listedName, parsePayload, surveyFrames } from './recordFrame';
import { SegmentIndex } from './segmentIndex';

/** A file of records in the order in which they were written, with its index. Only the last one grows. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  /** Open while it is written to. */
  fd: number | undefined;
  size: number;
  /** In memory while the segment is in use; a sealed one is read again when asked for. */
  index: SegmentIndex | undefined;
  minStart: number;
  maxStart: number;
  count: number;
}

/** Sealed indexes kept in memory: a bound, since listings rarely go far back. */
const loadedIndexes = 8;

/** The index of a segment made of these frames. */
export function indexOfFrames(bytes: Buffer, frames: readonly Frame[]): SegmentIndex {
  const index = new SegmentIndex(Math.max(frames.length, 1024));
  for (const { offset, length } of frames) {
    const record = parsePayload(bytes.subarray(offset, offset + length));
    index.add(record.activationId, record.namespace, listedName(record), record.start, offset, length);
  }
  return index;
}

/** The files of the activation store: opening, sealing, dropping. */
export class ActivationSegments {
  readonly sealed: Segment[] = [];
  active!: Segment;
  private readonly loaded: Segment[] = [];

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true });
    const numbers = readdirSync(directory)
      .map((file) => /^(\d{10})\.seg$/.exec(file)?.[1])
      .filter((n) => n !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const number of numbers.slice(0, -1)) this.sealed.push(this.openSealed(number));
    const last = numbers.at(-1);
    if (last === undefined) this.begin(1);
    else this.recover(last);
  }

  indexOf(segment: Segment): SegmentIndex {
    if (segment.index) return segment.index;
    const index = this.readIndex(segment.number) ?? this.rebuild(segment.number).index;
    segment.index = index;
    this.keepLoaded(segment);
    return index;
  }

  read(segment: Segment, offset: number, length: number): Buffer {
    const fd = segment.fd ?? openSync(segment.path, 'r');
    try {
      const payload = Buffer.allocUnsafe(length);
      readSync(fd, payload, 0, length, offset);
      return payload;
    } finally {
      if (segment.fd === undefined) closeSync(fd);
    }
  }

  /** New records go to a fresh segment; the one before is sealed once its last record is on disk. */
  advance(): void {
    this.sealed.push(this.active);
    this.begin(this.active.number + 1);
  }

  /** Writes the index beside the segment and closes it, without holding up the event loop on the disk. */
  async seal(segment: Segment): Promise<void> {
    const { fd, index } = segment;
    if (fd === undefined || !index) return;
    segment.fd = undefined;
    this.keepLoaded(segment);
    await writeFile(this.indexPath(segment.number), index.serialize());
    await promisify(fdatasync)(fd);
    closeSync(fd);
  }

  drop(segment: Segment): void {
    this.sealed.splice(this.sealed.indexOf(segment), 1);
    if (segment.fd !== undefined) closeSync(segment.fd);
    const loaded = this.loaded.indexOf(segment);
    if (loaded >= 0) this.loaded.splice(loaded, 1);
    unlinkSync(segment.path);
    if (existsSync(this.indexPath(segment.number))) unlinkSync(this.indexPath(segment.number));
  }

  async close(): Promise<void> {
    for (const segment of this.sealed) await this.seal(segment);
    if (this.active.fd === undefined) return;
    fdatasyncSync(this.active.fd);
    closeSync(this.active.fd);
    this.active.fd = undefined;
  }

  private keepLoaded(segment: Segment): void {
    this.loaded.push(segment);
    if (this.loaded.length > loadedIndexes) this.loaded.shift()!.index = undefined;
  }

  private begin(number: number): void {
    this.active = { ...this.segment(number, 0, new SegmentIndex()), fd: this.openForWriting(number) };
  }

  private openForWriting(number: number): number {
    return openSync(this.path(number), constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** After a crash the last segment may end in a torn frame, which is cut off. What is damaged before that is passed over. */
  private recover(number: number): void {
    const { index, end, size } = this.rebuild(number);
    const fd = this.openForWriting(number);
    if (end < size) ftruncateSync(fd, end);
    this.active = { ...this.segment(number, end, index), fd };
  }

  private openSealed(number: number): Segment {
    const index = this.readIndex(number) ?? this.rebuild(number).index;
    const segment = this.segment(number, statSync(this.path(number)).size, index);
    segment.index = undefined;
    return segment;
  }

  private segment(number: number, size: number, index: SegmentIndex): Segment {
    return {
      number,
      path: this.path(number),
      fd: undefined,
      size,
      index,
      minStart: index.minStart,
      maxStart: index.maxStart,
      count: index.count,
    };
  }

  private readIndex(number: number): SegmentIndex | undefined {
    const path = this.indexPath(number);
    return existsSync(path) ? SegmentIndex.deserialize(readFileSync(path)) : undefined;
  }

  private rebuild(number: number): { index: SegmentIndex; end: number; size: number } {
    const bytes = readFileSync(this.path(number));
    const { frames, end } = surveyFrames(bytes);
    return { index: indexOfFrames(bytes, frames), end, size: bytes.length };
  }

  private path(number: number): string {
    return join(this.directory, `${String(number).padStart(10, '0')}.seg`);
  }

  private indexPath(number: number): string {
    return join(this.directory, `${String(number).padStart(10, '0')}.idx`);
  }
}
