import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../observe/logger';
import { type AcceptanceJournal, AcceptanceRefused, type AcceptedActivation, recordOfUnknown } from '../acceptanceJournal';
import type { ActivationStore } from '../activationStore';

/** A file of the journal; it goes when everything in it is recorded. */
interface Generation {
  readonly path: string;
  readonly fd: number;
  size: number;
  /** Ids accepted in it and not yet settled. */
  open: number;
}

const generationSize = 4 * 1024 * 1024;

/**
 * Accepted activations, one JSON line each, appended synchronously: into the page cache that takes a few microseconds and
 * outlives a kill -9. Settled ones are not written: at the next start whatever has a record is settled.
 */
export class EmbeddedJournal implements AcceptanceJournal {
  private readonly generationOf = new Map<string, Generation>();
  private current: Generation;
  private number: number;

  constructor(
    private readonly directory: string,
    private readonly log: Logger,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.number = Math.max(0, ...this.files().map((file) => Number.parseInt(file, 10)));
    this.current = this.begin();
  }

  accept(activation: AcceptedActivation): void {
    if (this.current.size >= generationSize) this.advance();
    const generation = this.current;
    append(generation, activation);
    generation.open++;
    this.generationOf.set(activation.activationId, generation);
  }

  withdraw(activationId: string): void {
    if (!this.generationOf.has(activationId)) return;
    append(this.current, { withdrawn: activationId });
    this.settle(activationId);
  }

  /** The record is on disk (or is not to be kept): the entry has done its work. */
  settle(activationId: string): void {
    const generation = this.generationOf.get(activationId);
    if (!generation) return;
    this.generationOf.delete(activationId);
    generation.open--;
    if (generation.open === 0 && generation !== this.current) this.remove(generation);
  }

  /** Gives every activation of an earlier life that has no record one that says what happened. Returns how many. */
  async recover(activations: ActivationStore): Promise<number> {
    const old = this.files().filter((file) => join(this.directory, file) !== this.current.path);
    const accepted = new Map<string, AcceptedActivation>();
    for (const file of old) {
      for (const entry of readEntries(readFileSync(join(this.directory, file), 'utf8'))) {
        if ('withdrawn' in entry) accepted.delete(entry.withdrawn);
        else accepted.set(entry.activationId, entry);
      }
    }
    let recovered = 0;
    for (const entry of accepted.values()) {
      if (await activations.get(entry.namespace, entry.activationId)) continue;
      await activations.store(recordOfUnknown(entry));
      recovered++;
    }
    for (const file of old) unlinkSync(join(this.directory, file));
    if (recovered > 0)
      this.log.warn({ recovered }, 'activations that were under way when the platform stopped have been recorded as failed');
    return recovered;
  }

  close(): void {
    closeSync(this.current.fd);
    if (this.current.open === 0) unlinkSync(this.current.path);
  }

  private advance(): void {
    const full = this.current;
    this.current = this.begin();
    if (full.open === 0) this.remove(full);
  }

  private begin(): Generation {
    const path = join(this.directory, `${++this.number}.journal`);
    return { path, fd: openSync(path, 'a', 0o600), size: 0, open: 0 };
  }

  private remove(generation: Generation): void {
    closeSync(generation.fd);
    unlinkSync(generation.path);
  }

  private files(): string[] {
    return readdirSync(this.directory)
      .filter((file) => file.endsWith('.journal'))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }
}

/** A line is there whole or not at all: what a full disk took of it is cut off again. */
function append(generation: Generation, entry: object): void {
  const line = Buffer.from(`${JSON.stringify(entry)}\n`);
  let written = 0;
  try {
    written = writeSync(generation.fd, line);
    if (written < line.length) throw new Error('the disk took only a part of the line');
  } catch (error) {
    ftruncateSync(generation.fd, generation.size);
    throw new AcceptanceRefused(error);
  }
  generation.size += written;
}

/** A line torn by a crash was never acknowledged to anybody: it is left out. */
function readEntries(text: string): (AcceptedActivation | { withdrawn: string })[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as AcceptedActivation];
    } catch {
      return [];
    }
  });
}
