import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { bootId, startTimeOf } from '../../../host/processIdentity';

/** Longest path a unix socket may have, without its end. */
const maxSocketPath = 107;
const prefix = 'ow-';
const ownerFile = 'owner.json';

interface Owner {
  pid: number;
  startTime: string;
  boot: string;
}

/**
 * Where containers have their working directories and sockets: in the system's place for temporary files, because socket paths must be short, and because
 * below the data directory an action would find the modules of whatever project that lies in.
 */
export class WorkingRoot {
  readonly path: string;
  private readonly base: string;

  constructor() {
    this.base = shortBase();
    mkdirSync(this.base, { recursive: true });
    this.path = mkdtempSync(path.join(this.base, prefix));
    const owner: Owner = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', boot: bootId() };
    writeFileSync(path.join(this.path, ownerFile), JSON.stringify(owner));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Removes the directories of platforms that were killed, whatever their data directory was. */
  async removeAbandoned(): Promise<void> {
    for (const name of await readdir(this.base)) {
      if (!name.startsWith(prefix)) continue;
      const directory = path.join(this.base, name);
      const owner = readOwner(directory);
      if (owner && !isAlive(owner)) await rm(directory, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function shortBase(): string {
  const fits = (base: string) => path.join(base, `${prefix}XXXXXX`, '123456789.sock').length <= maxSocketPath;
  return fits(os.tmpdir()) ? os.tmpdir() : '/tmp';
}

/** Undefined for directories that are not of this kind, or not ours to read. */
function readOwner(directory: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(path.join(directory, ownerFile), 'utf8')) as Owner;
    return typeof owner.startTime === 'string' && owner.startTime !== '' ? owner : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, startTime, boot }: Owner): boolean {
  return boot === bootId() && startTimeOf(pid) === startTime;
}
