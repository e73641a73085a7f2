import { EmbeddedBus } from '../../bus/embedded/embeddedBus';
import type { Handler, Position, Subscription } from '../../bus/messageBus';
import type { Acknowledgement, ActivationMessage } from '../../bus/messages';
import { completedTopic } from '../../bus/topics';
import type { ActivationRecord } from '../../model/activation';
import type { Logger } from '../../observe/logger';
import { handOverMargin, InvokerTakeover } from './invokerTakeover';

const log = { info: () => {}, warn: () => {}, error: () => {} } as unknown as Logger;
const heard = 1_000_000;

/** A bus whose lost topic is dealt out by hand. */
class LostTopic extends EmbeddedBus {
  handler: Handler<ActivationMessage> | undefined;
  closed = 0;
  override async subscribe<T>(topic: { name: string }, options: never, handler: Handler<T>): Promise<Subscription> {
    if (topic.name !== 'invoker3') return super.subscribe(topic as never, options, handler);
    this.handler = handler as unknown as Handler<ActivationMessage>;
    return { close: async () => void this.closed++ };
  }
}

let bus: LostTopic;
let records: Map<string, ActivationRecord>;
let claims: Map<string, string>;
let sent: ActivationMessage[];
/** Their ids. */
let reassigned: string[];
let acknowledged: Acknowledgement[];
let failures: number;
let takeover: InvokerTakeover;

beforeEach(async () => {
  bus = new LostTopic();
  records = new Map();
  claims = new Map();
  sent = [];
  reassigned = [];
  acknowledged = [];
  failures = 0;
  await bus.subscribe(
    completedTopic('0'),
    { group: 'completed0', maxInFlight: 10 } as never,
    async (ack) => void acknowledged.push(ack as Acknowledgement),
  );
  takeover = new InvokerTakeover({
    bus,
    activations: {
      claim: async (_, id, copy) => {
        if (!claims.has(id)) claims.set(id, copy);
        return claims.get(id) === copy;
      },
      get: async (_, id) => records.get(id),
      store: async (record) => {
        if (failures-- > 0) throw new Error('database away');
        if (!records.has(record.activationId)) records.set(record.activationId, record);
      },
    },
    artifacts: {
      getWithoutCode: async (id) => ({
        revision: '1',
        document: { type: 'actions', annotations: id === 'ns/again' ? [{ key: 'idempotent', value: true }] : [] } as never,
      }),
    },
    reassign: async (message) => {
      sent.push(message);
      reassigned.push(message.activationId);
    },
    testTransaction: 'test',
    grace: 0,
    log,
  });
});
afterEach(() => takeover.close());

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

async function left(
  activationId: string,
  timestamp: number,
  more: Partial<ActivationMessage> & { name?: string } = {},
  position: Partial<Position> = {},
): Promise<void> {
  const { name = 'once', ...rest } = more;
  const message: ActivationMessage = {
    transactionId: 't',
    transactionStart: 5,
    action: { path: 'ns', name, version: '0.0.1', revision: '1' },
    user: { subject: 's', namespace: { name: 'ns', uuid: 'u' }, authkey: { uuid: 'u', key: 'k' }, limits: {} },
    activationId,
    rootController: '0',
    blocking: false,
    content: '{}',
    initArgs: [],
    ...rest,
  };
  await bus.handler!(message, { partition: 0, offset: 0, timestamp, ...position });
}

async function lost(): Promise<void> {
  takeover.lost('invoker3', heard);
  await turn();
}

test('what the invoker can not have begun goes to another one', async () => {
  await lost();
  await left('late', heard + handOverMargin + 1);
  expect(reassigned).toEqual(['late']);
  expect(records.size).toBe(0);
  expect(takeover.totals).toEqual({ reassigned: 1, recorded: 0 });
});

test('what it may have begun is recorded as unknown, and told to who waits', async () => {
  await lost();
  await left('early', heard + handOverMargin, { blocking: true });
  expect(reassigned).toEqual([]);
  expect(records.get('early')).toMatchObject({ namespace: 'ns', response: { statusCode: 3, result: expect.stringContaining('outcome') } });
  await turn();
  expect(acknowledged).toMatchObject([
    { activationId: 'early', slotFree: true, isSystemError: false, invoker: 'invoker3', record: { activationId: 'early' } },
  ]);
});

test('what it may have begun runs again where the action allows that', async () => {
  await lost();
  await left('early', heard, { name: 'again' });
  expect(reassigned).toEqual(['early']);
});

test('what it recorded is only told', async () => {
  await lost();
  records.set('done', { activationId: 'done', logs: ['l'] } as ActivationRecord);
  await left('done', heard, { name: 'again', blocking: true });
  await turn();
  expect([reassigned, records.size, acknowledged[0]?.record?.logs]).toEqual([[], 1, []]);
});

test('a namespace that stores nothing gets no record, and no test action is looked after', async () => {
  await lost();
  await left('quiet', heard, {
    user: { subject: 's', namespace: { name: 'ns', uuid: 'u' }, authkey: { uuid: 'u', key: 'k' }, limits: { storeActivations: false } },
  });
  await left('test', heard, { transactionId: 'test' });
  expect(records.size).toBe(0);
  await turn();
  expect(acknowledged.map((a) => a.activationId)).toEqual(['quiet']);
});

test('who was lost before this controller began, and left something, is found', async () => {
  takeover.search(
    async () => ['invoker3', 'invoker4'],
    (invoker) => invoker === 'invoker4',
    0,
  );
  await turn();
  await turn();
  await left('early', Date.now());
  expect(reassigned).toEqual([]);
  expect(records.has('early')).toBe(true);
});

test('a database that is away is waited for', async () => {
  failures = 1;
  await lost();
  await left('early', heard);
  expect(records.has('early')).toBe(true);
});

test('an invoker that is back in time keeps its own; one that is back later gets the rest', async () => {
  takeover.lost('invoker3', heard);
  takeover.back('invoker3');
  await turn();
  expect(bus.handler).toBeUndefined();
  await lost();
  expect(bus.handler).toBeDefined();
  takeover.back('invoker3');
  await turn();
  expect(bus.closed).toBe(1);
  await expect(left('early', heard)).rejects.toThrow('left to the next reader');
});

test('a step of which another copy counts is left to that', async () => {
  await lost();
  claims.set('other', 'two');
  for (const id of ['mine', 'other']) await left(id, heard, { claim: { after: heard - 1, copy: 'one' } });
  expect([...records.keys()]).toEqual(['mine']);
});

test('what another controller has sent on is left to whom that went to', async () => {
  await lost();
  claims.set('sent', 'copy of another controller');
  for (const id of ['kept', 'sent']) await left(id, heard, {}, { inherited: true, offset: 7 });
  expect([...records.keys()]).toEqual(['kept']);
  expect(claims.get('kept')).toBe('invoker3@7');
});

test('each copy that is sent on is one of its own, of which one counts; what may run again stays the copy that it was', async () => {
  await lost();
  const never = heard + handOverMargin + 1;
  await left('twice', never, { claim: { after: never + 1, copy: 'first' } });
  await left('twice', never);
  await left('again', heard, { name: 'again' }, { offset: 7 });
  await left('step', heard, { name: 'again', claim: { after: never, copy: 'first' } });
  const [one, two, again, step] = sent.map(({ claim }) => claim);
  expect([one, two].map((claim) => claim?.after)).toEqual([0, 0]);
  expect(new Set([one?.copy, two?.copy, 'first', 'invoker3@0']).size).toBe(4);
  expect([again, step]).toEqual([
    { after: 0, copy: 'invoker3@7' },
    { after: 0, copy: 'first' },
  ]);
});
