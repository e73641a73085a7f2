import type { ActivationMessage } from '../bus/messages';
import type { ActivationRecord } from '../model/activation';

/** No invoker can take the work (503). */
export class NoInvokerAvailable extends Error {
  constructor() {
    super('No invokers available to execute the action.');
    this.name = 'NoInvokerAvailable';
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

/** Places activations on invokers and keeps the books of what is under way. */
export interface LoadBalancer {
  /**
   * Resolves when the work is accepted. `result` gives the record of a blocking activation (without logs), or undefined when
   * the acknowledgement came without one; it never settles for a non-blocking call.
   */
  publish(message: ActivationMessage, timeoutMs: number): Promise<Placement>;
  activeOf(namespaceUuid: string): number;
  readonly activeTotal: number;
  /** `[activation id, action]` of everything under way. */
  active(): [string, string][];
  invokers(): { name: string; status: InvokerStatus }[];
  close(): Promise<void>;
}

export interface Placement {
  result: Promise<ActivationRecord | undefined>;
}
