import type { Announcement, NamespaceCounts } from '../bus/announcement';
import type { SystemLimits } from '../config/settings';
import type { Identity } from '../model/identity';
import { TooManyRequests } from './http/errors';

/** In-flight activations of namespaces; the balancer knows. */
export interface ActivationCounter {
  activeOf(namespaceUuid: string): number;
  readonly activeNamespaces: ReadonlyMap<string, number>;
}

/** The controllers of a cluster. */
export interface Controllers {
  /** This one included. */
  readonly count: number;
  /** What the other ones count of a namespace in a clock minute (epoch ms / 60000). */
  countedElsewhere(namespaceUuid: string, minute: number): NamespaceCounts;
}

const nothing: NamespaceCounts = { invocations: 0, fires: 0, active: 0 };
const alone: Controllers = { count: 1, countedElsewhere: () => nothing };

/** Namespaces whose counts are told to others: enough for those that come near their limits. */
const maxTold = 2000;

/** Requests of a namespace in the current clock minute. Refused ones count too, as in OpenWhisk. */
class MinuteCounter {
  private minute = 0;
  private counts = new Map<string, number>();

  increment(key: string, minute: number): number {
    const counts = this.in(minute);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  }

  in(minute: number): Map<string, number> {
    if (minute !== this.minute) {
      this.minute = minute;
      this.counts = new Map();
    }
    return this.counts;
  }
}

/**
 * Rates and concurrency a namespace; reference invocation, section 10. Several controllers tell each other their counts, so that a limit
 * is that of the cluster, whichever of them is asked.
 */
export class Throttles {
  private readonly invocations = new MinuteCounter();
  private readonly fires = new MinuteCounter();

  constructor(
    private readonly limits: SystemLimits,
    private readonly active: ActivationCounter,
    private readonly controllers: Controllers = alone,
    private readonly now: () => number = Date.now,
  ) {}

  invoke(caller: Identity): void {
    const { uuid } = caller.namespace;
    const minute = this.minute();
    const others = this.controllers.countedElsewhere(uuid, minute);
    const count = this.invocations.increment(uuid, minute) + others.invocations;
    rate(count, caller.limits.invocationsPerMinute ?? this.limits.invocationsPerMinute);
    const allowed = caller.limits.concurrentInvocations ?? this.limits.concurrentInvocations;
    const here = this.active.activeOf(uuid);
    const active = here + others.active;
    // what is under way elsewhere is known with a delay: a fair part of the limit is there in any case
    const free = here < Math.ceil(allowed / this.controllers.count);
    if (active >= allowed && !free)
      throw new TooManyRequests(`Too many concurrent requests in flight (count: ${active}, allowed: ${allowed}).`);
  }

  fire(caller: Identity): void {
    const { uuid } = caller.namespace;
    const minute = this.minute();
    const count = this.fires.increment(uuid, minute) + this.controllers.countedElsewhere(uuid, minute).fires;
    rate(count, caller.limits.firesPerMinute ?? this.limits.firesPerMinute);
  }

  /** What is counted here, to be told to other controllers. */
  counts(): Pick<Announcement, 'minute' | 'counts'> {
    const minute = this.minute();
    const counts: Record<string, NamespaceCounts> = {};
    let left = maxTold;
    for (const [field, map] of [
      ['active', this.active.activeNamespaces],
      ['invocations', this.invocations.in(minute)],
      ['fires', this.fires.in(minute)],
    ] as const) {
      for (const [uuid, count] of map) {
        if (!counts[uuid] && left-- <= 0) continue;
        counts[uuid] ??= { ...nothing };
        counts[uuid][field] = count;
      }
    }
    return { minute, counts };
  }

  private minute(): number {
    return Math.floor(this.now() / 60_000);
  }
}

function rate(count: number, allowed: number): void {
  if (count > allowed) throw new TooManyRequests(`Too many requests in the last minute (count: ${count}, allowed: ${allowed}).`);
}
