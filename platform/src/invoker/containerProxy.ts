import { developerFailure, initFailure, responseTexts, runResponse, whiskFailure } from './activationResponse';
import type { Clock } from './clock';
import type { StartPart } from './coldStartTimes';
import {
  type CollectedLogs,
  type Container,
  type ContainerAnswer,
  type ContainerFactory,
  type ContainerSpec,
  ContainerStartError,
  type LogOptions,
  type ResponseBounds,
} from './containers/container';
import type { Job, Outcome } from './job';

/**
 * Life of one container. `stem`: up, without code. `running`: at least one /run under way, more may come up to the action's
 * concurrency. `ready`: initialised and idle. `paused`: suspended. `removing` takes no work and ends in `removed`.
 */
export type ProxyState =
  | 'creating'
  | 'stem'
  | 'initializing'
  | 'running'
  | 'ready'
  | 'pausing'
  | 'paused'
  | 'resuming'
  | 'removing'
  | 'removed';

export const transitions: Readonly<Record<ProxyState, readonly ProxyState[]>> = {
  creating: ['stem', 'initializing', 'removing', 'removed'],
  stem: ['initializing', 'removing'],
  initializing: ['running', 'removing'],
  running: ['ready', 'removing'],
  ready: ['running', 'pausing', 'removing'],
  pausing: ['paused', 'removing'],
  paused: ['resuming', 'removing'],
  resuming: ['running', 'removing'],
  removing: ['removed'],
  removed: [],
};

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

export interface ProxySettings {
  factory: ContainerFactory;
  clock: Clock;
  bounds: ResponseBounds;
  listener: ProxyListener;
  /** For the operator: something that the record of an activation does not tell. */
  warn(message: string): void;
}

/** When something began: as a record has it (epoch ms), and as its length is measured. */
interface Beginning {
  at: number;
  elapsed: number;
}

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

  constructor(
    readonly spec: ContainerSpec,
    private readonly settings: ProxySettings,
  ) {
    this.lastUsed = settings.clock.elapsed();
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
    if (this.state === 'ready' || this.state === 'running') {
      if (this.state === 'ready') this.to('running');
      this.execute(job);
      return;
    }
    if (this.state === 'creating' || this.state === 'stem') {
      this.key = job.key;
      this.owner = { id: job.action.id, namespace: job.namespace };
      this.concurrency = job.action.limits.concurrency;
      this.begin(job).catch((error: Error) => this.broken(job, error));
    } else {
      this.wake(job).catch((error: Error) => this.broken(job, error));
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

  private async begin(job: Job): Promise<void> {
    if (this.state === 'creating') {
      try {
        this.container = await this.create();
      } catch (error) {
        this.startFailed(job, error as Error);
        return;
      }
      if (this.is('removing')) {
        this.active--;
        this.destroy();
        this.settings.listener.reschedule(job);
        return;
      }
    }
    const wasStem = this.is('stem');
    this.to('initializing');
    await this.initialize(job, wasStem);
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

  private async initialize(job: Job, wasStem: boolean): Promise<void> {
    const { clock, bounds } = this.settings;
    const { limits } = job.action;
    const container = this.container!;
    let body: string;
    try {
      body = await job.initBody(clock.now() + limits.timeout);
    } catch (error) {
      this.settings.warn(`The code of '${job.action.id}' could not be read: ${(error as Error).message}`);
      const now = clock.now();
      this.leave();
      job.completed({ response: whiskFailure(responseTexts.actionUnreadable), start: now, end: now, timedOut: false }, []);
      return;
    }
    const begun = this.beginning();
    const answer = await container.init(body, limits.timeout, bounds, logOptions(job));
    const initTime = this.since(begun);
    if (answer.type === 'response' && answer.status === 200) {
      this.settings.listener.started(this, 'init', initTime);
      if (this.state === 'initializing') this.to('running');
      this.execute(job, begun, initTime);
      return;
    }
    if (wasStem && answer.type === 'connectionLost' && answer.unsent) {
      // it died while it waited for work
      this.leave();
      this.settings.listener.reschedule(job);
      return;
    }
    this.finish(job, container, {
      response: initFailure(answer, limits.timeout, bounds),
      start: begun.at,
      end: begun.at + initTime,
      initTime,
      timedOut: answer.type === 'timeout',
    });
  }

  /** Calls /run. `before` and `initTime` when this job initialised the container: its time began with that. */
  private execute(job: Job, before?: Beginning, initTime?: number): void {
    const { bounds } = this.settings;
    const { timeout } = job.action.limits;
    const container = this.container!;
    const begun = this.beginning();
    let answer: Promise<ContainerAnswer>;
    try {
      answer = container.run(job.runBody(begun.at + timeout), timeout, bounds);
    } catch (error) {
      this.broken(job, error as Error);
      return;
    }
    answer.then((given) => this.ran(job, container, given, before ?? begun, initTime)).catch((error: Error) => this.broken(job, error));
  }

  private ran(job: Job, container: Container, answer: ContainerAnswer, begun: Beginning, initTime: number | undefined): void {
    if (answer.type === 'connectionLost' && answer.unsent && initTime === undefined) {
      // nothing reached the container, so nothing ran
      this.leave();
      this.settings.listener.reschedule(job);
      return;
    }
    const response = runResponse(answer, job.action.limits.timeout, this.settings.bounds);
    const end = begun.at + this.since(begun);
    this.finish(job, container, { response, start: begun.at, end, initTime, timedOut: answer.type === 'timeout' });
  }

  private finish(job: Job, container: Container, outcome: Outcome): void {
    const failed = outcome.response.statusCode >= 2;
    // a container that did not answer in time must die before its output can end
    if (outcome.timedOut) this.remove();
    const logs = container.logs(failed);
    if (!(logs instanceof Promise)) {
      this.settle(job, outcome, logs, failed);
      return;
    }
    job.answered(outcome);
    if (!failed) this.settings.listener.collecting(this, true);
    logs
      .catch((error: Error) => {
        this.settings.warn(`Logs of container ${this.spec.name} could not be read: ${error.message}`);
        return { lines: [], complete: false };
      })
      .then((collected) => {
        if (!failed) this.settings.listener.collecting(this, false);
        this.settle(job, outcome, collected, failed);
      })
      .catch((error: Error) => this.broken(job, error));
  }

  private settle(job: Job, outcome: Outcome, logs: CollectedLogs, failed: boolean): void {
    // first the container, so that whoever hears of the free slot finds it free
    if (failed) this.leave();
    else this.release();
    job.completed(outcome, logs.lines);
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

  private async wake(job: Job): Promise<void> {
    await this.pausing;
    if (this.is('paused')) {
      this.to('resuming');
      try {
        await this.container!.resume();
        if (this.is('resuming')) this.to('running');
      } catch (error) {
        this.settings.warn(`Container ${this.spec.name} could not be resumed: ${(error as Error).message}`);
        this.remove();
      }
    }
    // another job may have woken it meanwhile
    if (this.is('ready')) this.to('running');
    if (this.is('running')) {
      this.execute(job);
      return;
    }
    this.active--;
    this.settings.listener.reschedule(job);
  }

  private beginning(): Beginning {
    const { clock } = this.settings;
    return { at: clock.now(), elapsed: clock.elapsed() };
  }

  /** Whole ms. */
  private since({ elapsed }: Beginning): number {
    return Math.round(this.settings.clock.elapsed() - elapsed);
  }

  /** A fault of a driver or of this code: the job still has to end. */
  private broken(job: Job, error: Error): void {
    this.settings.warn(`Container ${this.spec.name} failed: ${error.message}`);
    this.leave();
    const now = this.settings.clock.now();
    job.completed({ response: whiskFailure(responseTexts.notProvisioned), start: now, end: now, timedOut: false }, []);
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

function logOptions(job: Job): LogOptions {
  return { limit: job.action.limits.logs * 1024 * 1024, sentinelled: job.action.sentinelled };
}
