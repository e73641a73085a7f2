import { developerFailure, responseTexts, whiskFailure } from './activationResponse';
import type { StartPart } from './coldStartTimes';
import { type ProxyState, transitions } from './containerState';
import { type Container, type ContainerFactory, type ContainerSpec, ContainerStartError } from './containers/container';
import type { Job } from './job';
import { JobRun, type RunHost, type RunSettings } from './jobRun';

/** The pool, as its containers see it. */
export interface ProxyListener {
  /** A stem cell is up. */
  stemReady(proxy: ContainerProxy): void;
  /** A part of a start has succeeded and took `ms`. */
  started(proxy: ContainerProxy, part: StartPart, ms: number): void;
  /** A job was answered and only its output is still read (`true`); that has ended too (`false`). */
  collecting(proxy: ContainerProxy, under: boolean): void;
  /** The container can take (another) job of its key. */
  available(proxy: ContainerProxy): void;
  /** It takes no more jobs; its memory is still in use. */
  leaving(proxy: ContainerProxy): void;
  /** Its memory is free. */
  removed(proxy: ContainerProxy): void;
  /** The job never began; it needs another container. */
  reschedule(job: Job): void;
}

export interface ProxySettings extends RunSettings {
  factory: ContainerFactory;
  listener: ProxyListener;
}

/** One container of a pool through its life, and the places for jobs in it. */
export class ContainerProxy {
  state: ProxyState = 'creating';
  /** Set by the first job: from then on only jobs of this key come. */
  key: string | undefined;
  /** The first job's action, and the namespace it ran for. */
  owner: { id: string; namespace: string } | undefined;
  /** Jobs in it, from the moment they are handed over until their output is collected. */
  active = 0;
  /** ms of the clock's `elapsed`. */
  lastUsed: number;
  /** The pool's own note: whether it stands among those that can take a job. */
  listed = false;
  /** Jobs at a time; set by the first job. */
  private concurrency = 1;
  private container: Container | undefined;
  private pausing: Promise<void> | undefined;
  private resuming: Promise<void> | undefined;

  private readonly host: RunHost;

  constructor(
    readonly spec: ContainerSpec,
    private readonly settings: ProxySettings,
  ) {
    this.lastUsed = settings.clock.elapsed();
    this.host = this.runHost();
  }

  get memory(): number {
    return this.spec.memory;
  }

  /** Whether a job of its key can be handed over now. */
  get hasCapacity(): boolean {
    if (this.active >= this.concurrency) return false;
    return this.state === 'ready' || this.state === 'running' || this.state === 'pausing' || this.state === 'paused';
  }

  /** Whether one more job fills it. */
  get lastSlot(): boolean {
    return this.active + 1 >= this.concurrency;
  }

  get isIdle(): boolean {
    return this.active === 0 && (this.state === 'ready' || this.state === 'paused');
  }

  /** Starts a container without code. */
  startStem(): void {
    this.create().then(
      (container) => {
        this.container = container;
        if (this.state === 'removing') {
          this.destroy();
          return;
        }
        this.to('stem');
        this.settings.listener.stemReady(this);
      },
      (error: Error) => {
        this.settings.warn(`A stem cell of kind '${this.spec.kind}' could not be started: ${error.message}`);
        this.gone();
      },
    );
  }

  /** Hands a job over. Allowed in `creating` (its first job), in `stem`, and whenever `hasCapacity`. */
  run(job: Job): void {
    this.active++;
    const run = new JobRun(job, this.settings, this.host);
    if (this.state === 'ready' || this.state === 'running') {
      if (this.state === 'ready') this.to('running');
      run.execute();
      return;
    }
    if (this.state === 'creating' || this.state === 'stem') {
      this.key = job.key;
      this.owner = { id: job.action.id, namespace: job.namespace };
      this.concurrency = job.action.limits.concurrency;
      this.begin(run).catch((error: Error) => run.fail(error));
    } else {
      this.wake(run).catch((error: Error) => run.fail(error));
    }
  }

  pause(): void {
    this.to('pausing');
    this.pausing = this.container!.suspend().then(
      () => {
        if (this.state === 'pausing') this.to('paused');
      },
      (error: Error) => {
        this.settings.warn(`Container ${this.spec.name} could not be paused: ${error.message}`);
        if (this.state === 'pausing') this.remove();
      },
    );
  }

  /** Ends the container; jobs in it end as their connections break. */
  remove(): void {
    if (this.state === 'removing' || this.state === 'removed') return;
    const creating = this.state === 'creating';
    this.to('removing');
    this.settings.listener.leaving(this);
    // one that is still being made is destroyed when it is there
    if (!creating) this.destroy();
  }

  private async create(): Promise<Container> {
    const { clock, factory, listener } = this.settings;
    const before = clock.elapsed();
    const container = await factory.create(this.spec);
    listener.started(this, 'create', clock.elapsed() - before);
    return container;
  }

  private async begin(run: JobRun): Promise<void> {
    if (this.state === 'creating') {
      try {
        this.container = await this.create();
      } catch (error) {
        this.startFailed(run.job, error as Error);
        return;
      }
      if (this.is('removing')) {
        this.active--;
        this.destroy();
        this.settings.listener.reschedule(run.job);
        return;
      }
    }
    const wasStem = this.is('stem');
    this.to('initializing');
    await run.initialise(wasStem);
  }

  private startFailed(job: Job, error: Error): void {
    this.settings.warn(`No container for '${job.action.id}': ${error.message}`);
    const now = this.settings.clock.now();
    const response =
      error instanceof ContainerStartError && error.fault === 'image'
        ? developerFailure(error.message)
        : whiskFailure(responseTexts.notProvisioned);
    this.active--;
    this.gone();
    job.completed({ response, start: now, end: now, timedOut: false }, []);
  }

  private runHost(): RunHost {
    const { listener } = this.settings;
    const container = () => this.container!;
    return {
      name: this.spec.name,
      get container() {
        return container();
      },
      initialised: (ms) => {
        listener.started(this, 'init', ms);
        if (this.state !== 'initializing') return;
        this.to('running');
        // others need not wait for the end of the first job
        if (this.hasCapacity) listener.available(this);
      },
      timedOut: () => this.remove(),
      collecting: (under) => listener.collecting(this, under),
      ended: (usable) => (usable ? this.release() : this.leave()),
      neverBegan: (job) => {
        this.leave();
        listener.reschedule(job);
      },
    };
  }

  private release(): void {
    this.active--;
    this.lastUsed = this.settings.clock.elapsed();
    if (this.state !== 'running') return;
    if (this.active === 0) this.to('ready');
    this.settings.listener.available(this);
  }

  /** The end of a job after which the container is not used again. */
  private leave(): void {
    this.active--;
    this.remove();
  }

  private async wake(run: JobRun): Promise<void> {
    await this.pausing;
    if (this.is('paused')) this.resuming = this.resume();
    // also when another job has just begun to wake it
    await this.resuming;
    if (this.is('ready')) this.to('running');
    if (this.is('running')) {
      run.execute();
      return;
    }
    this.active--;
    this.settings.listener.reschedule(run.job);
  }

  private async resume(): Promise<void> {
    this.to('resuming');
    try {
      await this.container!.resume();
      if (this.is('resuming')) this.to('running');
    } catch (error) {
      this.settings.warn(`Container ${this.spec.name} could not be resumed: ${(error as Error).message}`);
      this.remove();
    }
  }

  /** The state after other code may have changed it. */
  private is(state: ProxyState): boolean {
    return this.state === state;
  }

  private destroy(): void {
    this.container!.destroy().then(
      () => this.gone(),
      (error: Error) => {
        this.settings.warn(`Container ${this.spec.name} could not be removed: ${error.message}`);
        this.gone();
      },
    );
  }

  private gone(): void {
    if (this.state !== 'removing') this.settings.listener.leaving(this);
    this.to('removed');
    this.settings.listener.removed(this);
  }

  private to(next: ProxyState): void {
    if (!transitions[this.state].includes(next)) throw new Error(`A container cannot go from '${this.state}' to '${next}'.`);
    this.state = next;
  }
}
