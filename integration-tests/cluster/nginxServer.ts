import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type Edge, edgeConfiguration } from '../../provider/src/blueprint/edge';
import { eventually } from '../eventually';
import { call } from '../httpCall';
import { ControlledProcess } from './controlledProcess';

const run = promisify(execFile);

/** An nginx with the configuration that the platform renders. */
export interface NginxServer {
  readonly process: ControlledProcess;
  /** To it and its workers, which would go on without it. SIGKILL resolves when they are gone. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  close(): Promise<void>;
}

/** Starts it and resolves when it answers. */
export async function startNginx(edge: Edge): Promise<NginxServer> {
  const command = await nginxProgram();
  const directory = mkdtempSync(join(tmpdir(), 'nginx-'));
  // its workers are another user when it was started as root
  chmodSync(directory, 0o755);
  const file = join(directory, 'nginx.conf');
  const folders = { temp: directory, pid: join(directory, 'nginx.pid') };
  const logs = { access: 'off', error: 'stderr' };
  writeFileSync(file, edgeConfiguration({ workers: 1, folders, logs, ...edge }));
  const process = new ControlledProcess({
    name: 'nginx',
    command,
    args: ['-c', file, '-p', directory, '-g', 'daemon off;'],
    env: {},
    ready: async () => (await call(`http://127.0.0.1:${edge.redirectPort ?? edge.apiPort}/edge/health`, { timeout: 1000 })).status < 400,
  });
  await process.run();
  const close = async () => {
    // it ends its workers itself
    await process.kill('SIGTERM');
    rmSync(directory, { recursive: true, force: true });
  };
  const signal = async (name: NodeJS.Signals) => {
    const all = [process.pid, ...childrenOf(process.pid)];
    for (const pid of all) globalThis.process.kill(pid, name);
    if (name !== 'SIGKILL') return;
    await eventually(async () => {
      if (process.alive || all.some((pid) => existsSync(`/proc/${pid}/fd/0`))) throw new Error('nginx is still there');
    });
  };
  return { process, signal, close };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Path of nginx, which is installed on Debian when there is none. */
export async function nginxProgram(): Promise<string> {
  return find() ?? (await install());
}

function find(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'nginx')).find((file) => existsSync(file));
}

async function install(): Promise<string> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nginx-light'], { env });
  } catch (error) {
    throw new Error(`nginx is needed: it is not on PATH, and installing it failed: ${(error as Error).message.split('\n')[0]}`);
  }
  const found = find();
  if (!found) throw new Error('nginx is needed: it is not on PATH, and its package brought none.');
  return found;
}
