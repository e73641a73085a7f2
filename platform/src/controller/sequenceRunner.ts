import type { ActivationResponse } from '../model/activation';
import { namespaceOf, packageOf, parseFullyQualifiedName } from '../model/names';
import type { ActionCall, ActionRunner, Outcome } from './actionCall';
import { newAccounting } from './actionCall';
import type { ActionResolver, ResolvedAction } from './actionResolver';
import { NoSuchResource } from './http/errors';
import { failure, type Orchestration, type Orchestrations } from './orchestration';
import { type Payload, payloadOf } from './payload';
import type { SequenceComponents } from './sequenceComponents';

/** A component may take its own time limit and this much more, ms. */
const componentGrace = 60_000;

/** Runs the components of a sequence one after another: reference invocation, section 5. */
export class SequenceRunner {
  constructor(
    private readonly runner: ActionRunner,
    private readonly resolver: ActionResolver,
    private readonly components: SequenceComponents,
    private readonly orchestrations: Orchestrations,
    private readonly maxLength: number,
  ) {}

  async run(call: ActionCall, components: readonly string[]): Promise<Outcome> {
    // the rights on everything are checked before anything runs; inside another sequence that one has checked already
    if (call.cause === undefined && !call.step?.replay) await this.components.checkRights(call.caller, components);
    const inner: ActionCall = { ...call, accounting: call.accounting ?? newAccounting() };
    const orchestration = this.orchestrations.open(call);
    return this.orchestrations.start(call, orchestration, async () =>
      orchestration.record(await this.steps(inner, components, orchestration)),
    );
  }

  private async steps(call: ActionCall, components: readonly string[], orchestration: Orchestration): Promise<ActivationResponse> {
    let payload: Payload = call.payload;
    let response: ActivationResponse | undefined;
    for (const component of components) {
      response = await this.step(call, component, payload, orchestration);
      if (response.statusCode !== 0) return response;
      payload = payloadOf(response.result ?? '{}');
    }
    return response ?? { statusCode: 0, result: payload.text };
  }

  private async step(call: ActionCall, component: string, payload: Payload, orchestration: Orchestration): Promise<ActivationResponse> {
    let resolved: ResolvedAction;
    try {
      resolved = await this.resolve(call, component);
    } catch (error) {
      if (error instanceof NoSuchResource) return failure(1, 'Sequence component does not exist.');
      orchestration.mustStand(error);
      return failure(3, 'Sequence failed.');
    }
    if (resolved.action.exec.kind !== 'sequence' && ++call.accounting!.atomic > this.maxLength) {
      return failure(1, 'Too many actions in the sequence.');
    }
    const { timeout, memory } = resolved.action.limits;
    let outcome: Outcome;
    try {
      const wait = timeout + componentGrace;
      const step = orchestration.step(component);
      outcome = await this.runner.run({ ...call, resolved, payload, blocking: true, wait, cause: orchestration.activationId, step });
    } catch (error) {
      orchestration.mustStand(error);
      return failure(3, 'Sequence failed.');
    }
    const { activationId, record } = outcome;
    if (!record) orchestration.mustStand();
    orchestration.add(activationId, record, memory);
    return record?.response ?? failure(3, `Timeout reached when retrieving activation ${activationId} for sequence component.`);
  }

  private resolve(call: ActionCall, component: string): Promise<ResolvedAction> {
    const { path, name } = parseFullyQualifiedName(component);
    return this.resolver.resolve(call.caller, namespaceOf(path), packageOf(path), name);
  }
}
