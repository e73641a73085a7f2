import { type LoadBalancer, NoInvokerAvailable } from '../balancer/loadBalancer';
import { BusUnavailable } from '../bus/messageBus';
import type { ActivationMessage } from '../bus/messages';
import { readConfiguration } from '../config/settings';
import { type ActivationRecord, newActivationId, stepActivationId } from '../model/activation';
import type { ActionDocument } from '../model/entities';
import type { Identity } from '../model/identity';
import type { JsonObject } from '../model/json';
import { parseRuntimesManifest } from '../model/runtimesManifest';
import type { Logger } from '../observe/logger';
import type { AcceptedActivation, Intent } from '../store/acceptanceJournal';
import type { ActivationStore } from '../store/activationStore';
import type { ActionResolver, ResolvedAction } from './actionResolver';
import { AnyActionRunner } from './anyActionRunner';
import { Continuation } from './continuation';
import { NoSuchResource } from './http/errors';
import { Invocation } from './invocation';
import { Orchestrations } from './orchestration';
import { PrimitiveInvoker } from './primitiveInvoker';
import { TriggerFiring } from './triggerFiring';

const log = { info: () => {}, warn: () => {}, error: () => {} } as unknown as Logger;
const caller: Identity = { subject: 'user', namespace: { name: 'ns', uuid: 'u' }, authkey: { uuid: 'u', key: 'k' }, limits: {} };
const transaction = { id: 't', start: 5, extraLogging: false };

type Run = (args: JsonObject) => JsonObject;
/** What actions do; a sequence has its components. */
const actions: Record<string, Run | string[]> = {
  add: ({ n }) => ({ n: (n as number) + 1 }),
  twice: ['/ns/add', '/ns/add'],
  nested: ['/ns/add', '/ns/twice', '/ns/add'],
  conductor: ({ n, at = 0 }): JsonObject =>
    (at as number) < 2 ? { action: 'add', params: { n: n! }, state: { at: (at as number) + 1 } } : { n: n! },
};

/** Everything that controllers share; it outlives each of them. */
let records: Map<string, ActivationRecord>;
let sent: ActivationMessage[];
let waiting: Map<string, { resolve: (record: ActivationRecord) => void; reject: (error: Error) => void }>;
/** Who waits in a controller that died. */
let resumed: string[];
/** What sending fails with, and whether the controller is sure that nobody else carries on what it began. */
let broken: Error | undefined;
let holds: boolean;
let dead: { reject: (error: Error) => void }[] = [];

beforeEach(() => {
  records = new Map();
  sent = [];
  waiting = new Map();
  resumed = [];
  broken = undefined;
  holds = true;
});
afterEach(() => {
  for (const { reject } of dead.splice(0)) reject(new Error('dead'));
});

function record(message: ActivationMessage): ActivationRecord {
  const { activationId, cause } = message;
  const result = JSON.stringify((actions[message.action.name] as Run)(JSON.parse(message.content)));
  return {
    namespace: 'ns',
    name: message.action.name,
    subject: 'user',
    activationId,
    start: 1,
    end: 3,
    duration: 2,
    ...(cause === undefined ? {} : { cause }),
    response: { statusCode: 0, result },
    logs: [],
    version: '0.0.1',
    annotations: [],
  };
}

const resolver = {
  resolve: async (_: Identity, namespace: string, __: string | undefined, name: string): Promise<ResolvedAction> => {
    const found = actions[name];
    if (!found) throw new NoSuchResource();
    const action: ActionDocument = {
      type: 'actions',
      namespace,
      name,
      version: '0.0.1',
      publish: false,
      annotations: name === 'conductor' ? [{ key: 'conductor', value: true }] : [],
      updated: 0,
      parameters: [],
      limits: { timeout: 1000, memory: 128, logs: 1, concurrency: 1 },
      exec: Array.isArray(found) ? { kind: 'sequence', components: found } : { kind: 'nodejs:20', code: '', binary: false },
    };
    return { action, revision: '1', parameters: [], parameterTexts: [], initArgs: [], immutable: new Set() };
  },
  packageExists: async () => false,
} as unknown as ActionResolver;

/** One life of a controller, of which invokers carry out so many messages. */
function controller(carriedOut = Number.POSITIVE_INFINITY) {
  const activations = {
    pressure: { pending: 0, capacity: 1 },
    get: async (_: string, id: string) => records.get(id),
    store: async (one: ActivationRecord) => void (records.has(one.activationId) || records.set(one.activationId, one)),
  } as unknown as ActivationStore;
  const accepted: AcceptedActivation[] = [];
  const journal = {
    accept: async (activation: AcceptedActivation) => void accepted.push(activation),
    withdraw: () => {},
    resume: ({ activationId }: AcceptedActivation) => void resumed.push(activationId),
  };
  const balancer = {
    publish: async (message: ActivationMessage) => {
      sent.push(message);
      if (broken) throw broken;
      const result = new Promise<ActivationRecord>((resolve, reject) => waiting.set(message.activationId, { resolve, reject }));
      if (carriedOut-- > 0) finish(message);
      return { result };
    },
  } as unknown as LoadBalancer;
  const tenure = { life: 'life', era: 1, aloneUntil: (era: number) => (era === 1 ? 5000 : 0), holds: () => holds };
  const primitive = new PrimitiveInvoker(balancer, activations, { accept: () => {}, withdraw: () => {} }, '0', [], tenure);
  const config = readConfiguration({});
  const orchestrations = new Orchestrations(activations, journal, log, tenure);
  const runner = new AnyActionRunner(primitive, resolver, { checkRights: async () => {} } as never, orchestrations, 50);
  const throttles = { invoke: () => {} } as never;
  const invocation = new Invocation(resolver, {} as never, runner, throttles, parseRuntimesManifest('{"runtimes":{}}'), config);
  const firing = new TriggerFiring({} as never, resolver, invocation, activations, journal, throttles, config, log);
  const continuation = new Continuation(runner, orchestrations, firing, resolver, activations);
  return { runner, accepted, orchestrations, carryOn: continuation.carryOn.bind(continuation) };
}

function finish(message: ActivationMessage): void {
  const done = record(message);
  records.set(message.activationId, done);
  waiting.get(message.activationId)?.resolve(done);
}

/** What the next controller knows: the records, and what had been sent when the one before died. */
function replay(unsent: string[] = []) {
  const ids = new Set(sent.map(({ activationId }) => activationId).filter((id) => !unsent.includes(id)));
  return { recordOf: async (_: string, id: string) => records.get(id), wasSent: (id: string) => ids.has(id) };
}

/** A controller that dies when invokers have carried out so many steps; gives what it had accepted. */
async function dies(action: string, after: number): Promise<AcceptedActivation> {
  const { runner, accepted } = controller(after);
  const resolved = await resolver.resolve(caller, 'ns', undefined, action);
  await runner.run({ caller, resolved, payload: { text: '{"n":0}', object: { n: 0 } }, transaction, blocking: false, wait: 0 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(accepted).toHaveLength(1);
  dead = [...waiting.values()];
  waiting.clear();
  // it crosses the bus as text
  return JSON.parse(JSON.stringify(accepted[0])) as AcceptedActivation;
}

const times = () =>
  Math.max(...[...new Set(sent.map((m) => m.activationId))].map((id) => sent.filter((m) => m.activationId === id).length));

describe.each([
  ['a sequence', 'twice', 2, { n: 2 }],
  ['a sequence within a sequence', 'nested', 4, { n: 4 }],
  ['a composition', 'conductor', 5, { n: 2 }],
])('%s', (_, action, steps, result) => {
  test.each(Array.from({ length: steps }, (__, i) => i))('that was interrupted after step %i goes on where it was', async (after) => {
    const accepted = await dies(action, after);
    const next = controller();
    // the last one sent ends only now: it is waited for
    const interrupted = sent.at(-1)!;
    expect(records.has(interrupted.activationId)).toBe(false);
    setTimeout(() => finish(interrupted), 30);
    await next.carryOn(accepted, replay());
    expect(times()).toBe(1);
    expect(sent).toHaveLength(steps);
    const whole = records.get(accepted.activationId)!;
    expect(JSON.parse(whole.response.result!)).toEqual(result);
    expect(whole).toMatchObject({ start: accepted.start, namespace: 'ns', name: action, response: { statusCode: 0 } });
    expect(whole.duration).toBe(2 * steps);
    const direct = [...records.values()].filter(({ cause }) => cause === accepted.activationId).map((r) => r.activationId);
    expect([...whole.logs].sort()).toEqual(direct.sort());
  });

  test('that was interrupted before its step was sent sends it, for the store to decide about copies', async () => {
    const accepted = await dies(action, 1);
    const unsent = sent.pop()!;
    expect(unsent.claim).toEqual({ after: 5000, copy: 'life' });
    await controller().carryOn(accepted, replay([unsent.activationId]));
    const again = sent.find(({ activationId }) => activationId === unsent.activationId)!;
    expect(again.claim).toMatchObject({ after: 0 });
    expect(again.claim!.copy).not.toBe('life');
    expect(records.get(accepted.activationId)!.response.statusCode).toBe(0);
  });
});

test('what ended before it could be told is left as it is', async () => {
  const accepted = await dies('twice', 2);
  const before = records.get(accepted.activationId);
  await controller().carryOn(accepted, replay());
  expect(records.get(accepted.activationId)).toBe(before);
  expect(sent).toHaveLength(2);
});

test('a sequence goes on with the components that it had', async () => {
  const accepted = await dies('twice', 1);
  const before = actions.twice!;
  actions.twice = ['/ns/gone'];
  const interrupted = sent.at(-1)!;
  setTimeout(() => finish(interrupted), 10);
  await controller()
    .carryOn(accepted, replay())
    .finally(() => {
      actions.twice = before;
    });
  expect(JSON.parse(records.get(accepted.activationId)!.response.result!)).toEqual({ n: 2 });
});

test('what is gone meanwhile is recorded as of unknown outcome', async () => {
  const accepted = await dies('twice', 1);
  await controller().carryOn({ ...accepted, intent: { ...accepted.intent!, action: { namespace: 'ns', name: 'gone' } } }, replay());
  expect(records.get(accepted.activationId)!.response).toMatchObject({ statusCode: 3 });
});

test('a firing goes on with the rules whose actions have not been invoked', async () => {
  const activationId = newActivationId();
  const rule = (name: string, status: 'active' | 'inactive' = 'active') => ({ action: { path: 'ns', name }, status });
  const intent: Intent = {
    caller,
    transaction,
    payload: '{"n":7}',
    firing: {
      rules: [
        ['ns/first', rule('add')],
        ['ns/second', rule('add')],
        ['ns/third', rule('twice')],
        ['ns/off', rule('add', 'inactive')],
        ['ns/missing', rule('gone')],
      ],
      arguments: '{"n":7,"__ow_headers":{}}',
    },
  };
  const [first, second, third] = ['ns/first', 'ns/second', 'ns/third'].map((name, i) => stepActivationId(activationId, i, name));
  sent.push({ activationId: first } as ActivationMessage);
  const next = controller();
  const activation = { activationId, namespace: 'ns', subject: 'user', name: 'trigger', version: '0.0.2', start: 9, intent };
  await next.carryOn(activation, replay());
  await next.orchestrations.drain();
  expect(sent.slice(1).map((m) => [m.action.name, m.content, m.cause])).toEqual(
    expect.arrayContaining([['add', '{"n":7,"__ow_headers":{}}', undefined]]),
  );
  expect(sent.filter((m) => m.activationId === second)).toHaveLength(1);
  expect(sent.filter((m) => m.cause === third)).toHaveLength(2);
  expect(JSON.parse(records.get(third!)!.response.result!)).toEqual({ n: 9 });
  const whole = records.get(activationId)!;
  expect(whole).toMatchObject({ name: 'trigger', version: '0.0.2', start: 9, end: 0, response: { statusCode: 0, result: '{"n":7}' } });
  expect(whole.logs.map((line) => JSON.parse(line)).map((l) => [l.rule, l.success, l.activationId])).toEqual([
    ['ns/first', true, first],
    ['ns/second', true, second],
    ['ns/third', true, third],
    ['ns/off', false, undefined],
    ['ns/missing', false, undefined],
  ]);
});

test('a controller that is alone with what it began says until when', async () => {
  const { runner } = controller();
  const resolved = await resolver.resolve(caller, 'ns', undefined, 'add');
  const step = { activationId: stepActivationId(newActivationId(), 0, 'x'), era: 1 };
  const payload = { text: '{"n":1}', object: { n: 1 } };
  await runner.run({ caller, resolved, payload, transaction, blocking: false, wait: 0, step });
  await runner.run({ caller, resolved, payload, transaction, blocking: false, wait: 0, step: { ...step, era: 0 } });
  await runner.run({ caller, resolved, payload, transaction, blocking: false, wait: 0 });
  expect(sent.map(({ claim }) => claim)).toEqual([{ after: 5000, copy: 'life' }, { after: 0, copy: 'life' }, undefined]);
});

test.each([
  ['the bus is away', new BusUnavailable('invoker0'), true, true],
  ['others may be carrying it on', new NoInvokerAvailable(), false, true],
  ['there is no invoker', new NoInvokerAvailable(), true, false],
])('a step that can not be sent because %s', async (_, error, sure, interrupts) => {
  broken = error;
  holds = sure;
  const { runner, accepted } = controller();
  const resolved = await resolver.resolve(caller, 'ns', undefined, 'nested');
  const payload = { text: '{"n":1}', object: { n: 1 } };
  const outcome = await runner.run({ caller, resolved, payload, transaction, blocking: true, wait: 1000 });
  expect(outcome.activationId).toBe(accepted[0]!.activationId);
  if (interrupts) {
    expect([outcome.record, resumed, records.size]).toEqual([undefined, [outcome.activationId], 0]);
  } else {
    expect(outcome.record!.response).toEqual({ statusCode: 3, result: '{"error":"Sequence failed."}' });
    expect(resumed).toEqual([]);
  }
});
