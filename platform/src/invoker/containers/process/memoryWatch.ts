import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** ms between two looks. */
const interval = 100;
/** What threads other than the first have started is looked for less often: the kernel lists children by thread. */
const looksPerThoroughLook = 5;
/** Linux counts in pages; all platforms node runs on with /proc use this size, or a multiple that this then under-counts. */
const pageSize = 4096;
const megabyte = 1024 * 1024;
/** Processes one container may have, as `--pids-limit` of the Docker driver. */
const maxProcesses = 1024;

interface Watched {
  pid: number;
  /** Bytes. */
  limit: number;
  exceeded: () => void;
  statm: number;
  children: number;
}

/**
 * Ends a process group that holds more memory than its container may: one timer reads the resident size of every runtime and of what it started.
 * RLIMIT_AS is no substitute: V8 reserves address space many times larger than what it uses. Without /proc nothing is watched.
 */
export class MemoryWatch {
  private readonly watched = new Map<number, Watched>();
  private readonly buffer = Buffer.allocUnsafe(4096);
  private timer: NodeJS.Timeout | undefined;
  private looks = 0;

  /** `limit` in MB. */
  watch(pid: number, limit: number, exceeded: () => void): void {
    const statm = open(`/proc/${pid}/statm`);
    const children = open(`/proc/${pid}/task/${pid}/children`);
    if (statm === undefined) return;
    this.watched.set(pid, { pid, limit: limit * megabyte, exceeded, statm, children: children ?? -1 });
    this.timer ??= setInterval(() => this.look(), interval).unref();
  }

  forget(pid: number): void {
    const entry = this.watched.get(pid);
    if (!entry) return;
    this.watched.delete(pid);
    closeSync(entry.statm);
    if (entry.children >= 0) closeSync(entry.children);
    if (this.watched.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  look(): void {
    const thorough = ++this.looks % looksPerThoroughLook === 0;
    for (const entry of this.watched.values()) {
      if (this.exceeds(entry, thorough)) entry.exceeded();
    }
  }

  private exceeds(entry: Watched, thorough: boolean): boolean {
    let resident = residentBytes(this.read(entry.statm));
    if (resident > entry.limit) return true;
    if (entry.children < 0) return false;
    const pending = thorough ? childrenOf(entry.pid) : pids(this.read(entry.children));
    for (let seen = 0; pending.length > 0; seen++) {
      if (seen > maxProcesses) return true;
      const pid = pending.pop()!;
      resident += residentBytes(readText(`/proc/${pid}/statm`));
      if (resident > entry.limit) return true;
      pending.push(...childrenOf(pid));
    }
    return false;
  }

  private read(file: number): string {
    try {
      return this.buffer.toString('latin1', 0, readSync(file, this.buffer, 0, this.buffer.length, 0));
    } catch {
      // the process has just ended
      return '';
    }
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** The second field of statm, without what is shared with other processes counted twice being a concern: runtimes share little. */
function residentBytes(statm: string): number {
  const start = statm.indexOf(' ') + 1;
  return start === 0 ? 0 : Number.parseInt(statm.slice(start), 10) * pageSize;
}

/** Of all threads of a process. */
function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((thread) => pids(readText(`/proc/${pid}/task/${thread}/children`)));
}

function pids(text: string): number[] {
  return text === '' ? [] : text.trim().split(' ').filter(Boolean).map(Number);
}
