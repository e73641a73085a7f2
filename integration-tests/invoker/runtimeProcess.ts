import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CollectedLogs, Container, ContainerAnswer } from '../../platform/src/invoker/containers/container';
import { ProcessContainerFactory } from '../../platform/src/invoker/containers/process/processContainerFactory';

/** ms; a machine that does much else takes its time over compiling an action. */
const initTimeout = 30_000;
const bounds = { max: 8 * 1024 * 1024, truncation: 1024 };

export interface InitValue {
  code: string;
  main?: string;
  binary?: boolean;
  env?: Record<string, string>;
}

export interface ContainerChoice {
  memory?: number;
  environment?: Record<string, string>;
  /** Bytes. */
  logLimit?: number;
  /** Of a run, ms. */
  timeout?: number;
}

/** A real container, spoken to the way an invoker does. */
export class RuntimeContainer<C extends Container = Container> {
  constructor(
    readonly container: C,
    private readonly choice: ContainerChoice,
  ) {}

  init(value: InitValue): Promise<ContainerAnswer> {
    const { logLimit = 10 * 1024 * 1024 } = this.choice;
    const body = JSON.stringify({ value: { name: 'a', main: 'main', binary: false, ...value } });
    return this.container.init(body, initTimeout, bounds, { limit: logLimit, sentinelled: true });
  }

  run(value: unknown, context: Record<string, string> = {}): Promise<ContainerAnswer> {
    return this.container.run(JSON.stringify({ value, ...context }), this.choice.timeout ?? 10_000, bounds);
  }

  /** Lines without their time. */
  async lines(failed = false): Promise<string[]> {
    const logs: CollectedLogs = await this.container.logs(failed);
    return logs.lines.map((line) => line.slice(31));
  }
}

/** A container that is a process of this machine. */
export type RuntimeProcess = RuntimeContainer<Container & { pid: number }>;

/** A factory in a directory of its own; `close` leaves nothing. */
export class RuntimeProcesses {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'invoker-'));
  readonly warnings: string[] = [];
  readonly factory = new ProcessContainerFactory({ dataDir: this.dataDir, warn: (m) => this.warnings.push(m) });
  private count = 0;

  async start(kind: string, choice: ContainerChoice = {}): Promise<RuntimeProcess> {
    const { memory = 256, environment = {} } = choice;
    const container = await this.factory.create({ name: `c${++this.count}`, kind, image: '', memory, environment });
    return new RuntimeContainer(container as Container & { pid: number }, choice);
  }

  async close(): Promise<void> {
    await this.factory.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** False also for one that has ended and whose parent did not look yet. */
export function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]![0] !== 'Z';
  } catch {
    return false;
  }
}

/** Waits until `condition` holds; fails when it does not in time. */
export async function eventually(condition: () => boolean, timeoutMs = 60_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; !condition(); ) {
    if (Date.now() > end) throw new Error('What was waited for did not happen in time.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
