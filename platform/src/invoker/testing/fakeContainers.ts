import type { ActivationResponse } from '../../model/activation';
import type { Clock } from '../clock';
import type {
  CollectedLogs,
  Container,
  ContainerAnswer,
  ContainerFactory,
  ContainerSpec,
  LogOptions,
  ResponseBounds,
} from '../containers/container';
import type { ActionProfile } from '../executableAction';
import type { Job, Outcome } from '../job';

/** A promise that is settled from outside. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

/** Lets everything that is ready to go on go on. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export class VirtualClock implements Clock {
  private time = 1_000_000;
  private offset = 0;
  private readonly timers: { ms: number; next: number; action: () => void }[] = [];

  now(): number {
    return this.time + this.offset;
  }

  elapsed(): number {
    return this.time;
  }

  /** Somebody sets the clock of the machine. */
  jump(ms: number): void {
    this.offset += ms;
  }

  every(ms: number, action: () => void): () => void {
    const timer = { ms, next: this.time + ms, action };
    this.timers.push(timer);
    return () => {
      this.timers.splice(this.timers.indexOf(timer), 1);
    };
  }

  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const due = this.timers.filter((t) => t.next <= end).sort((a, b) => a.next - b.next)[0];
      if (!due) break;
      this.time = due.next;
      due.next += due.ms;
      due.action();
      await settled();
    }
    this.time = end;
    await settled();
  }
}

export const ok: ContainerAnswer = { type: 'response', status: 200, body: '{}' };

/** Every call waits until the test answers it, unless the factory answers by itself. */
export class FakeContainer implements Container {
  readonly inits: { body: string; logs: LogOptions; answer: Deferred<ContainerAnswer> }[] = [];
  readonly runs: { body: string; answer: Deferred<ContainerAnswer> }[] = [];
  suspends = 0;
  resumes = 0;
  destroyed = false;
  output: CollectedLogs | Promise<CollectedLogs> = { lines: [], complete: true };
  readonly destruction = new Deferred<void>();

  constructor(
    readonly spec: ContainerSpec,
    private readonly factory: FakeFactory,
  ) {}

  get id(): string {
    return this.spec.name;
  }

  init(body: string, _timeoutMs: number, _bounds: ResponseBounds, logs: LogOptions): Promise<ContainerAnswer> {
    const answer = new Deferred<ContainerAnswer>();
    this.inits.push({ body, logs, answer });
    if (this.factory.automatic) answer.resolve(ok);
    return answer.promise;
  }

  run(body: string): Promise<ContainerAnswer> {
    const answer = new Deferred<ContainerAnswer>();
    this.runs.push({ body, answer });
    return answer.promise;
  }

  logs(): CollectedLogs | Promise<CollectedLogs> {
    return this.output;
  }

  async suspend(): Promise<void> {
    this.suspends++;
    if (this.factory.failing.has('suspend')) throw new Error('no suspend');
  }

  async resume(): Promise<void> {
    this.resumes++;
    if (this.factory.failing.has('resume')) throw new Error('no resume');
  }

  destroy(): Promise<void> {
    this.destroyed = true;
    if (this.factory.automatic) this.destruction.resolve();
    return this.destruction.promise;
  }

  /** Answers the oldest /run that waits. */
  async answer(answer: ContainerAnswer = ok): Promise<void> {
    this.runs.shift()!.answer.resolve(answer);
    await settled();
  }
}

export class FakeFactory implements ContainerFactory {
  readonly containers: FakeContainer[] = [];
  readonly failing = new Set<'create' | 'suspend' | 'resume'>();
  createError: Error = new Error('no create');
  /** When false, the test ends each creation by itself. */
  creation: 'at once' | Deferred<void> = 'at once';

  /** `automatic`: /init succeeds and destruction ends at once. */
  constructor(readonly automatic = true) {}

  get live(): FakeContainer[] {
    return this.containers.filter((c) => !c.destroyed);
  }

  async create(spec: ContainerSpec): Promise<Container> {
    if (this.creation !== 'at once') await this.creation.promise;
    if (this.failing.has('create')) throw this.createError;
    const container = new FakeContainer(spec, this);
    this.containers.push(container);
    return container;
  }

  async removeOrphans(): Promise<void> {}

  async prepare(): Promise<void> {}

  async close(): Promise<void> {}
}

export class FakeJob implements Job {
  readonly key: string;
  told: Outcome | undefined;
  end: { outcome: Outcome; logs: string[] } | undefined;
  initFails: Error | undefined;

  constructor(
    readonly label: string,
    readonly namespace: string,
    readonly action: ActionProfile,
  ) {
    this.key = `${namespace} ${action.id}@${action.revision}`;
  }

  async initBody(): Promise<string> {
    if (this.initFails) throw this.initFails;
    return `init ${this.label}`;
  }

  runBody(): string {
    return `run ${this.label}`;
  }

  answered(outcome: Outcome): void {
    this.told = outcome;
  }

  completed(outcome: Outcome, logs: string[]): void {
    if (this.end) throw new Error(`job ${this.label} ended twice`);
    this.end = { outcome, logs };
  }

  get response(): ActivationResponse | undefined {
    return this.end?.outcome.response;
  }
}

export function profile(name: string, more: Partial<ActionProfile> & { memory?: number; concurrency?: number } = {}): ActionProfile {
  const { memory = 256, concurrency = 1, ...rest } = more;
  return {
    id: `ns/${name}`,
    name,
    version: '0.0.1',
    revision: '1',
    kind: 'nodejs:20',
    runtimeKind: rest.kind ?? 'nodejs:20',
    image: 'runtime',
    limits: { timeout: 60_000, memory, logs: 10, concurrency },
    idempotent: false,
    provideApiKey: false,
    sentinelled: true,
    ...rest,
  };
}
