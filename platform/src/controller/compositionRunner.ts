import type { ActivationRecord, ActivationResponse } from '../model/activation';
import { isJsonObject, type JsonObject } from '../model/json';
import { defaultNamespace, isEntityName } from '../model/names';
import { type ActionCall, type ActionRunner, newAccounting, type Outcome } from './actionCall';
import type { ActionResolver, ResolvedAction } from './actionResolver';
import { ApiError, InternalError, NoSuchResource, NotInCollection } from './http/errors';
import { failure, type Orchestration, type Orchestrations } from './orchestration';
import { isArrayText, type Payload, payloadFrom } from './payload';
import type { PrimitiveInvoker } from './primitiveInvoker';

const componentGrace = 60_000;
const broken = 'Activation failure during composition.';
/** An array says nothing about what comes next. */
const arrayFromConductor = failure(3, broken);
const tooMany = 'Too many actions in the composition.';

/** Runs what a conductor action says, step by step: reference invocation, section 6. */
export class CompositionRunner {
  constructor(
    private readonly runner: ActionRunner,
    private readonly primitive: PrimitiveInvoker,
    private readonly resolver: ActionResolver,
    private readonly orchestrations: Orchestrations,
    private readonly maxLength: number,
  ) {}

  async run(call: ActionCall): Promise<Outcome> {
    const inner: ActionCall = { ...call, accounting: call.accounting ?? newAccounting() };
    const orchestration = this.orchestrations.open(call);
    const outcome = await this.orchestrations.start(call, orchestration, async () => {
      const response = await this.conduct(inner, orchestration);
      return orchestration.record(response, [{ key: 'conductor', value: true }]);
    });
    // recorded like any other, and told as OpenWhisk tells it
    if (outcome.record?.response === arrayFromConductor) throw new InternalError(undefined, { activationId: outcome.activationId });
    return outcome;
  }

  private async conduct(call: ActionCall, orchestration: Orchestration): Promise<ActivationResponse> {
    let payload: Payload = call.payload;
    for (;;) {
      if (++call.accounting!.conductors > 2 * this.maxLength + 1) return failure(1, tooMany);
      const conducted = await this.invoke({ ...call, payload }, call.resolved, orchestration, (c) => this.primitive.invoke(c));
      if (!('record' in conducted)) return conducted;
      const { response } = conducted.record;
      if (isArrayText(response.result ?? '{}')) return arrayFromConductor;
      if (response.statusCode !== 0) return withoutSize(response);
      const said = JSON.parse(response.result ?? '{}') as JsonObject;
      if (said.action === undefined)
        return { statusCode: 0, result: JSON.stringify(said.params === undefined ? said : wrapped(said.params, 'value')) };
      const next = await this.component(call, said, orchestration);
      if (!('payload' in next)) return next;
      const state = said.state === undefined ? {} : wrapped(said.state, 'state');
      payload = payloadFrom({ ...next.payload, ...state });
    }
  }

  /** What the conductor is told next, or the response that ends the composition. */
  private async component(
    call: ActionCall,
    said: JsonObject,
    orchestration: Orchestration,
  ): Promise<{ payload: JsonObject } | ActivationResponse> {
    const { accounting, caller } = call;
    const told = (error: string) => ({ payload: { error } });
    const name = parseActionName(said.action, caller.namespace.name);
    if (!name) return told(`Failed to parse action name from json value ${JSON.stringify(said.action)} during composition.`);
    if (++accounting!.components > this.maxLength) return told(tooMany);
    const qualified = `${name.namespace}/${name.pkg === undefined ? '' : `${name.pkg}/`}${name.name}`;
    let resolved: ResolvedAction;
    try {
      resolved = await this.resolver.resolve(caller, name.namespace, name.pkg, name.name);
    } catch (error) {
      if (!(error instanceof ApiError)) orchestration.mustStand(error);
      const missing = error instanceof NotInCollection || (error instanceof NoSuchResource && (await this.packageExists(name)));
      const what = missing ? 'Failed to resolve action' : 'Failed entitlement check for action';
      return told(`${what} with name '${qualified}' during composition.`);
    }
    const payload = payloadFrom(said.params === undefined ? {} : wrapped(said.params, 'value'));
    // a sequence inside counts as one component and keeps its own count of atomic actions
    const counts = resolved.action.exec.kind === 'sequence' ? newAccounting() : accounting!;
    const done = await this.invoke({ ...call, payload, accounting: counts }, resolved, orchestration, (c) => this.runner.run(c));
    if (!('record' in done)) return done;
    const result = done.record.response.result ?? '{}';
    if (isArrayText(result)) return told(`Failed to resolve action with name '${qualified}' during composition.`);
    return { payload: JSON.parse(result) as JsonObject };
  }

  private async packageExists({ namespace, pkg }: ActionName): Promise<boolean> {
    return pkg === undefined || (await this.resolver.packageExists(`${namespace}/${pkg}`));
  }

  private async invoke(
    call: ActionCall,
    resolved: ResolvedAction,
    orchestration: Orchestration,
    run: (call: ActionCall) => Promise<Outcome>,
  ): Promise<{ record: ActivationRecord } | ActivationResponse> {
    const { namespace, name, limits } = resolved.action;
    const { timeout, memory } = limits;
    const step = orchestration.step(`${namespace}/${name}`);
    let outcome: Outcome;
    try {
      outcome = await run({ ...call, resolved, blocking: true, wait: timeout + componentGrace, cause: orchestration.activationId, step });
    } catch (error) {
      orchestration.mustStand(error);
      return failure(3, broken);
    }
    const { activationId, record } = outcome;
    if (!record) orchestration.mustStand();
    orchestration.add(activationId, record, memory);
    return record ? { record } : failure(3, `Timeout reached when retrieving activation ${activationId} during composition.`);
  }
}

interface ActionName {
  namespace: string;
  pkg?: string;
  name: string;
}

/** `/ns/[pkg/]a`, `/_/[pkg/]a`, `ns/pkg/a`; `pkg/a` and `a` in the caller's namespace. */
function parseActionName(value: unknown, callersNamespace: string): ActionName | undefined {
  if (typeof value !== 'string') return undefined;
  const absolute = value.startsWith('/');
  const segments = (absolute ? value.slice(1) : value).split('/');
  if (!segments.every(isEntityName) || segments.length > 3 || (absolute && segments.length < 2)) return undefined;
  const full = absolute || segments.length === 3 ? segments : [defaultNamespace, ...segments];
  const namespace = full[0] === defaultNamespace ? callersNamespace : full[0]!;
  return full.length === 3 ? { namespace, pkg: full[1]!, name: full[2]! } : { namespace, name: full[1]! };
}

function wrapped(value: unknown, key: string): JsonObject {
  return isJsonObject(value) ? value : ({ [key]: value } as JsonObject);
}

function withoutSize({ statusCode, result }: ActivationResponse): ActivationResponse {
  return { statusCode, ...(result === undefined ? {} : { result }) };
}
