import type { SystemLimits } from '../config/settings';
import type { Identity } from '../model/identity';
import { TooManyRequests } from './http/errors';

/** In-flight activations of a namespace; the balancer knows. */
export interface ActivationCounter {
  activeOf(namespaceUuid: string): number;
}

/** Requests of a namespace in the current clock minute. Refused ones count too, as in OpenWhisk. */
class MinuteCounter {
  private minute = 0;
  private counts = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  increment(key: string): number {
    const minute = Math.floor(this.now() / 60_000);
    if (minute !== this.minute) {
      this.minute = minute;
      this.counts = new Map();
    }
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return count;
  }
}

/** Rates and concurrency a namespace; reference invocation, section 10. */
export class Throttles {
  private readonly invocations: MinuteCounter;
  private readonly fires: MinuteCounter;

  constructor(
    private readonly limits: SystemLimits,
    private readonly active: ActivationCounter,
    now: () => number = Date.now,
  ) {
    this.invocations = new MinuteCounter(now);
    this.fires = new MinuteCounter(now);
  }

  invoke(caller: Identity): void {
    const { uuid } = caller.namespace;
    rate(this.invocations.increment(uuid), caller.limits.invocationsPerMinute ?? this.limits.invocationsPerMinute);
    const allowed = caller.limits.concurrentInvocations ?? this.limits.concurrentInvocations;
    const active = this.active.activeOf(uuid);
    if (active >= allowed) throw new TooManyRequests(`Too many concurrent requests in flight (count: ${active}, allowed: ${allowed}).`);
  }

  fire(caller: Identity): void {
    rate(this.fires.increment(caller.namespace.uuid), caller.limits.firesPerMinute ?? this.limits.firesPerMinute);
  }
}

function rate(count: number, allowed: number): void {
  if (count > allowed) throw new TooManyRequests(`Too many requests in the last minute (count: ${count}, allowed: ${allowed}).`);
}
