import type { PlatformConfig } from '../config/settings';
import { type ActivationRecord, newActivationId } from '../model/activation';
import type { TriggerDocument } from '../model/entities';
import type { Identity } from '../model/identity';
import type { JsonObject } from '../model/json';
import { namespaceOf, packageOf, qualified } from '../model/names';
import type { Logger } from '../observe/logger';
import type { AcceptanceJournal } from '../store/acceptanceJournal';
import type { ActivationStore } from '../store/activationStore';
import { isStored } from './actionCall';
import type { ActionResolver } from './actionResolver';
import type { CallContext } from './context';
import type { Entities } from './entities';
import { requireJson } from './entityBody';
import { type Answer, jsonAnswer } from './http/answer';
import { asApiError } from './http/render';
import type { Transaction } from './http/request';
import { checkPayloadSize, type Invocation } from './invocation';
import { type Payload, payloadFrom, readPayload } from './payload';
import type { Throttles } from './throttles';
import { own } from './triggers';

type TriggerRule = NonNullable<TriggerDocument['rules']>[string];

/** POST on a trigger: reference invocation, section 7. */
export class TriggerFiring {
  /** Firings whose rules are still being run; a shutdown waits for them. */
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly entities: Entities,
    private readonly resolver: ActionResolver,
    private readonly invocation: Invocation,
    private readonly activations: ActivationStore,
    private readonly journal: AcceptanceJournal,
    private readonly throttles: Throttles,
    private readonly config: PlatformConfig,
    private readonly log: Logger,
  ) {}

  async post(context: CallContext, name: string): Promise<Answer> {
    const { caller, request } = context;
    this.throttles.fire(caller);
    const id = own(context, name);
    checkPayloadSize(request, caller, this.config);
    requireJson(request);
    const payload = readPayload(request.body);
    const { document: trigger } = await this.entities.load('triggers', id);
    const rules = Object.entries(trigger.rules ?? {});
    if (!rules.some(([, rule]) => rule.status === 'active')) return { status: 204 };
    const activationId = newActivationId();
    const start = Date.now();
    const kept = isStored({ caller, transaction: request.transaction });
    if (kept) {
      await this.journal.accept({
        activationId,
        namespace: caller.namespace.name,
        subject: caller.subject,
        name: trigger.name,
        version: trigger.version,
        start,
      });
    }
    const firing = this.runRules(caller, trigger, rules, payload, request.headers, request.transaction)
      .then((logs) => (kept ? this.record(caller, trigger, activationId, start, payload, logs) : undefined))
      .catch((error) => this.log.error({ err: error, transaction: request.transaction.id }, 'a trigger activation was not recorded'));
    this.underWay.add(firing);
    void firing.finally(() => this.underWay.delete(firing));
    return { ...jsonAnswer(`{"activationId":"${activationId}"}`, 202), activationId };
  }

  async drain(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private async runRules(
    caller: Identity,
    trigger: TriggerDocument,
    rules: [string, TriggerRule][],
    payload: Payload,
    headers: CallContext['request']['headers'],
    transaction: Transaction,
  ): Promise<string[]> {
    const object: JsonObject = {
      ...Object.fromEntries(trigger.parameters.map((p) => [p.key, p.value])),
      __ow_headers: headerObject(headers),
      ...(payload.object as JsonObject),
    };
    const args = payloadFrom(object);
    return Promise.all(rules.map(([name, rule]) => this.runRule(caller, name, rule, args, transaction)));
  }

  private async runRule(
    caller: Identity,
    rule: string,
    { action, status }: TriggerRule,
    args: Payload,
    transaction: Transaction,
  ): Promise<string> {
    const actionName = qualified(action);
    if (status !== 'active') {
      const error = `Rule '${rule}' is inactive, action '${actionName}' was not activated.`;
      return JSON.stringify({ statusCode: 1, success: false, rule, error, action: actionName });
    }
    try {
      this.throttles.invoke(caller);
      const resolved = await this.resolver.resolve(caller, namespaceOf(action.path), packageOf(action.path), action.name);
      const outcome = await this.invocation.run(caller, resolved, args, transaction, { blocking: false, resultOnly: false, timeout: 0 });
      return JSON.stringify({ statusCode: 0, success: true, activationId: outcome.activationId, rule, action: actionName });
    } catch (error) {
      const known = asApiError(error);
      return JSON.stringify({ statusCode: known.status >= 500 ? 3 : 1, success: false, rule, error: known.message, action: actionName });
    }
  }

  private async record(
    caller: Identity,
    trigger: TriggerDocument,
    activationId: string,
    start: number,
    payload: Payload,
    logs: string[],
  ): Promise<void> {
    const record: ActivationRecord = {
      namespace: caller.namespace.name,
      name: trigger.name,
      subject: caller.subject,
      activationId,
      start,
      end: 0,
      response: { statusCode: 0, result: payload.text },
      logs,
      version: trigger.version,
      annotations: [],
    };
    await this.activations.store(record);
  }
}

function headerObject(headers: CallContext['request']['headers']): JsonObject {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}
