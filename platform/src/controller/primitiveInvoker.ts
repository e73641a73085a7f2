import type { LoadBalancer } from '../balancer/loadBalancer';
import type { ActivationMessage } from '../bus/messages';
import { type ActivationRecord, newActivationId } from '../model/activation';
import type { Identity } from '../model/identity';
import type { JsonText } from '../model/json';
import type { ActivationStore } from '../store/activationStore';
import type { ResolvedAction } from './actionResolver';
import { Unavailable } from './http/errors';
import type { Transaction } from './http/request';

export interface PrimitiveCall {
  caller: Identity;
  resolved: ResolvedAction;
  /** Merged arguments. */
  content: JsonText;
  transaction: Transaction;
  blocking: boolean;
  /** ms a blocking caller waits */
  wait: number;
  cause?: string;
}

/** `record` is absent when the call did not wait, or waited in vain: the activation goes on either way. */
export interface Outcome {
  activationId: string;
  record?: ActivationRecord;
}

/** Sends one action to an invoker and, for a blocking call, waits for its result. */
export class PrimitiveInvoker {
  constructor(
    private readonly balancer: LoadBalancer,
    private readonly activations: ActivationStore,
    private readonly controller: string,
  ) {}

  async invoke(call: PrimitiveCall): Promise<Outcome> {
    const { pending, capacity } = this.activations.pressure;
    // refused before it is accepted: what is accepted must end in a record
    if (pending > capacity) throw new Unavailable();
    const activationId = newActivationId();
    const placement = await this.balancer.publish(this.message(call, activationId), call.resolved.action.limits.timeout);
    if (!call.blocking) return { activationId };
    const record = await within(placement.result, call.wait);
    return record ? { activationId, record } : { activationId };
  }

  private message({ caller, resolved, content, transaction, blocking, cause }: PrimitiveCall, activationId: string): ActivationMessage {
    const { action, revision, binding, initArgs } = resolved;
    return {
      transactionId: transaction.id,
      transactionStart: transaction.start,
      action: {
        path: action.namespace,
        name: action.name,
        version: action.version,
        revision,
        ...(binding === undefined ? {} : { binding }),
      },
      user: caller,
      activationId,
      rootController: this.controller,
      blocking,
      content,
      initArgs,
      ...(cause === undefined ? {} : { cause }),
      ...(transaction.extraLogging ? { extraLogging: true } : {}),
    };
  }
}

function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
