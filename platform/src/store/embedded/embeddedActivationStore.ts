import { fdatasync, write } from 'node:fs';
import { promisify } from 'node:util';
import type { ActivationRecord } from '../../model/activation';
import type { Logger } from '../../observe/logger';
import { type ActivationQuery, type ActivationStore, ActivationStoreFull, RecordDamaged } from '../activationStore';
import { ActivationSegments, type Segment } from './activationSegments';
import { frameHeader, listedName, parsePayload, payloadText, writeFrame } from './recordFrame';

export interface EmbeddedActivationStoreOptions {
  directory: string;
  /** ms; 0 = for ever */
  maxAge: number;
  /** bytes on disk */
  maxSize: number;
  /** bytes not yet on disk */
  maxPending: number;
  log: Logger;
  /** Told of each record that is on disk. */
  written?: (activationId: string) => void;
  /** Told of each record that is taken, once. */
  taken?: (record: ActivationRecord) => void;
  now?: () => number;
  /** A segment is sealed at this size or count. */
  segmentSize?: number;
  segmentRecords?: number;
}

const flushInterval = 20;
const syncInterval = 1000;
const retryInterval = 1000;
const retentionInterval = 60_000;
const fsWrite = promisify(write);
const fsSync = promisify(fdatasync);

/** Frames collected for one write. */
interface Batch {
  buffer: Buffer;
  used: number;
  readonly ids: string[];
  readonly segment: Segment;
  /** Where the batch begins in its segment. */
  readonly base: number;
  readonly written: Promise<void>;
  readonly resolve: () => void;
}

/**
 * Activation records appended to time-ordered segments, one write per 20 ms however many records there are. A record counts as stored
 * when the operating system has it (it outlives a kill -9 of this process); the disk is told to sync once a second.
 * Retention drops whole segments.
 */
export class EmbeddedActivationStore implements ActivationStore {
  private readonly segments: ActivationSegments;
  private batch: Batch | undefined;
  /** Batches handed to the disk, oldest first; records in them are read from memory. */
  private readonly writing: Batch[] = [];
  private readonly recent = new Set<string>();
  private pendingBytes = 0;
  private readonly sealing = new Set<Promise<void>>();
  private dirty = false;
  private closed = false;
  private pump: Promise<void> | undefined;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: EmbeddedActivationStoreOptions) {
    this.segments = new ActivationSegments(options.directory);
    const every = (ms: number, work: () => void) => this.timers.push(setInterval(work, ms).unref());
    every(syncInterval, () => void this.sync());
    every(retentionInterval, () => this.retain());
    this.retain();
  }

  /** Bytes of all records on disk. */
  get size(): number {
    return this.segments.sealed.reduce((sum, s) => sum + s.size, this.segments.active.size);
  }

  get pressure(): { pending: number; capacity: number } {
    return { pending: this.pendingBytes, capacity: this.options.maxPending };
  }

  store(record: ActivationRecord): Promise<void> {
    if (this.closed || this.pendingBytes > this.options.maxPending) return Promise.reject(new ActivationStoreFull());
    if (this.recent.has(record.activationId)) return Promise.resolve();
    const text = payloadText(record);
    const batch = this.roomFor(frameHeader + text.length * 3);
    const length = writeFrame(batch.buffer, batch.used, text);
    const active = batch.segment;
    active.index!.add(
      record.activationId,
      record.namespace,
      listedName(record),
      record.start,
      batch.base + batch.used + frameHeader,
      length,
    );
    active.count++;
    active.minStart = Math.min(active.minStart, record.start);
    active.maxStart = Math.max(active.maxStart, record.start);
    this.recent.add(record.activationId);
    batch.ids.push(record.activationId);
    batch.used += frameHeader + length;
    this.pendingBytes += frameHeader + length;
    this.options.taken?.(record);
    return batch.written;
  }

  /** One process has one copy of everything. */
  async claim(): Promise<boolean> {
    return true;
  }

  async get(namespace: string, activationId: string): Promise<ActivationRecord | undefined> {
    // the first digits of our own ids are the time, so the likeliest segment is asked first; ids of others may lie anywhere
    const hint = Number.parseInt(activationId.slice(0, 12), 16);
    const all = this.newestFirst();
    const likely = all.filter((s) => s.minStart <= hint && hint <= s.maxStart + 600_000);
    for (const segment of [...likely, ...all.filter((s) => !likely.includes(s))]) {
      if (segment.count === 0) continue;
      const index = this.segments.indexOf(segment);
      const i = index.find(namespace, activationId);
      if (i < 0) continue;
      const record = this.intact(segment, i);
      if (record?.activationId !== activationId) throw new RecordDamaged(activationId);
      return record;
    }
    return undefined;
  }

  async list(query: ActivationQuery, withDetails: boolean): Promise<ActivationRecord[]> {
    const wanted = query.limit === 0 ? Number.POSITIVE_INFINITY : query.skip + query.limit;
    let found: { segment: Segment; i: number; start: number }[] = [];
    for (const segment of this.candidates(query)) {
      // segments overlap little in time: once enough is found, older segments cannot add anything newer
      if (found.length >= wanted && segment.maxStart < found[wanted - 1]!.start) break;
      const index = this.segments.indexOf(segment);
      for (const i of this.selected(segment, query)) found.push({ segment, i, start: index.startOf(i) });
      found.sort((a, b) => b.start - a.start || b.segment.number - a.segment.number || b.i - a.i);
      if (found.length > wanted) found = found.slice(0, wanted);
    }
    return found.slice(query.skip).flatMap(({ segment, i }) => {
      const record = this.intact(segment, i);
      if (!record) return [];
      if (withDetails) return [record];
      const { result: _, ...response } = record.response;
      return [{ ...record, logs: [], response }];
    });
  }

  async count(query: Omit<ActivationQuery, 'limit'>): Promise<number> {
    let total = 0;
    for (const segment of this.candidates(query)) total += this.selected(segment, query).length;
    return Math.max(0, total - query.skip);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const timer of this.timers) clearInterval(timer);
    this.startPump();
    await this.pump;
    await Promise.all(this.sealing);
    await this.segments.close();
  }

  private newestFirst(): Segment[] {
    return [this.segments.active, ...this.segments.sealed.toReversed()];
  }

  private candidates(query: Omit<ActivationQuery, 'limit'>): Segment[] {
    const since = query.since ?? Number.NEGATIVE_INFINITY;
    const upto = query.upto ?? Number.POSITIVE_INFINITY;
    return this.newestFirst().filter((s) => s.count > 0 && s.maxStart >= since && s.minStart <= upto);
  }

  private selected(segment: Segment, query: Omit<ActivationQuery, 'limit'>): number[] {
    const { since = Number.NEGATIVE_INFINITY, upto = Number.POSITIVE_INFINITY } = query;
    return this.segments.indexOf(segment).select(query.namespace, query.name, since, upto);
  }

  /** Undefined, with a word in the log, when the bytes are damaged: one bad record must not hide the others. */
  private intact(segment: Segment, i: number): ActivationRecord | undefined {
    try {
      return this.record(segment, i);
    } catch (error) {
      this.options.log.error({ err: error, segment: segment.path }, 'an activation record is damaged: check the store');
      return undefined;
    }
  }

  private record(segment: Segment, i: number): ActivationRecord {
    const { offset, length } = this.segments.indexOf(segment).location(i);
    if (segment.fd !== undefined) {
      for (const batch of this.batch ? [...this.writing, this.batch] : this.writing) {
        if (batch.segment !== segment) continue;
        const at = offset - batch.base;
        if (at >= 0 && at < batch.used) return parsePayload(batch.buffer.subarray(at, at + length));
      }
    }
    return parsePayload(this.segments.read(segment, offset, length));
  }

  private roomFor(bytes: number): Batch {
    if (this.batch && this.batch.buffer.length - this.batch.used >= bytes) return this.batch;
    if (this.batch) {
      // the batch is full: hand it over as it is and begin another, so no buffer is ever copied
      this.startPump();
    } else {
      setTimeout(() => this.startPump(), flushInterval);
    }
    if (!this.batch) this.batch = this.newBatch(bytes);
    return this.batch;
  }

  private newBatch(bytes: number): Batch {
    let resolve!: () => void;
    const written = new Promise<void>((done) => {
      resolve = done;
    });
    const { segmentSize = 16 * 1024 * 1024, segmentRecords = 20_000 } = this.options;
    if (this.segments.active.size >= segmentSize || this.segments.active.count >= segmentRecords) {
      const full = this.segments.active;
      this.segments.advance();
      this.recent.clear();
      if (this.writing.length === 0) void this.seal(full);
    }
    const segment = this.segments.active;
    const last = this.writing.at(-1);
    const base = last?.segment === segment ? last.base + last.used : segment.size;
    return { buffer: Buffer.allocUnsafeSlow(Math.max(bytes, 128 * 1024)), used: 0, ids: [], segment, base, written, resolve };
  }

  private startPump(): void {
    if (this.batch && this.batch.used > 0) {
      this.writing.push(this.batch);
      this.batch = undefined;
    }
    this.pump ??= this.drain().finally(() => {
      this.pump = undefined;
      if (this.writing.length > 0) this.startPump();
    });
  }

  private async drain(): Promise<void> {
    while (this.writing.length > 0) {
      const batch = this.writing[0]!;
      await this.writeWhole(batch);
      batch.segment.size = batch.base + batch.used;
      this.pendingBytes -= batch.used;
      this.dirty = true;
      this.writing.shift();
      batch.resolve();
      if (this.options.written) for (const id of batch.ids) this.options.written(id);
      if (batch.segment !== this.segments.active && this.writing[0]?.segment !== batch.segment) {
        void this.seal(batch.segment);
      }
    }
  }

  /** A full disk or the like: the records stay in memory, bounded, and are tried again. */
  private async writeWhole(batch: Batch): Promise<void> {
    let done = 0;
    let complained = false;
    while (done < batch.used) {
      try {
        const { bytesWritten } = await fsWrite(batch.segment.fd!, batch.buffer, done, batch.used - done, batch.base + done);
        done += bytesWritten;
      } catch (error) {
        if (!complained)
          this.options.log.error({ err: error }, 'activation records cannot be written; they are kept in memory and tried again');
        complained = true;
        if (this.closed) throw error;
        await new Promise((retry) => setTimeout(retry, retryInterval));
      }
    }
    if (complained) this.options.log.info('activation records are written again');
  }

  private async seal(segment: Segment): Promise<void> {
    const sealing = this.segments.seal(segment).catch((error) => {
      // without its index file the segment is whole all the same: the index is built again when asked for
      this.options.log.error({ err: error }, 'the index of a segment of activation records cannot be written');
    });
    this.sealing.add(sealing);
    await sealing;
    this.sealing.delete(sealing);
    if (!this.closed) this.retain();
  }

  private async sync(): Promise<void> {
    if (!this.dirty || this.closed) return;
    this.dirty = false;
    try {
      await fsSync(this.segments.active.fd!);
    } catch (error) {
      // the segment may have been sealed (and synced) meanwhile
      if ((error as NodeJS.ErrnoException).code !== 'EBADF')
        this.options.log.error({ err: error }, 'activation records cannot be synced to disk');
    }
  }

  private retain(): void {
    const { maxAge, maxSize, now = Date.now } = this.options;
    const { sealed, active } = this.segments;
    let size = sealed.reduce((sum, s) => sum + s.size, active.size);
    for (const segment of [...sealed]) {
      const old = maxAge > 0 && segment.maxStart < now() - maxAge;
      if (!old && size <= maxSize) break;
      size -= segment.size;
      this.segments.drop(segment);
    }
  }
}
