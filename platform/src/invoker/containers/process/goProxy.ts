import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { ContainerStartError } from '../container';
import type { RuntimeCommand } from './runtimeCommand';

/** ms; the first time the standard library is compiled as well. */
const buildTimeout = 300_000;

/** By toolchain and sources: made once, used by every platform of this user. */
const made = new Map<string, Promise<string>>();

/** The runtime of Go actions, compiled with the toolchain that compiles the actions. */
export async function goCommand(toolchain: string, runtimes: string): Promise<RuntimeCommand> {
  const sources = path.join(runtimes, 'go', 'proxy');
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'openwhisk-as-code', 'go');
  const key = `${toolchain} ${sources} ${cache}`;
  let program = made.get(key);
  if (!program) {
    program = build(toolchain, sources, cache);
    made.set(key, program);
    program.catch(() => made.delete(key));
  }
  return { executable: await program, args: [], environment: { OPENWHISK_GO: toolchain, GOCACHE: path.join(cache, 'build') } };
}

async function build(toolchain: string, sources: string, cache: string): Promise<string> {
  const hash = createHash('sha256').update(toolchain);
  for (const name of (await readdir(sources)).sort()) hash.update(name).update(await readFile(path.join(sources, name)));
  const program = path.join(cache, `proxy-${hash.digest('hex').slice(0, 16)}`);
  const there = await access(program).then(
    () => true,
    () => false,
  );
  if (there) return program;
  await mkdir(cache, { recursive: true, mode: 0o700 });
  // another platform may be at the same: whoever is last puts the same in its place
  const own = `${program}.${process.pid}`;
  const environment = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOCACHE: path.join(cache, 'build') };
  await new Promise<void>((resolve, reject) => {
    const args = ['build', '-trimpath', '-ldflags', '-s -w', '-buildvcs=false', '-o', own, '.'];
    execFile(toolchain, args, { cwd: sources, env: environment, timeout: buildTimeout }, (error, _stdout, stderr) => {
      if (!error) resolve();
      else reject(new ContainerStartError(`The runtime of Go actions cannot be compiled by ${toolchain}: ${stderr.trim()}`, 'platform'));
    });
  });
  await rename(own, program);
  return program;
}
