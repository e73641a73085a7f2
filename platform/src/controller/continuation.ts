import type { ActionDocument } from '../model/entities';
import type { SequenceExec } from '../model/exec';
import { type AcceptedActivation, type Intent, type Replay, recordOfUnknown } from '../store/acceptanceJournal';
import type { ActivationStore } from '../store/activationStore';
import type { ActionRunner } from './actionCall';
import type { ActionResolver, ResolvedAction } from './actionResolver';
import { ApiError } from './http/errors';
import type { Orchestrations } from './orchestration';
import { payloadOf } from './payload';
import type { TriggerFiring } from './triggerFiring';

/**
 * Goes on with sequences, compositions and firings that another process began: it runs them from the beginning, and steps that have been
 * there before give what they gave. Their ids follow from that of the whole, so they are found.
 */
export class Continuation {
  constructor(
    private readonly runner: ActionRunner,
    private readonly orchestrations: Orchestrations,
    private readonly firing: TriggerFiring,
    private readonly resolver: ActionResolver,
    private readonly activations: Pick<ActivationStore, 'store'>,
  ) {}

  /** Resolves when the activation is recorded; rejects when that is not possible now. */
  async carryOn(activation: AcceptedActivation, replay: Replay): Promise<void> {
    const { intent } = activation;
    if (intent?.firing) return this.firing.carryOn(activation, { ...intent, firing: intent.firing }, replay);
    const resolved = intent?.action && (await this.resolve(intent.caller, intent.action));
    // of what is not there any more nobody can say how it would have gone on
    if (!intent || !resolved) return this.activations.store(recordOfUnknown(activation));
    const { activationId, start: begun } = activation;
    const { caller, transaction } = intent;
    const payload = payloadOf(intent.payload);
    await this.runner.run({ caller, resolved, payload, transaction, blocking: false, wait: 0, step: { activationId, begun, replay } });
    await this.orchestrations.recorded(activationId);
  }

  private async resolve(caller: Intent['caller'], action: NonNullable<Intent['action']>): Promise<ResolvedAction | undefined> {
    try {
      const resolved = await this.resolver.resolve(caller, action.namespace, action.package, action.name);
      return action.components ? { ...resolved, action: sequenceOf(resolved.action, action.components) } : resolved;
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) return undefined;
      throw error;
    }
  }
}

/** A sequence goes on with the components that it had. */
function sequenceOf(action: ActionDocument, components: readonly string[]): ActionDocument {
  const exec: SequenceExec = { kind: 'sequence', components: [...components] };
  return { ...action, exec };
}
