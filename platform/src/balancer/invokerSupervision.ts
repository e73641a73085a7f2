import type { Ping } from '../bus/ping';
import { invokerTopic } from '../bus/topics';
import { type HealthState, type InvocationOutcome, InvokerHealth, pingTimeout } from './invokerHealth';
import { InvokerSlots } from './invokerSlots';
import { hashText } from './rendezvous';
import type { SupervisedInvoker } from './supervisedInvoker';

export interface SupervisionListener {
  /** Which invokers there are, what they are for, or which can be used changed; `invoker` is the one. */
  changed(invoker: SupervisedInvoker): void;
  /** A test action must be sent to the invoker. */
  test(invoker: SupervisedInvoker): void;
  stateChanged(invoker: SupervisedInvoker, from: HealthState, to: HealthState): void;
}

/** Numbers an invoker may have: a list by number must not grow without bound. */
const maxInvokers = 10_000;

/** Who the invokers are and how they do, from their pings and from the ends of activations. */
export class InvokerSupervision {
  private readonly byInstance = new Map<number, SupervisedInvoker>();
  private readonly byId = new Map<string, SupervisedInvoker>();
  private list: readonly SupervisedInvoker[] = [];
  private controllers = 1;

  /** `minMemory` MB: a share is never less, though that books more than there is. */
  constructor(
    private readonly listener: SupervisionListener,
    private readonly minMemory: number,
    private readonly now: () => number,
  ) {}

  /** By number. */
  get invokers(): readonly SupervisedInvoker[] {
    return this.list;
  }

  ping({ instance, userMemory, tags, dedicatedNamespaces, displayedName, enabled }: Ping): void {
    if (instance < 0 || instance >= maxInvokers) return;
    const now = this.now();
    const invoker = this.byInstance.get(instance) ?? this.register(instance, userMemory);
    invoker.lastPing = now;
    invoker.displayedName = displayedName ?? String(instance);
    if (invoker.userMemory !== userMemory) {
      invoker.userMemory = userMemory;
      this.resize(invoker);
    }
    if (!sameSet(invoker.tags, tags) || !sameSet(invoker.dedicatedNamespaces, dedicatedNamespaces)) {
      invoker.tags = new Set(tags);
      invoker.dedicatedNamespaces = new Set(dedicatedNamespaces);
      this.listener.changed(invoker);
    }
    invoker.health.ping(now, enabled);
  }

  outcome(id: string, outcome: InvocationOutcome): void {
    this.byId.get(id)?.health.outcome(outcome, this.now());
  }

  tick(): void {
    const now = this.now();
    for (const { health } of this.list) health.tick(now);
  }

  /** Whether the invoker, though not usable, was there a moment ago: it may be on its way back. */
  wasThere(invoker: SupervisedInvoker): boolean {
    return this.now() - invoker.lastPing < pingTimeout;
  }

  /** Each controller books on its share of an invoker's memory only. */
  setControllers(count: number): void {
    if (count === this.controllers) return;
    this.controllers = count;
    for (const invoker of this.list) {
      this.resize(invoker);
      this.listener.changed(invoker);
    }
  }

  private register(instance: number, userMemory: number): SupervisedInvoker {
    const id = `invoker${instance}`;
    const listener = this.listener;
    const invoker: SupervisedInvoker = {
      id,
      instance,
      hash: hashText(id),
      topic: invokerTopic(id),
      slots: new InvokerSlots(this.share(userMemory), userMemory),
      health: new InvokerHealth({
        changed: (from, to) => {
          listener.stateChanged(invoker, from, to);
          // other changes are between states that are not usable
          if (from === 'healthy' || to === 'healthy') listener.changed(invoker);
        },
        test: () => listener.test(invoker),
      }),
      displayedName: String(instance),
      userMemory,
      tags: new Set(),
      dedicatedNamespaces: new Set(),
      lastPing: this.now(),
    };
    this.byInstance.set(instance, invoker);
    this.byId.set(id, invoker);
    this.list = [...this.byInstance.values()].sort((a, b) => a.instance - b.instance);
    listener.changed(invoker);
    return invoker;
  }

  private share(userMemory: number): number {
    return Math.max(Math.floor(userMemory / this.controllers), Math.min(this.minMemory, userMemory));
  }

  private resize({ slots, userMemory }: SupervisedInvoker): void {
    slots.resize(this.share(userMemory), userMemory);
  }
}

function sameSet(set: ReadonlySet<string>, list: readonly string[]): boolean {
  return set.size === list.length && list.every((item) => set.has(item));
}
