import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LogCollector } from '../../logs/logCollector';
import type { WaitingRoom } from '../../logs/waitingRoom';
import type { CollectedLogs, Container, ContainerAnswer, ContainerSpec, LogOptions, ResponseBounds } from '../container';
import { ContainerClient } from '../containerClient';
import type { MemoryWatch } from './memoryWatch';
import type { ProcessRecord } from './processRecords';

/** How long the end of a process is waited for after its connection broke, ms. */
const exitWait = 5_000;
/** How long the rest of its output is waited for then, ms. */
const drainWait = 200;
const drainStep = 5;
/** What V8 prints when the heap is full, before it aborts. */
const heapExhausted = 'JavaScript heap out of memory';

export interface ProcessContainerParts {
  spec: ContainerSpec;
  child: ChildProcess;
  socketPath: string;
  directory: string;
  record: ProcessRecord;
  memory: MemoryWatch;
  room: WaitingRoom;
  /** Called once when the container is gone. */
  removed: () => void;
}

/** A runtime in a process group of its own. Its memory is watched, not fenced: this is for code that is trusted. */
export class ProcessContainer implements Container {
  readonly id: string;
  readonly spec: ContainerSpec;
  private readonly client: ContainerClient;
  private readonly collector: LogCollector;
  private readonly exited: Promise<void>;
  private outOfMemory = false;
  /** /init was sent and the /run of the same activation was not. */
  private initialising = false;
  private destroyed: Promise<void> | undefined;

  constructor(private readonly parts: ProcessContainerParts) {
    const { spec, child, socketPath, memory, room } = parts;
    this.id = spec.name;
    this.spec = spec;
    this.collector = new LogCollector(room);
    this.collector.attach('stdout', child.stdout as Readable);
    this.collector.attach('stderr', child.stderr as Readable);
    this.client = new ContainerClient({ socketPath }, () => this.diagnose(), false);
    this.exited = new Promise((resolve) => {
      child.once('exit', (_code, signal) => {
        if (signal === 'SIGABRT' && this.collector.mentions(heapExhausted)) this.outOfMemory = true;
        memory.forget(this.pid);
        // whatever the runtime had started ends with it
        this.signal('SIGKILL');
        resolve();
      });
    });
    memory.watch(this.pid, spec.memory, () => {
      this.outOfMemory = true;
      this.signal('SIGKILL');
    });
  }

  get pid(): number {
    return this.parts.child.pid!;
  }

  init(body: string, timeoutMs: number, bounds: ResponseBounds, logs: LogOptions): Promise<ContainerAnswer> {
    this.collector.configure(logs);
    this.collector.begin();
    this.initialising = true;
    return this.client.init(body, timeoutMs, bounds);
  }

  run(body: string, timeoutMs: number, bounds: ResponseBounds): Promise<ContainerAnswer> {
    if (this.initialising) this.initialising = false;
    else this.collector.begin();
    return this.client.run(body, timeoutMs, bounds);
  }

  logs(failed: boolean): CollectedLogs | Promise<CollectedLogs> {
    return this.collector.collect(failed);
  }

  async suspend(): Promise<void> {
    this.signal('SIGSTOP');
  }

  async resume(): Promise<void> {
    this.signal('SIGCONT');
  }

  destroy(): Promise<void> {
    this.destroyed ??= this.remove();
    return this.destroyed;
  }

  private async remove(): Promise<void> {
    this.signal('SIGKILL');
    this.client.close();
    await this.exited;
    await this.drained();
    this.parts.removed();
    await rm(this.parts.directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    await rm(this.parts.socketPath, { force: true }).catch(() => undefined);
    this.parts.record.remove();
  }

  /** What is left in the pipes is read; a stranger who inherited them does not keep them open. */
  private async drained(): Promise<void> {
    const pipes = this.parts.child.stdio.filter((pipe) => !!pipe);
    for (let waited = 0; waited < drainWait && pipes.some((pipe) => !pipe.destroyed); waited += drainStep) {
      await new Promise((resolve) => setTimeout(resolve, drainStep));
    }
    for (const pipe of pipes) pipe.destroy();
  }

  private signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, name);
    } catch {
      // the group is gone
    }
  }

  /** A connection breaks a moment before the end of its process is known. */
  private async diagnose(): Promise<{ outOfMemory: boolean }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, exitWait);
    });
    await Promise.race([this.exited, late]);
    clearTimeout(timer);
    return { outOfMemory: this.outOfMemory };
  }
}
