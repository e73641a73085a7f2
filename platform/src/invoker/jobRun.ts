import { initFailure, responseTexts, runResponse, whiskFailure } from './activationResponse';
import type { Clock } from './clock';
import type { CollectedLogs, Container, ContainerAnswer, LogOptions, ResponseBounds } from './containers/container';
import type { Job, Outcome } from './job';

export interface RunSettings {
  clock: Clock;
  bounds: ResponseBounds;
  /** For the operator: something that the record of an activation does not tell. */
  warn(message: string): void;
}

/** The container of a run, as the run sees it. */
export interface RunHost {
  /** Name of the container. */
  readonly name: string;
  /** There once the container is up. */
  readonly container: Container;
  /** /init has succeeded and took `ms`. */
  initialised(ms: number): void;
  /** The container did not answer in time and must die. */
  timedOut(): void;
  /** The job was answered and only its output is still read (`true`); that has ended too (`false`). */
  collecting(under: boolean): void;
  /** The job's place is free; the container can be `usable` for others. */
  ended(usable: boolean): void;
  /** Nothing of the job reached the container, which is not usable: the job needs another one. */
  neverBegan(job: Job): void;
}

/** When something began: as a record has it (epoch ms), and as its length is measured. */
interface Beginning {
  at: number;
  elapsed: number;
}

/** One job in a container: /init where it is needed, /run, its output, and what becomes of it. */
export class JobRun {
  /** Set when this job initialises the container: its time begins with that. */
  private begun: Beginning | undefined;
  /** Whole ms. */
  private initTime: number | undefined;

  constructor(
    readonly job: Job,
    private readonly settings: RunSettings,
    private readonly host: RunHost,
  ) {}

  /** Calls /init, then /run. A container that `wasStem` may have died unnoticed before. */
  async initialise(wasStem: boolean): Promise<void> {
    const { job, host } = this;
    const { clock, bounds } = this.settings;
    const { limits } = job.action;
    let body: string;
    try {
      body = await job.initBody(clock.now() + limits.timeout);
    } catch (error) {
      this.settings.warn(`The code of '${job.action.id}' could not be read: ${(error as Error).message}`);
      this.abandon(responseTexts.actionUnreadable);
      return;
    }
    const begun = this.beginning();
    const answer = await host.container.init(body, limits.timeout, bounds, logOptions(job));
    const initTime = this.since(begun);
    if (answer.type === 'response' && answer.status === 200) {
      this.begun = begun;
      this.initTime = initTime;
      host.initialised(initTime);
      this.execute();
      return;
    }
    if (wasStem && answer.type === 'connectionLost' && answer.unsent) {
      host.neverBegan(job);
      return;
    }
    this.finish({
      response: initFailure(answer, limits.timeout, bounds),
      start: begun.at,
      end: begun.at + initTime,
      initTime,
      timedOut: answer.type === 'timeout',
    });
  }

  /** Calls /run. */
  execute(): void {
    const { job, host } = this;
    const { timeout } = job.action.limits;
    const begun = this.beginning();
    let answer: Promise<ContainerAnswer>;
    try {
      answer = host.container.run(job.runBody(begun.at + timeout), timeout, this.settings.bounds);
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    answer.then((given) => this.ran(given, this.begun ?? begun)).catch((error: Error) => this.fail(error));
  }

  /** A fault of a driver or of this code: the job still has to end. */
  fail(error: Error): void {
    this.settings.warn(`Container ${this.host.name} failed: ${error.message}`);
    this.abandon(responseTexts.notProvisioned);
  }

  private abandon(text: string): void {
    this.host.ended(false);
    const now = this.settings.clock.now();
    this.job.completed({ response: whiskFailure(text), start: now, end: now, timedOut: false }, []);
  }

  private ran(answer: ContainerAnswer, begun: Beginning): void {
    const { job, initTime } = this;
    if (answer.type === 'connectionLost' && answer.unsent && initTime === undefined) {
      this.host.neverBegan(job);
      return;
    }
    const response = runResponse(answer, job.action.limits.timeout, this.settings.bounds);
    const end = begun.at + this.since(begun);
    this.finish({ response, start: begun.at, end, initTime, timedOut: answer.type === 'timeout' });
  }

  private finish(outcome: Outcome): void {
    const { job, host } = this;
    const failed = outcome.response.statusCode >= 2;
    // a container that did not answer in time must die before its output can end
    if (outcome.timedOut) host.timedOut();
    const logs = host.container.logs(failed);
    if (!(logs instanceof Promise)) {
      this.settle(outcome, logs, failed);
      return;
    }
    job.answered(outcome);
    if (!failed) host.collecting(true);
    logs
      .catch((error: Error) => {
        this.settings.warn(`Logs of container ${host.name} could not be read: ${error.message}`);
        return { lines: [], complete: false };
      })
      .then((collected) => {
        if (!failed) host.collecting(false);
        this.settle(outcome, collected, failed);
      })
      .catch((error: Error) => this.fail(error));
  }

  private settle(outcome: Outcome, logs: CollectedLogs, failed: boolean): void {
    // first the container, so that whoever hears of the free slot finds it free
    this.host.ended(!failed);
    this.job.completed(outcome, logs.lines);
  }

  private beginning(): Beginning {
    const { clock } = this.settings;
    return { at: clock.now(), elapsed: clock.elapsed() };
  }

  /** Whole ms. */
  private since({ elapsed }: Beginning): number {
    return Math.round(this.settings.clock.elapsed() - elapsed);
  }
}

function logOptions(job: Job): LogOptions {
  return { limit: job.action.limits.logs * 1024 * 1024, sentinelled: job.action.sentinelled };
}
