import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootId, startTimeOf } from './processIdentity';

interface Holder {
  pid: number;
  /** A pid that was given away again has another; neither says anything after a restart of the machine. */
  startTime: string;
  boot: string;
}

/** Two platforms over one data directory would write over each other's records and end each other's containers. */
export class DataDirectoryInUse extends Error {
  constructor(directory: string, pid: number) {
    super(`The data directory ${directory} is in use by process ${pid}: stop that, or set OPENWHISK_DATA_DIR to another directory.`);
    this.name = 'DataDirectoryInUse';
  }
}

/** Takes the directory for this process; gives back how to leave it. What a killed process left is taken over. */
export function lockDataDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'platform.lock');
  const own: Holder = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', boot: bootId() };
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
      return () => unlinkSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 2) throw error;
    }
    const holder = readHolder(file);
    if (holder && isAlive(holder)) throw new DataDirectoryInUse(directory, holder.pid);
    unlinkSync(file);
  }
}

function isAlive({ pid, startTime, boot }: Holder): boolean {
  if (pid === process.pid || boot !== bootId()) return false;
  const now = startTimeOf(pid);
  return now !== undefined && now === startTime;
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    // its writer was killed while it wrote
    return undefined;
  }
}
