import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process, told from a later one of the same number by when it started (in ticks since boot). */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

interface ClusterRecord {
  /** Who has to end it. */
  readonly owner: ProcessIdentity;
  readonly processes: readonly ProcessIdentity[];
}

const PREFIX = 'openwhisk-kubernetes-';
const RECORD = 'record.json';

/** The process of a number as it is now; `undefined` when there is none, or when it has ended and only its parent doesn't know yet. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    // the name, in brackets, may hold anything
    const [state, ...rest] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' || state === 'X' ? undefined : { pid, started: rest[18]! };
  } catch {
    return undefined;
  }
}

export function isRunning({ pid, started }: ProcessIdentity): boolean {
  return identify(pid)?.started === started;
}

/** Folder of a cluster: its data, its logs, and a record of its processes, by which a later run finds what a killed one left. */
export class ClusterFolder {
  private readonly processes = new Map<string, ProcessIdentity>();

  private constructor(
    /** Part of the names of its network and cgroups. */
    readonly name: string,
    readonly path: string,
  ) {}

  /** An empty one, whose owner is this process. */
  static make(name = String(process.pid)): ClusterFolder {
    const folder = new ClusterFolder(name, join(tmpdir(), `${PREFIX}${name}`));
    mkdirSync(folder.path, { mode: 0o755 });
    mkdirSync(folder.at('log'));
    folder.record();
    return folder;
  }

  /** Those whose owner has gone, and those whose owner goes on. */
  static found(): { left: ClusterFolder[]; inUse: ClusterFolder[] } {
    const all = readdirSync(tmpdir())
      .filter((entry) => entry.startsWith(PREFIX))
      .map((entry) => new ClusterFolder(entry.slice(PREFIX.length), join(tmpdir(), entry)));
    const used = (folder: ClusterFolder) => isRunning(folder.recorded().owner);
    return { left: all.filter((folder) => !used(folder)), inUse: all.filter(used) };
  }

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  put(name: string, content: string | object, mode = 0o600): string {
    writeFileSync(this.at(name), typeof content === 'string' ? content : JSON.stringify(content), { mode });
    return this.at(name);
  }

  /** Starts a process with a log of its own, which ends with this one. It is in the record from its beginning. */
  run(name: string, command: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.at('log', name), 'a');
    try {
      // a group of its own: what interrupts the tests must not end it before they have cleaned up
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], {
        cwd: this.path,
        detached: true,
        stdio: ['ignore', log, log],
      });
      const identity = child.pid === undefined ? undefined : identify(child.pid);
      if (identity !== undefined) this.processes.set(name, identity);
      this.record();
      return child;
    } finally {
      closeSync(log);
    }
  }

  /** Whether a process that was started here goes on. */
  runs(name: string): boolean {
    const identity = this.processes.get(name);
    return identity !== undefined && isRunning(identity);
  }

  /** The last lines a process wrote. */
  lastOf(name: string, lines = 8): string {
    const file = this.at('log', name);
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-lines).join('\n') : '';
  }

  recorded(): ClusterRecord {
    try {
      return JSON.parse(readFileSync(this.at(RECORD), 'utf8')) as ClusterRecord;
    } catch {
      // killed before it was written: then nothing runs yet
      return { owner: { pid: 0, started: '' }, processes: [] };
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  private record(): void {
    this.put(RECORD, { owner: identify(process.pid)!, processes: [...this.processes.values()] } satisfies ClusterRecord);
  }
}
