import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError } from '../../openwhisk/errors';
import { isHealthy } from './healthCheck';
import { requireFreePorts } from './ports';
import { orphansOfSession, processStartTime } from './processIdentity';
import type { ServiceFolder, ServiceRecord } from './serviceFolder';

/** A service did not come up. The message ends with what it wrote last. */
export class ServiceStartError extends Error {
  override readonly name = 'ServiceStartError';
}

export interface ServiceSpec {
  name: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  host: string;
  ports: Readonly<Record<string, number>>;
  healthUrl: string;
  /** Seconds until the service must be healthy. */
  healthTimeout: number;
  instanceId: string;
}

export interface StartLimits {
  signal: AbortSignal;
  deadline: number;
  /** Told now and then while the start takes long. */
  progress(message: string): void;
}

/** Variables a process of ours needs from the one that starts it. Nothing else is passed on: that environment holds the engine's secrets. */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];
const POLL_MS = 40;
const PROGRESS_MS = 2_000;

/** The process of a record, or `undefined` when it has ended (also when its id belongs to another process by now). */
export function livingProcess(record: ServiceRecord | undefined): number | undefined {
  return record !== undefined && processStartTime(record.pid) === record.startTime ? record.pid : undefined;
}

/** Starts the service detached, so that it outlives this process, and waits until it is healthy. */
export async function startService(spec: ServiceSpec, folder: ServiceFolder, limits: StartLimits): Promise<ServiceRecord> {
  await requireFreePorts(spec.host, spec.ports);
  const sizes = await folder.logSizes();
  const { pid, exited } = launch(spec, folder);
  const startTime = pid === undefined ? undefined : processStartTime(pid);
  if (pid === undefined || startTime === undefined) throw await startError(spec, folder, sizes, `ended at once (${await exited})`);
  const record: ServiceRecord = { pid, startTime, instanceId: spec.instanceId };
  await folder.writeRecord(record);
  try {
    await waitUntilHealthy(spec, record, exited, limits);
  } catch (error) {
    await stopService(record, 1);
    if (error instanceof CancelledError) throw error;
    throw await startError(spec, folder, sizes, (error as Error).message);
  }
  return record;
}

function launch(spec: ServiceSpec, folder: ServiceFolder): { pid: number | undefined; exited: Promise<string> } {
  const stdout = openSync(folder.logs.stdout, 'a', 0o600);
  const stderr = openSync(folder.logs.stderr, 'a', 0o600);
  try {
    const inherited = Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
    const [program, ...args] = spec.command;
    const child = spawn(program!, args, {
      cwd: folder.path,
      env: { ...inherited, ...spec.env },
      detached: true,
      stdio: ['ignore', stdout, stderr],
    });
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
    });
    child.unref();
    return { pid: child.pid, exited };
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}

async function waitUntilHealthy(spec: ServiceSpec, record: ServiceRecord, exited: Promise<string>, limits: StartLimits): Promise<void> {
  const started = performance.now();
  const end = Math.min(started + spec.healthTimeout * 1000, limits.deadline);
  let ended: string | undefined;
  void exited.then((how) => {
    ended = how;
  });
  let told = started;
  for (;;) {
    if (limits.signal.aborted) throw new CancelledError();
    if (ended !== undefined) throw new Error(`ended (${ended})`);
    if (await isHealthy(spec.healthUrl, record.instanceId)) return;
    const now = performance.now();
    if (now >= end) throw new Error(`was not healthy within ${Math.round((now - started) / 1000)} s`);
    if (now - told >= PROGRESS_MS) {
      told = now;
      limits.progress(`Waiting for ${spec.name} to become healthy (${Math.round((now - started) / 1000)} s)`);
    }
    await sleep(POLL_MS);
  }
}

async function startError(
  spec: ServiceSpec,
  folder: ServiceFolder,
  sizes: { stdout: number; stderr: number },
  what: string,
): Promise<ServiceStartError> {
  const tail = await folder.logTail(sizes);
  return new ServiceStartError(`The service "${spec.name}" ${what}.${tail === '' ? ' It wrote nothing.' : ` It wrote last:\n${tail}`}`);
}

/** Asks the process to end, and ends it after `grace` seconds; what it leaves behind in its session ends too. */
export async function stopService(record: ServiceRecord | undefined, grace: number): Promise<void> {
  if (record === undefined) return;
  if (livingProcess(record) !== undefined) {
    signal(record.pid, 'SIGTERM');
    const end = performance.now() + grace * 1000;
    while (livingProcess(record) !== undefined && performance.now() < end) await sleep(POLL_MS);
    if (livingProcess(record) !== undefined) signal(record.pid, 'SIGKILL');
    while (livingProcess(record) !== undefined) await sleep(POLL_MS);
  }
  for (const pid of orphansOfSession(record.pid)) signal(pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
