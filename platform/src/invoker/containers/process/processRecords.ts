import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import { bootId, startTimeOf } from '../../../host/processIdentity';

interface Recorded {
  pid: number;
  /** Of the process, in clock ticks since boot: a pid that was given away again has another. */
  startTime: string;
  /** Pids say nothing after a restart of the machine. */
  boot: string;
  /** Files of the container. */
  paths: string[];
}

/** A note on disk about one live process, so that a later life of the platform can end what this one left behind. */
export interface ProcessRecord {
  remove(): void;
}

/** Notes about the processes of one platform, in a directory that outlives it. */
export class ProcessRecords {
  private readonly boot = bootId();

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true });
  }

  add(name: string, pid: number, paths: string[]): ProcessRecord {
    const file = path.join(this.directory, `${name}.json`);
    const recorded: Recorded = { pid, startTime: startTimeOf(pid) ?? '', boot: this.boot, paths };
    writeFileSync(file, JSON.stringify(recorded), { mode: 0o600 });
    return {
      remove: () => {
        unlink(file).catch(() => undefined);
      },
    };
  }

  /** Kills the process groups that the notes name, as far as they are still the same; returns how many there were. */
  async removeAll(): Promise<number> {
    let killed = 0;
    for (const name of await readdir(this.directory)) {
      const file = path.join(this.directory, name);
      const recorded = await readRecorded(file);
      if (recorded) {
        if (this.isSame(recorded) && killGroup(recorded.pid)) killed++;
        for (const left of recorded.paths) await rm(left, { recursive: true, force: true }).catch(() => undefined);
      }
      await unlink(file).catch(() => undefined);
    }
    return killed;
  }

  private isSame({ pid, startTime, boot }: Recorded): boolean {
    if (startTime === '' || boot !== this.boot) return false;
    // a leader may be dead while its group lives: as long as it does, the kernel gives its number to nobody else
    const now = startTimeOf(pid);
    return now === undefined || now === startTime;
  }
}

async function readRecorded(file: string): Promise<Recorded | undefined> {
  try {
    const parsed = JSON.parse(await readFile(file, 'utf8')) as Recorded;
    return Number.isInteger(parsed.pid) && parsed.pid > 1 && Array.isArray(parsed.paths) ? parsed : undefined;
  } catch {
    // cut short by the end of its writer
    return undefined;
  }
}

function killGroup(pid: number): boolean {
  try {
    process.kill(-pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
