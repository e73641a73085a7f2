import type { LoadBalancer, Placement } from '../balancer/loadBalancer';
import type { ActivationMessage } from '../bus/messages';
import { newActivationId } from '../model/activation';
import type { AcceptanceJournal } from '../store/acceptanceJournal';
import type { ActivationStore } from '../store/activationStore';
import { type ActionCall, isStored, type Outcome, within } from './actionCall';
import { argumentsText } from './actionResolver';
import { demandOf } from './demand';
import { Unavailable } from './http/errors';

/** Sends one primitive action to an invoker and, for a blocking call, waits for its result. */
export class PrimitiveInvoker {
  constructor(
    private readonly balancer: LoadBalancer,
    private readonly activations: ActivationStore,
    private readonly journal: AcceptanceJournal,
    private readonly controller: string,
    private readonly managedImages: readonly string[],
  ) {}

  async invoke(call: ActionCall): Promise<Outcome> {
    const { pending, capacity } = this.activations.pressure;
    // refused before it is accepted: what is accepted must end in a record
    if (pending > capacity) throw new Unavailable();
    const activationId = newActivationId();
    const { caller, resolved, transaction, cause } = call;
    const { action } = resolved;
    const kept = isStored(call);
    if (kept) {
      const accepted = this.journal.accept({
        activationId,
        namespace: caller.namespace.name,
        subject: caller.subject,
        name: action.name,
        version: action.version,
        path: `${action.namespace}/${action.name}`,
        ...(cause === undefined ? {} : { cause }),
        start: transaction.start,
      });
      if (accepted) await accepted;
    }
    let placement: Placement;
    try {
      placement = await this.balancer.publish(this.message(call, activationId), demandOf(action, this.managedImages));
    } catch (error) {
      if (kept) this.journal.withdraw(activationId);
      throw error;
    }
    if (!call.blocking) return { activationId };
    const record = await within(placement.result, call.wait);
    return record ? { activationId, record } : { activationId };
  }

  private message({ caller, resolved, payload, transaction, blocking, cause }: ActionCall, activationId: string): ActivationMessage {
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
      content: argumentsText(resolved, payload),
      initArgs,
      ...(cause === undefined ? {} : { cause }),
      ...(transaction.extraLogging ? { extraLogging: true } : {}),
    };
  }
}
