import type { Topic } from '../bus/messageBus';
import type { ActivationMessage } from '../bus/messages';
import type { InvokerHealth } from './invokerHealth';
import type { InvokerSlots, SlotDemand } from './invokerSlots';
import type { Demand } from './loadBalancer';

/** An invoker that has been heard of. */
export interface SupervisedInvoker {
  /** Name of its topic, such as `invoker0`. */
  readonly id: string;
  readonly instance: number;
  readonly hash: number;
  readonly topic: Topic<ActivationMessage>;
  readonly health: InvokerHealth;
  readonly slots: InvokerSlots;
  /** Shown after the id, in `/invokers`. */
  displayedName: string;
  /** MB */
  userMemory: number;
  tags: ReadonlySet<string>;
  dedicatedNamespaces: ReadonlySet<string>;
  /** epoch ms */
  lastPing: number;
}

/** One activation that needs an invoker. */
export interface PlacementRequest {
  /** Invoking namespace. */
  readonly namespace: string;
  readonly demand: Demand;
  readonly slot: SlotDemand;
  /** Invoking namespace and action: what rendezvous hashing goes by, and its hash. The home is remembered by the key, tags included. */
  readonly key: string;
  readonly hash: number;
}
