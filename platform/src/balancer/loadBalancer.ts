import type { ActivationMessage } from '../bus/messages';
import type { ActivationRecord } from '../model/activation';

/** No invoker can take the work (503). */
export class NoInvokerAvailable extends Error {
  constructor() {
    super('No invokers available to execute the action.');
    this.name = 'NoInvokerAvailable';
  }
}

/** Every invoker is busy and as much as may wait for one waits already, or the wait was too long (503): nothing was accepted. */
export class InvokersOverloaded extends Error {
  constructor() {
    super('All invokers are busy and the queue for them is full; try again later.');
    this.name = 'InvokersOverloaded';
  }
}

/** One namespace takes its whole part of the queue for invokers (429): nothing was accepted. */
export class NamespaceQueueFull extends Error {
  constructor(waiting: number) {
    super(`Too many requests of the namespace wait for an invoker (count: ${waiting}, allowed: ${waiting}).`);
    this.name = 'NamespaceQueueFull';
  }
}

/** The invoker never said that the activation ended. */
export class CompletionTimeout extends Error {
  constructor(activationId: string) {
    super(`No completion of activation ${activationId} arrived in time.`);
    this.name = 'CompletionTimeout';
  }
}

export type InvokerStatus = 'up' | 'unhealthy' | 'unresponsive' | 'down';

/** What an activation asks of the invoker that runs it. */
export interface Demand {
  /** ms */
  timeout: number;
  /** MB */
  memory: number;
  /** Activations that may share a container. */
  concurrency: number;
  /** The image is the user's own choice. */
  blackbox: boolean;
  /** Tags that the invoker must have (annotation `invoker-resources`). */
  resources: readonly string[];
}

/** Places activations on invokers and keeps the books of what is under way. */
export interface LoadBalancer {
  /**
   * Resolves when the work is accepted. `result` gives the record of a blocking activation (without logs), or undefined when
   * the acknowledgement came without one; it never settles for a non-blocking call. Rejects with NoInvokerAvailable,
   * InvokersOverloaded, NamespaceQueueFull or what the bus says: nothing was accepted then.
   */
  publish(message: ActivationMessage, demand: Demand): Promise<Placement>;
  activeOf(namespaceUuid: string): number;
  /** Namespaces with something under way, by uuid. */
  readonly activeNamespaces: ReadonlyMap<string, number>;
  readonly activeTotal: number;
  /** `[activation id, action]` of everything under way. */
  active(): [string, string][];
  invokers(): { name: string; status: InvokerStatus }[];
  close(): Promise<void>;
}

export interface Placement {
  result: Promise<ActivationRecord | undefined>;
}
