import { randomUUID } from 'node:crypto';
import type { LoadBalancer, Placement } from '../balancer/loadBalancer';
import { encodeActivation } from '../bus/activationWire';
import type { ActivationMessage, Claim } from '../bus/messages';
import { type ActivationRecord, newActivationId } from '../model/activation';
import type { AcceptanceJournal, Replay } from '../store/acceptanceJournal';
import type { ActivationStore } from '../store/activationStore';
import { type ActionCall, isStored, type Outcome, type Step, within } from './actionCall';
import { argumentsText } from './actionResolver';
import { demandOf } from './demand';
import { Unavailable } from './http/errors';
import type { Tenure } from './tenure';

const omitted = Symbol('the record is not in the acknowledgement');
/** ms between looks into the store for a record that is certainly on its way; then again and again the last. */
const pollDelays = [0, 50, 200, 1000, 3000, 5000] as const;
/** ms without a word after which the store is asked. */
const silence = 15_000;

/** Sends one primitive action to an invoker and, for a blocking call, waits for its result. */
export class PrimitiveInvoker {
  constructor(
    private readonly balancer: LoadBalancer,
    private readonly activations: ActivationStore,
    private readonly journal: AcceptanceJournal,
    private readonly controller: string,
    private readonly managedImages: readonly string[],
    private readonly tenure?: Tenure,
  ) {}

  async invoke(call: ActionCall): Promise<Outcome> {
    const { step } = call;
    const known = step?.replay && (await this.known(call, step.activationId, step.replay));
    if (known) return known;
    const { pending, capacity } = this.activations.pressure;
    // refused before it is accepted: what is accepted must end in a record
    if (pending > capacity) throw new Unavailable();
    const activationId = step?.activationId ?? newActivationId();
    const { caller, resolved, transaction, cause } = call;
    const { action } = resolved;
    const kept = isStored(call);
    const message = this.message(call, activationId);
    if (kept) {
      const activation = {
        activationId,
        namespace: caller.namespace.name,
        subject: caller.subject,
        name: action.name,
        version: action.version,
        path: `${action.namespace}/${action.name}`,
        ...(cause === undefined ? {} : { cause }),
        start: transaction.start,
      };
      const accepted = this.journal.accept(activation, () => encodeActivation(message));
      if (accepted) await accepted;
      const claim = step && this.claim(step);
      if (claim) message.claim = claim;
    }
    let placement: Placement;
    try {
      placement = await this.balancer.publish(message, demandOf(action, this.managedImages));
    } catch (error) {
      if (kept) this.journal.withdraw(activationId);
      throw error;
    }
    if (!call.blocking) return { activationId };
    const record = await this.wait(placement.result, call, activationId);
    return record ? { activationId, record } : { activationId };
  }

  /** A step that an earlier life may have come to: it is not repeated. */
  private async known({ caller, blocking, wait }: ActionCall, activationId: string, replay: Replay): Promise<Outcome | undefined> {
    const namespace = caller.namespace.name;
    const record = await replay.recordOf(namespace, activationId);
    if (record) return { activationId, record };
    if (!replay.wasSent(activationId)) return undefined;
    const late = blocking && (await this.poll(namespace, activationId, Date.now() + wait));
    return late ? { activationId, record: late } : { activationId };
  }

  /** Whether this message counts is decided by the store, from when on others may have sent one for the same step. */
  private claim({ era = 0, replay }: Step): Claim | undefined {
    if (!this.tenure) return undefined;
    return replay ? { after: 0, copy: randomUUID() } : { after: this.tenure.aloneUntil(era), copy: this.tenure.life };
  }

  /** The record that the invoker sent; where it was too large for that, or no word comes for long, the stored one. */
  private async wait(
    result: Placement['result'],
    { caller, wait }: ActionCall,
    activationId: string,
  ): Promise<ActivationRecord | undefined> {
    const deadline = Date.now() + wait;
    const told = result.then((record) => record ?? omitted);
    for (;;) {
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      const record = await within(told, Math.min(left, silence));
      if (record === omitted) return this.poll(caller.namespace.name, activationId, deadline);
      if (record) return record;
      // an acknowledgement can be lost with a broker; the record is not
      const stored = left > silence && (await this.stored(caller.namespace.name, activationId));
      if (stored) return stored;
    }
  }

  private async poll(namespace: string, activationId: string, deadline: number): Promise<ActivationRecord | undefined> {
    for (let i = 0; ; i++) {
      const delay = pollDelays[Math.min(i, pollDelays.length - 1)]!;
      if (Date.now() + delay > deadline) return undefined;
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      const stored = await this.stored(namespace, activationId);
      if (stored) return stored;
    }
  }

  private async stored(namespace: string, activationId: string): Promise<ActivationRecord | undefined> {
    const stored = await this.activations.get(namespace, activationId).catch(() => undefined);
    // the logs are not part of an answer
    return stored && { ...stored, logs: [] };
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
