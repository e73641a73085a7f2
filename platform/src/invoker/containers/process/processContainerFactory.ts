import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { WaitingRoom } from '../../logs/waitingRoom';
import { type Container, type ContainerFactory, type ContainerSpec, ContainerStartError } from '../container';
import { Executables } from './executables';
import { MemoryWatch } from './memoryWatch';
import { ProcessContainer } from './processContainer';
import { findProcessLimits, type ProcessLimits } from './processLimits';
import { ProcessRecords } from './processRecords';
import type { RuntimeCommand } from './runtimeCommand';
import { WorkingRoot } from './workingRoot';

export interface ProcessContainerOptions {
  /** Outlives the platform: notes about live processes are kept here. */
  dataDir: string;
  /** Directory of the runtimes; by default the one that comes with the platform. */
  runtimes?: string;
  /** Told what an operator should know, in one sentence. */
  warn?: (message: string) => void;
  /** ms a runtime may take until it answers; default 30 s. */
  startTimeout?: number;
}

/**
 * Containers as processes of this machine: for a laptop or a test, where code is trusted. Each has a process group, a working directory and a clean
 * environment of its own; nothing keeps it from reading what the user of the platform can read.
 */
export class ProcessContainerFactory implements ContainerFactory {
  private readonly executables: Executables;
  private readonly records: ProcessRecords;
  private readonly memory = new MemoryWatch();
  private readonly room = new WaitingRoom();
  private readonly containers = new Set<ProcessContainer>();
  private readonly startTimeout: number;
  private readonly root = new WorkingRoot();
  private limits: Promise<ProcessLimits> | undefined;
  private counter = 0;

  constructor(private readonly options: ProcessContainerOptions) {
    const warn = options.warn ?? (() => undefined);
    this.executables = new Executables(options.runtimes ?? path.join(__dirname, '../../../../runtimes'), warn);
    this.records = new ProcessRecords(path.join(options.dataDir, 'containers'));
    this.startTimeout = options.startTimeout ?? 30_000;
  }

  async create(spec: ContainerSpec): Promise<Container> {
    const command = await this.executables.commandFor(spec.kind, spec.memory);
    this.limits ??= findProcessLimits();
    const limits = await this.limits;
    const number = ++this.counter;
    const directory = path.join(this.root.path, String(number));
    const socketPath = path.join(this.root.path, `${number}.sock`);
    await mkdir(path.join(directory, 'tmp'), { recursive: true, mode: 0o700 });
    const child = this.spawn(spec, limits.wrap(command), directory, socketPath);
    child.on('error', () => undefined);
    try {
      await spawned(child);
      const container = this.adopt(spec, child, directory, socketPath);
      try {
        await listening(child, this.startTimeout);
      } catch (error) {
        await container.destroy();
        throw error;
      }
      return container;
    } catch (error) {
      endGroup(child);
      await rm(directory, { recursive: true, force: true });
      throw new ContainerStartError(`The runtime of kind '${spec.kind}' did not start: ${(error as Error).message}`, 'platform');
    }
  }

  async removeOrphans(): Promise<void> {
    const killed = await this.records.removeAll();
    await this.root.removeAbandoned();
    if (killed > 0) this.options.warn?.(`${killed} containers of an earlier run were still alive and have been removed.`);
  }

  async prepare(): Promise<void> {}

  async close(): Promise<void> {
    await Promise.all([...this.containers].map((c) => c.destroy()));
    this.room.close();
    this.root.remove();
  }

  private adopt(spec: ContainerSpec, child: ChildProcess, directory: string, socketPath: string): ProcessContainer {
    const record = this.records.add(spec.name, child.pid!, [directory, socketPath]);
    const removed = () => this.containers.delete(container);
    const container = new ProcessContainer({ spec, child, socketPath, directory, record, memory: this.memory, room: this.room, removed });
    this.containers.add(container);
    return container;
  }

  private spawn(spec: ContainerSpec, command: RuntimeCommand, directory: string, socketPath: string): ChildProcess {
    return spawn(command.executable, command.args, {
      cwd: directory,
      // a group of its own, so that everything the action starts can be ended at once
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // nothing of the platform's own environment: that holds the admin key
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: directory,
        TMPDIR: path.join(directory, 'tmp'),
        LANG: 'C.UTF-8',
        ...command.environment,
        ...spec.environment,
        OPENWHISK_RUNTIME_SOCKET: socketPath,
        OPENWHISK_RUNTIME_LIFELINE: '3',
      },
    });
  }
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** The runtime says so on the pipe it also watches for the platform's end. */
function listening(child: ChildProcess, timeoutMs: number): Promise<void> {
  const lifeline = child.stdio[3] as Duplex;
  lifeline.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it took more than ${timeoutMs} ms.`)), timeoutMs);
    lifeline.once('data', () => {
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${signal ?? `exit code ${code}`}.`));
    });
  });
}
