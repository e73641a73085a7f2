import { createHash, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { paths } from './repository';

/** How often a process that waits for another one's build looks again, in milliseconds. */
const LOCK_POLL_MS = 500;

/** Where built and downloaded tools are kept between clones: the user's cache, or the clone itself when that can't be written. */
export function toolCacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME !== undefined && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), '.cache');
  const root = join(base, 'openwhisk-as-code');
  try {
    mkdirSync(root, { recursive: true });
    const probe = join(root, `.probe-${randomUUID()}`);
    writeFileSync(probe, '');
    rmSync(probe);
    return root;
  } catch {
    const own = join(paths.tools, 'cache');
    mkdirSync(own, { recursive: true });
    return own;
  }
}

/** A short name for what goes into a tool: the same inputs give the same name on every clone. */
export function cacheKey(inputs: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const input of [process.platform, process.arch, ...inputs]) hash.update(`${input.length}:`).update(input);
  return hash.digest('hex').slice(0, 16);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The process that holds a lock; undefined when there is no lock. */
function holderOf(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Makes the lock if there is none. By a link, so that it never exists without its holder written in it. */
function makeLock(file: string): boolean {
  const own = `${file}.${process.pid}-${randomUUID()}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own);
  }
}

/** Takes away the lock of a holder that died, if that is what it still is by then. */
function removeStaleLock(file: string): void {
  const holder = holderOf(file);
  if (holder === undefined || isAlive(holder)) return;
  const aside = `${file}.${process.pid}-${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // Another waiter was quicker.
  }
  try {
    if (holderOf(aside) !== holder) linkSync(aside, file);
  } catch {
    // In the moment between, a third one has made its lock: that one holds.
  } finally {
    rmSync(aside, { force: true });
  }
}

function tryLock(file: string): boolean {
  removeStaleLock(file);
  return makeLock(file);
}

/**
 * The folder of a cached tool; made by `produce` when it is not there yet. One process at a time makes it, and it appears complete or not at all.
 * @param name folder below the cache, such as "pulumi/3.259.0-0a1b2c"
 * @param produce fills the empty folder it is given
 * @param onWait called once when another process is at work on it
 */
export async function cachedTool(
  name: string,
  produce: (folder: string) => Promise<void>,
  onWait: () => void = () => {},
  root: string = toolCacheRoot(),
): Promise<string> {
  const folder = join(root, name);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const lock = `${folder}.lock`;
  for (let waited = false; !tryLock(lock); waited = true) {
    if (!waited) onWait();
    await sleep(LOCK_POLL_MS);
    if (existsSync(folder)) return folder;
  }
  const unfinished = `${folder}.unfinished-${randomUUID()}`;
  try {
    if (existsSync(folder)) return folder;
    removeLeftovers(`${folder}.unfinished-`);
    mkdirSync(unfinished, { recursive: true });
    await produce(unfinished);
    renameSync(unfinished, folder);
    return folder;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    rmSync(lock, { force: true });
  }
}

/** Removes what builders that were killed left behind. */
function removeLeftovers(prefix: string): void {
  for (const name of readdirSync(dirname(prefix))) {
    if (name.startsWith(basename(prefix))) rmSync(join(dirname(prefix), name), { recursive: true, force: true });
  }
}

/** Makes `link` point to a folder, replacing what it pointed to before in one step. */
export function pointTo(link: string, folder: string): void {
  mkdirSync(dirname(link), { recursive: true });
  const next = `${link}.${process.pid}.next`;
  rmSync(next, { force: true });
  symlinkSync(folder, next);
  renameSync(next, link);
}

/** Makes a file appear under a second path: by a hard link where both are on one disk, else by a copy. */
export function shareFile(file: string, second: string): void {
  mkdirSync(dirname(second), { recursive: true });
  const next = `${second}.${randomUUID()}`;
  try {
    linkSync(file, next);
  } catch {
    copyFileSync(file, next);
  }
  renameSync(next, second);
}
