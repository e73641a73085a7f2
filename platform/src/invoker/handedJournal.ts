import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../observe/logger';

/** What was given to a container, as it is remembered across a crash of the process. */
export interface HandedMarks {
  /** Whether an earlier life of this invoker gave it to a container. */
  wasHanded(activationId: string): boolean;
  /** To be called before user code can run. */
  mark(offset: number, activationId: string): void;
  /** No message below this offset comes again. */
  settledUpTo(offset: number): void;
  close(): void;
}

/** A file of the journal; it goes when the bus will not bring any of its messages again. */
interface Generation {
  readonly path: string;
  /** Highest offset in it; -1 when it is empty. */
  highest: number;
  /** Ids of an earlier life. */
  readonly ids: readonly string[];
}

/** Marks a file takes before the next one is begun. */
const generationLength = 50_000;

/**
 * What was given to a container: a line with offset and id is appended before, synchronously. In the page cache it outlives a kill -9 of
 * this process. After a restart the bus brings again what was not settled; of that, what stands here may have run, and the rest certainly
 * has not.
 */
export class HandedJournal implements HandedMarks {
  private readonly earlier = new Set<string>();
  private readonly generations: Generation[] = [];
  private current!: Generation;
  private fd!: number;
  private length = 0;
  private number: number;

  constructor(
    private readonly directory: string,
    private readonly log: Logger,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(directory)
      .filter((file) => /^\d+\.handed$/.test(file))
      .map((file) => Number.parseInt(file, 10))
      .sort((a, b) => a - b);
    for (const number of numbers) this.generations.push(this.read(this.pathOf(number)));
    this.number = numbers.at(-1) ?? 0;
    this.begin();
  }

  /** Whether an earlier life of this invoker gave it to a container. */
  wasHanded(activationId: string): boolean {
    return this.earlier.has(activationId);
  }

  /** To be called before user code can run. A mark that can't be written is told in the log: the work is worth more than the mark. */
  mark(offset: number, activationId: string): void {
    try {
      writeSync(this.fd, `${offset} ${activationId}\n`);
    } catch (error) {
      this.log.error(
        { activationId, reason: (error as Error).message },
        'that an activation was given to a container could not be written down',
      );
      return;
    }
    this.current.highest = Math.max(this.current.highest, offset);
    if (++this.length >= generationLength) {
      closeSync(this.fd);
      this.begin();
    }
  }

  /** No message below this offset comes again: the files that have only such are dropped. */
  settledUpTo(offset: number): void {
    for (let first = this.generations[0]; first && first !== this.current && first.highest < offset; first = this.generations[0]) {
      unlinkSync(first.path);
      for (const id of first.ids) this.earlier.delete(id);
      this.generations.shift();
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private begin(): void {
    this.current = { path: this.pathOf(++this.number), highest: -1, ids: [] };
    this.fd = openSync(this.current.path, 'a', 0o600);
    this.length = 0;
    this.generations.push(this.current);
  }

  /** A line torn by a crash was written before the hand-over, which then did not happen: it counts all the same, to be safe. */
  private read(path: string): Generation {
    const ids: string[] = [];
    let highest = -1;
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const [offset, id] = line.split(' ');
      if (!id) continue;
      ids.push(id);
      this.earlier.add(id);
      highest = Math.max(highest, Number(offset));
    }
    return { path, highest, ids };
  }

  private pathOf(number: number): string {
    return join(this.directory, `${number}.handed`);
  }
}
