import { BusUnavailable } from '../bus/messageBus';
import type { PlatformConfig } from '../config/settings';
import { newActivationId, stepActivationId } from '../model/activation';
import type { TriggerDocument } from '../model/entities';
import type { JsonObject, JsonText } from '../model/json';
import { namespaceOf, packageOf, qualified } from '../model/names';
import type { Logger } from '../observe/logger';
import type { AcceptanceJournal, AcceptedActivation, Intent, Replay } from '../store/acceptanceJournal';
import type { ActivationStore } from '../store/activationStore';
import { isStored, type Step } from './actionCall';
import type { ActionResolver } from './actionResolver';
import type { CallContext } from './context';
import type { Entities } from './entities';
import { requireJson } from './entityBody';
import { type Answer, jsonAnswer } from './http/answer';
import { asApiError } from './http/render';
import { checkPayloadSize, type Invocation } from './invocation';
import { Interrupted } from './orchestration';
import { type Payload, payloadOf, readPayload } from './payload';
import type { Tenure } from './tenure';
import type { Throttles } from './throttles';
import { own } from './triggers';

type TriggerRule = NonNullable<TriggerDocument['rules']>[string];

/** A firing: what its record is made of, and what runs because of it. */
interface Firing {
  activation: AcceptedActivation;
  intent: Intent & Required<Pick<Intent, 'firing'>>;
  era?: number;
  /** Set when it is carried on. */
  replay?: Replay;
}

/** POST on a trigger: reference invocation, section 7. */
export class TriggerFiring {
  /** Firings whose rules are still being run; a shutdown waits for them. */
  private readonly underWay = new Set<Promise<void>>();
  private left = false;

  constructor(
    private readonly entities: Entities,
    private readonly resolver: ActionResolver,
    private readonly invocation: Invocation,
    private readonly activations: ActivationStore,
    private readonly journal: AcceptanceJournal,
    private readonly throttles: Throttles,
    private readonly config: PlatformConfig,
    private readonly log: Logger,
    private readonly tenure?: Tenure,
  ) {}

  async post(context: CallContext, name: string): Promise<Answer> {
    const { caller, request } = context;
    const { transaction } = request;
    this.throttles.fire(caller);
    const id = own(context, name);
    checkPayloadSize(request, caller, this.config);
    requireJson(request);
    const payload = readPayload(request.body);
    const { document: trigger } = await this.entities.load('triggers', id);
    const rules = Object.entries(trigger.rules ?? {});
    if (!rules.some(([, rule]) => rule.status === 'active')) return { status: 204 };
    const activationId = newActivationId();
    const intent = {
      caller,
      transaction: { id: transaction.id, start: transaction.start, extraLogging: transaction.extraLogging },
      payload: payload.text,
      firing: { rules, arguments: firedArguments(trigger, request.headers, payload) },
    };
    const activation: AcceptedActivation = {
      activationId,
      namespace: caller.namespace.name,
      subject: caller.subject,
      name: trigger.name,
      version: trigger.version,
      start: Date.now(),
    };
    const era = this.tenure?.era;
    if (isStored({ caller, transaction })) await this.journal.accept({ ...activation, intent });
    const firing = this.fire({ activation, intent, ...(era === undefined ? {} : { era }) }).catch((error) => {
      if (error instanceof Interrupted) this.journal.resume?.({ ...activation, intent });
      else if (!this.left) this.log.error({ err: error, transaction: transaction.id }, 'a trigger activation was not recorded');
    });
    this.underWay.add(firing);
    void firing.finally(() => this.underWay.delete(firing));
    return { ...jsonAnswer(`{"activationId":"${activationId}"}`, 202), activationId };
  }

  /** Resolves when the firing is recorded. Rules whose action has been invoked are not run again. */
  async carryOn(activation: AcceptedActivation, intent: Firing['intent'], replay: Replay): Promise<void> {
    await this.fire({ activation, intent, replay });
  }

  async drain(): Promise<void> {
    await Promise.all(this.underWay);
  }

  /** This process stops: what is not recorded yet is left to others. */
  leave(): void {
    this.left = true;
  }

  private async fire(firing: Firing): Promise<void> {
    const { activation, intent } = firing;
    const { rules } = intent.firing;
    const args = payloadOf(intent.firing.arguments);
    const logs = await Promise.all(rules.map(([name, rule], i) => this.runRule(firing, i, name, rule, args)));
    if (!isStored(intent)) return;
    if (this.left) throw new Error('This process stops.');
    const { activationId, namespace, subject, name, version, start } = activation;
    const response = { statusCode: 0, result: intent.payload } as const;
    await this.activations.store({ namespace, name, subject, activationId, start, end: 0, response, logs, version, annotations: [] });
  }

  /** Whether the action was invoked is not known, or not for this controller to say any more. */
  private interrupted(intent: Intent, era: number | undefined, error: unknown): boolean {
    if (!this.tenure || era === undefined || !isStored(intent)) return false;
    return error instanceof BusUnavailable || !this.tenure.holds(era);
  }

  private async runRule(
    { activation, intent, era, replay }: Firing,
    index: number,
    rule: string,
    { action, status }: TriggerRule,
    args: Payload,
  ): Promise<string> {
    const { caller, transaction } = intent;
    const actionName = qualified(action);
    if (status !== 'active') {
      const error = `Rule '${rule}' is inactive, action '${actionName}' was not activated.`;
      return JSON.stringify({ statusCode: 1, success: false, rule, error, action: actionName });
    }
    try {
      // what is carried on has been counted
      if (!replay) this.throttles.invoke(caller);
      const resolved = await this.resolver.resolve(caller, namespaceOf(action.path), packageOf(action.path), action.name);
      const step: Step = {
        activationId: stepActivationId(activation.activationId, index, rule),
        ...(era === undefined ? {} : { era }),
        ...(replay ? { replay } : {}),
      };
      const unwaited = { blocking: false, resultOnly: false, timeout: 0 };
      const outcome = await this.invocation.run(caller, resolved, args, transaction, unwaited, step);
      return JSON.stringify({ statusCode: 0, success: true, activationId: outcome.activationId, rule, action: actionName });
    } catch (error) {
      const known = asApiError(error);
      // it is tried again, as long as that takes
      if (replay && known.status >= 500) throw error;
      if (this.interrupted(intent, era, error)) throw new Interrupted(error);
      return JSON.stringify({ statusCode: known.status >= 500 ? 3 : 1, success: false, rule, error: known.message, action: actionName });
    }
  }
}

/** What the actions are given: parameters of the trigger below, then the headers, then the payload. */
function firedArguments(trigger: TriggerDocument, headers: CallContext['request']['headers'], payload: Payload): JsonText {
  const object: JsonObject = {
    ...Object.fromEntries(trigger.parameters.map((p) => [p.key, p.value])),
    __ow_headers: headerObject(headers),
    ...(payload.object as JsonObject),
  };
  return JSON.stringify(object);
}

function headerObject(headers: CallContext['request']['headers']): JsonObject {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}
