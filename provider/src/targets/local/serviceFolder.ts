import { cp, mkdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';

/** The process that was started for a service, as remembered beside its data. */
export interface ServiceRecord {
  pid: number;
  startTime: string;
  instanceId: string;
}

/** Log files larger than this are put aside when the service starts; one older file is kept. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
/** How much of a log's end an error shows. */
const TAIL_BYTES = 4 * 1024;
const TAIL_LINES = 20;

/** Everything a local service keeps on disk: its data, its logs, and which process it runs as. */
export class ServiceFolder {
  readonly path: string;
  readonly data: string;
  readonly logs: { stdout: string; stderr: string };
  private readonly record: string;

  constructor(
    private readonly projectRoot: string,
    dataDir: string,
  ) {
    this.path = resolve(projectRoot, dataDir);
    this.data = join(this.path, 'data');
    this.logs = { stdout: join(this.path, 'logs', 'stdout.log'), stderr: join(this.path, 'logs', 'stderr.log') };
    this.record = join(this.path, 'service.json');
  }

  /** Makes the folders, readable by their owner only; says whether they are new. */
  async prepare(): Promise<{ isNew: boolean }> {
    const isNew = !(await exists(this.path));
    await mkdir(this.data, { recursive: true, mode: 0o700 });
    await mkdir(dirname(this.logs.stdout), { recursive: true, mode: 0o700 });
    for (const log of Object.values(this.logs)) {
      const size = (await stat(log).catch(() => undefined))?.size ?? 0;
      if (size > MAX_LOG_BYTES) await rename(log, `${log}.1`);
    }
    return { isNew };
  }

  async readRecord(): Promise<ServiceRecord | undefined> {
    try {
      const record = JSON.parse(await readFile(this.record, 'utf8')) as Partial<ServiceRecord>;
      const whole = typeof record.pid === 'number' && typeof record.startTime === 'string' && typeof record.instanceId === 'string';
      return whole ? (record as ServiceRecord) : undefined;
    } catch {
      return undefined;
    }
  }

  async writeRecord(record: ServiceRecord): Promise<void> {
    // Renamed into place: a reader never sees half a record.
    await writeFile(`${this.record}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    await rename(`${this.record}.new`, this.record);
  }

  /** The last lines both logs hold, for an error message; what was there before `since` (their sizes then) is left out. */
  async logTail(since: { stdout: number; stderr: number }): Promise<string> {
    const tails = await Promise.all([tail(this.logs.stderr, since.stderr), tail(this.logs.stdout, since.stdout)]);
    return tails.filter((text) => text !== '').join('\n');
  }

  async logSizes(): Promise<{ stdout: number; stderr: number }> {
    const size = async (file: string) => (await stat(file).catch(() => undefined))?.size ?? 0;
    return { stdout: await size(this.logs.stdout), stderr: await size(this.logs.stderr) };
  }

  async moveTo(target: ServiceFolder): Promise<void> {
    if (target.path === this.path || !(await exists(this.path))) return;
    if (await exists(target.path)) throw new Error(`The data folder cannot be moved to ${target.path}, because that exists already.`);
    await mkdir(dirname(target.path), { recursive: true });
    try {
      await rename(this.path, target.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await cp(this.path, target.path, { recursive: true, preserveTimestamps: true });
      await rm(this.path, { recursive: true, force: true });
    }
    await this.removeEmptyParents();
  }

  /** Removes the folder; with `keepData`, everything but the data. Parents inside the project that are left empty go too. */
  async remove(keepData: boolean): Promise<void> {
    if (!keepData) await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
    else {
      await rm(this.record, { force: true });
      await rm(dirname(this.logs.stdout), { recursive: true, force: true });
    }
    await this.removeEmptyParents();
  }

  private async removeEmptyParents(): Promise<void> {
    for (let folder = dirname(this.path); ; folder = dirname(folder)) {
      const inside = relative(this.projectRoot, folder);
      if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return;
      try {
        await rmdir(folder);
      } catch {
        return;
      }
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function tail(file: string, since: number): Promise<string> {
  const content = await readFile(file).catch(() => Buffer.alloc(0));
  const text = content
    .subarray(Math.max(since, content.length - TAIL_BYTES))
    .toString('utf8')
    .trimEnd();
  return text.split('\n').slice(-TAIL_LINES).join('\n');
}
