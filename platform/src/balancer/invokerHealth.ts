import type { InvokerStatus } from './loadBalancer';

export type HealthState = 'offline' | 'unhealthy' | 'unresponsive' | 'healthy';

/** How a completion went, as supervision sees it: errors of users and developers are successes of the invoker. */
export type InvocationOutcome = 'success' | 'systemError' | 'timeout';

/** Outcomes remembered, and how many of one bad kind among them are tolerated. */
const remembered = 10;
const tolerance = 3;
/** ms without a ping after which an invoker counts as gone. */
export const pingTimeout = 10_000;
/** ms between test actions while an invoker is not trusted. */
export const testInterval = 60_000;

export interface HealthListener {
  changed(from: HealthState, to: HealthState): void;
  /** A test action is due. */
  test(): void;
}

/** The state machine of one invoker: reference load-balancer, section 6. Times are epoch ms and given from outside. */
export class InvokerHealth {
  private readonly outcomes: InvocationOutcome[] = [];
  private current: HealthState = 'offline';
  private lastPing = 0;
  private lastTest = 0;

  constructor(private readonly listener: HealthListener) {}

  get state(): HealthState {
    return this.current;
  }

  get usable(): boolean {
    return this.current === 'healthy';
  }

  get status(): InvokerStatus {
    return statusOf[this.current];
  }

  /** `enabled` false: the invoker says that it takes no more work. */
  ping(now: number, enabled: boolean): void {
    this.lastPing = now;
    if (!enabled) this.enter('offline', now);
    else if (this.current === 'offline') this.enter('unhealthy', now);
  }

  /** The end of an activation, or that it never came. */
  outcome(outcome: InvocationOutcome, now: number): void {
    this.outcomes.push(outcome);
    if (this.outcomes.length > remembered) this.outcomes.shift();
    const before = this.current;
    this.enter(this.next(outcome), now);
    // one success after another pushes the errors out of the ring, without waiting a minute for each
    if (outcome === 'success' && before === 'unhealthy' && this.current === 'unhealthy') this.test(now);
  }

  /** To be called about every second. */
  tick(now: number): void {
    if (this.current === 'offline') return;
    if (now - this.lastPing >= pingTimeout) this.enter('offline', now);
    else if (!this.usable && now - this.lastTest >= testInterval) this.test(now);
  }

  private next(outcome: InvocationOutcome): HealthState {
    if (this.current === 'offline' || (this.current === 'healthy' && outcome === 'success')) return this.current;
    if (this.count('systemError') > tolerance) return 'unhealthy';
    if (this.count('timeout') > tolerance) return 'unresponsive';
    if (outcome === 'success') return 'healthy';
    // too little is known yet for tolerance
    if (this.outcomes.length <= tolerance) return outcome === 'systemError' ? 'unhealthy' : 'unresponsive';
    return this.current;
  }

  private count(outcome: InvocationOutcome): number {
    return this.outcomes.filter((o) => o === outcome).length;
  }

  private enter(state: HealthState, now: number): void {
    const from = this.current;
    if (state === from) return;
    this.current = state;
    this.listener.changed(from, state);
    if (state === 'unhealthy' || state === 'unresponsive') this.test(now);
  }

  private test(now: number): void {
    this.lastTest = now;
    this.listener.test();
  }
}

const statusOf: Record<HealthState, InvokerStatus> = {
  offline: 'down',
  unhealthy: 'unhealthy',
  unresponsive: 'unresponsive',
  healthy: 'up',
};
