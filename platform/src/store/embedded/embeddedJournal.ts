import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonText } from '../../model/json';
import { jsonMembers } from '../../model/jsonMembers';
import { type AcceptanceJournal, AcceptanceRefused, type AcceptedActivation } from '../acceptanceJournal';

/** A file of the journal; it goes when everything in it is recorded. */
interface Generation {
  readonly path: string;
  readonly fd: number;
  size: number;
  /** Ids accepted in it and not yet settled. */
  open: number;
}

/** Of an earlier life: accepted, and perhaps not recorded. */
export interface EarlierEntry {
  activation: AcceptedActivation;
  /** What an invoker is handed; absent for what a controller carries on itself. */
  message?: JsonText;
  /** User code may have run. */
  handed: boolean;
}

const generationSize = 4 * 1024 * 1024;

/**
 * Accepted activations, one JSON line each, appended synchronously: into the page cache that takes a few microseconds and
 * outlives a kill -9. A second line tells when one is handed to a container. Settled ones are not written: at the next start whatever has a
 * record is settled.
 */
export class EmbeddedJournal implements AcceptanceJournal {
  private readonly openOnes = new Map<string, { generation: Generation; handed: boolean }>();
  private readonly earlierFiles: string[];
  private current: Generation;
  private number: number;

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const files = readdirSync(directory)
      .filter((file) => file.endsWith('.journal'))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    this.earlierFiles = files.map((file) => join(directory, file));
    this.number = Math.max(0, ...files.map((file) => Number.parseInt(file, 10)));
    this.current = this.begin();
  }

  accept(activation: AcceptedActivation, message?: () => JsonText): void {
    if (this.current.size >= generationSize) this.advance();
    const generation = this.current;
    const entry = JSON.stringify(activation);
    append(generation, message ? `${entry.slice(0, -1)},"message":${message()}}` : entry);
    generation.open++;
    this.openOnes.set(activation.activationId, { generation, handed: false });
  }

  withdraw(activationId: string): void {
    const open = this.openOnes.get(activationId);
    if (!open) return;
    append(open.generation, JSON.stringify({ withdrawn: activationId }));
    this.settle(activationId);
  }

  /** To be called before user code can run. Throws AcceptanceRefused when that can't be written down. */
  handed(activationId: string): void {
    const open = this.openOnes.get(activationId);
    if (!open || open.handed) return;
    append(open.generation, JSON.stringify({ handed: activationId }));
    open.handed = true;
  }

  /** The record is on disk (or is not to be kept): the entry has done its work. */
  settle(activationId: string): void {
    const open = this.openOnes.get(activationId);
    if (!open) return;
    this.openOnes.delete(activationId);
    open.generation.open--;
    if (open.generation.open === 0 && open.generation !== this.current) this.remove(open.generation);
  }

  /** What earlier lives accepted and did not withdraw, in that order. */
  earlier(): EarlierEntry[] {
    const entries = new Map<string, EarlierEntry>();
    for (const file of this.earlierFiles) {
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        const read = readLine(line);
        if (!read) continue;
        if ('withdrawn' in read) entries.delete(read.withdrawn);
        else if ('activation' in read) entries.set(read.activation.activationId, read);
        else {
          const entry = entries.get(read.handed);
          if (entry) entry.handed = true;
        }
      }
    }
    return [...entries.values()];
  }

  /** What earlier lives accepted has been recorded, or accepted anew. */
  forgetEarlier(): void {
    for (const file of this.earlierFiles.splice(0)) unlinkSync(file);
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
}

/** A line is there whole or not at all: what a full disk took of it is cut off again. */
function append(generation: Generation, text: string): void {
  const line = Buffer.from(`${text}\n`);
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

/** Undefined for a line torn by a crash: nobody was told of it. */
function readLine(line: string): EarlierEntry | { withdrawn: string } | { handed: string } | undefined {
  if (line === '') return undefined;
  try {
    const entry = JSON.parse(line) as AcceptedActivation & { message?: unknown; withdrawn: string; handed: string };
    if (entry.withdrawn !== undefined) return { withdrawn: entry.withdrawn };
    if (entry.handed !== undefined) return { handed: entry.handed };
    const { message: parsed, ...activation } = entry;
    // as the text it was: numbers keep their digits
    const message = parsed === undefined ? undefined : jsonMembers(line).get('message');
    return { activation, handed: false, ...(message === undefined ? {} : { message }) };
  } catch {
    return undefined;
  }
}
