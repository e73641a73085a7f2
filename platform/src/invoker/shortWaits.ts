import type { Clock } from './clock';
import { ColdStartTimes, type StartPart } from './coldStartTimes';
import type { ContainerMemory } from './containerMemory';
import type { Waiting } from './runBuffer';
import type { WarmContainers } from './warmContainers';

/** What one look at the waiting jobs has found. */
export interface Look {
  /** How many containers that read their output are promised, by key. */
  promised: Map<string, number>;
  /** Whether room for a container would cost others one, by its memory. */
  costs: Map<number, boolean>;
}

/** Tells which waiting jobs do better to wait a little longer than to start a container. */
export class ShortWaits {
  /** How many containers of a key have answered and read the output of their job. */
  private readonly collecting = new Map<string, number>();
  private readonly coldStarts = new ColdStartTimes();
  /** When the first of the jobs that wait loses its patience (ms of `elapsed`), and the end of the timer for it. */
  private nextImpatience = Number.POSITIVE_INFINITY;
  private stopTimer: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly warm: WarmContainers,
    private readonly memory: ContainerMemory,
    /** Called when some job has waited as long as it should. */
    private readonly overdue: () => void,
  ) {}

  started(kind: string, part: StartPart, ms: number): void {
    this.coldStarts.note(kind, part, ms);
  }

  noteCollecting(key: string, under: boolean): void {
    const count = (this.collecting.get(key) ?? 0) + (under ? 1 : -1);
    if (count > 0) this.collecting.set(key, count);
    else this.collecting.delete(key);
  }

  look(): Look {
    return { promised: new Map(), costs: new Map() };
  }

  /**
   * Whether the job does better to wait, which is so as long as a cold start would take longer: a container of its key has answered and only reads its output,
   * and that is not promised to an older job; or one is busy, and a new one could only be had at the cost of somebody who was served a moment ago.
   */
  isSoonServed({ job, since }: Waiting, { promised, costs }: Look): boolean {
    const { key } = job;
    if (!this.warm.has(key) || this.warm.hasFree(key)) return false;
    const until = since + this.coldStarts.expected(job.action.runtimeKind);
    if (this.clock.elapsed() >= until) return false;
    const before = promised.get(key) ?? 0;
    if (before < (this.collecting.get(key) ?? 0)) promised.set(key, before + 1);
    else if (!this.costsOthers(job.action.limits.memory, costs)) return false;
    this.lookAgain(until);
    return true;
  }

  close(): void {
    this.closed = true;
    this.stopTimer?.();
  }

  private costsOthers(memory: number, costs: Look['costs']): boolean {
    let cost = costs.get(memory);
    if (cost === undefined) {
      cost = this.memory.costsOthers(memory);
      costs.set(memory, cost);
    }
    return cost;
  }

  private lookAgain(at: number): void {
    if (at >= this.nextImpatience || this.closed) return;
    this.stopTimer?.();
    this.nextImpatience = at;
    this.stopTimer = this.clock.every(Math.max(1, Math.ceil(at - this.clock.elapsed())), () => {
      this.stopTimer?.();
      this.stopTimer = undefined;
      this.nextImpatience = Number.POSITIVE_INFINITY;
      this.overdue();
    });
  }
}
