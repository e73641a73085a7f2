import { type AddressInfo, connect as connectTo, createServer } from 'node:net';
import { KafkaBus, type KafkaBusOptions } from '../../platform/src/bus/kafka/kafkaBus';
import { type Handler, MessageTooLarge, type Topic } from '../../platform/src/bus/messageBus';
import { createLogger } from '../../platform/src/observe/logger';
import { eventually } from '../eventually';
import { type KafkaBroker, startKafkaBroker } from './kafkaBroker';

let broker: KafkaBroker;
const open: KafkaBus[] = [];
const log = createLogger(process.env.TEST_LOG_LEVEL ?? 'silent', 'test');
let topics = 0;

beforeAll(async () => {
  broker = await startKafkaBroker();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((bus) => bus.close()));
});
afterAll(async () => {
  await broker?.close();
});

async function connect(more: Partial<KafkaBusOptions> = {}): Promise<KafkaBus> {
  const bus = await KafkaBus.connect({
    brokers: broker.address.split(','),
    clientId: 'test',
    prefix: `t${process.pid}-`,
    payload: 1024 * 1024,
    sessionTimeout: 6000,
    log,
    ...more,
  });
  open.push(bus);
  return bus;
}

/** A topic of work that no other test uses. */
function workTopic(): Topic<string> {
  return textTopic(`invoker${Date.now()}${topics++}`);
}

function textTopic(name: string): Topic<string> {
  return { name, encode: (m) => m, decode: (text) => text, shrink: (m) => m.slice(0, 10) };
}

/** A consumer whose messages are settled by hand. */
function byHand(): { seen: string[]; handler: Handler<string>; settle: (message: string) => void } {
  const seen: string[] = [];
  const unsettled = new Map<string, () => void>();
  return {
    seen,
    settle: (message) => unsettled.get(message)?.(),
    handler: (message) => {
      seen.push(message);
      return new Promise((resolve) => unsettled.set(message, resolve));
    },
  };
}

test('messages go round in order, singly and in large numbers, with their positions', async () => {
  const bus = await connect();
  const topic = workTopic();
  const seen: string[] = [];
  const positions: number[] = [];
  await bus.subscribe(topic, { group: topic.name, maxInFlight: 100 }, async (message, { offset }) => {
    seen.push(message);
    positions.push(offset);
  });
  await bus.send(topic, 'ü "first"');
  await eventually(async () => expect(seen).toEqual(['ü "first"']));
  const many = Array.from({ length: 5000 }, (_, i) => `m${i}`);
  await Promise.all(many.map((m) => bus.send(topic, m)));
  await eventually(async () => expect(seen).toHaveLength(5001));
  expect(seen.slice(1)).toEqual(many);
  expect(positions).toEqual(Array.from({ length: 5001 }, (_, i) => i));
});

test('a message as large as a payload passes; a larger one is shrunk or refused', async () => {
  const bus = await connect();
  const topic = workTopic();
  const seen: string[] = [];
  await bus.subscribe(topic, { group: topic.name, maxInFlight: 100 }, async (message) => void seen.push(message));
  const large = 'x'.repeat(1024 * 1024 + 5000);
  // many of them: a batch has the same bound as a message
  await Promise.all(Array.from({ length: 5 }, () => bus.send(topic, large)));
  await bus.send(topic, 'y'.repeat(1024 * 1024 + 7000));
  const { shrink: _, ...rigid } = topic;
  await expect(bus.send(rigid, 'z'.repeat(1024 * 1024 + 7000))).rejects.toBeInstanceOf(MessageTooLarge);
  await eventually(async () =>
    expect(seen.map((m) => m.length)).toEqual([large.length, large.length, large.length, large.length, large.length, 10]),
  );
});

test('no more messages are handed out than may be in flight', async () => {
  const bus = await connect();
  const topic = workTopic();
  const { seen, handler, settle } = byHand();
  await bus.subscribe(topic, { group: topic.name, maxInFlight: 2 }, handler);
  await Promise.all(['a', 'b', 'c', 'd'].map((m) => bus.send(topic, m)));
  await eventually(async () => expect(seen).toEqual(['a', 'b']));
  settle('b');
  await eventually(async () => expect(seen).toEqual(['a', 'b', 'c']));
  settle('a');
  await eventually(async () => expect(seen).toEqual(['a', 'b', 'c', 'd']));
  for (const m of ['c', 'd']) settle(m);
});

test('what was not settled is delivered again to the next reader, and nothing that was', async () => {
  const topic = workTopic();
  const first = await connect({ sessionTimeout: 300_000 });
  const { seen, handler, settle } = byHand();
  await first.subscribe(topic, { group: topic.name, maxInFlight: 10 }, handler);
  for (const m of ['a', 'b', 'c', 'd']) await first.send(topic, m);
  await eventually(async () => expect(seen).toEqual(['a', 'b', 'c', 'd']));
  for (const m of ['a', 'b', 'd']) settle(m);
  // the first one neither closes nor leaves: as one that was killed, it is put out by its successor
  const second = await connect();
  const again: string[] = [];
  await eventually(async () => expect(await committed(first, topic.name)).toBe(2));
  await second.subscribe(topic, { group: topic.name, maxInFlight: 10 }, async (m) => void again.push(m));
  await eventually(async () => expect(again).toEqual(['c', 'd']));
  settle('c');
});

test('who gets the place of another one knows what was there before; who lost it commits nothing, and never an older position', async () => {
  const topic = workTopic();
  // the group's place goes to the first by name
  const [lower, upper] = [await connect({ clientId: 'b' }), await connect({ clientId: 'a' })];
  const reader = (bus: KafkaBus, { handler, ...rest }: ReturnType<typeof byHand>) => {
    const inherited: boolean[] = [];
    const subscribed = bus.subscribe(topic, { group: topic.name, maxInFlight: 10, shared: true }, (message, position) => {
      inherited.push(position.inherited === true);
      return handler(message, position);
    });
    return { ...rest, inherited, subscribed };
  };
  const stays = async (position: number) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await committed(lower, topic.name)).toBe(position);
  };
  await lower.send(topic, 'm0');
  const first = reader(lower, byHand());
  await eventually(async () => expect(first.seen).toEqual(['m0']));
  await lower.send(topic, 'm1');
  await eventually(async () => expect(first.seen).toEqual(['m0', 'm1']));
  expect(first.inherited).toEqual([true, false]);
  const second = reader(upper, byHand());
  await eventually(async () => expect(second.seen).toEqual(['m0', 'm1']));
  await lower.send(topic, 'm2');
  await eventually(async () => expect(second.seen).toEqual(['m0', 'm1', 'm2']));
  expect(second.inherited).toEqual([true, true, false]);
  for (const m of ['m0', 'm1', 'm2']) second.settle(m);
  await eventually(async () => expect(await committed(lower, topic.name)).toBe(3));
  first.settle('m0');
  await stays(3);
  await (await second.subscribed).close();
  await lower.send(topic, 'm3');
  await eventually(async () => expect(first.seen).toEqual(['m0', 'm1', 'm3']));
  // m1 is still the oldest of its own that is not settled
  first.settle('m3');
  await stays(3);
  first.settle('m1');
  await eventually(async () => expect(await committed(lower, topic.name)).toBe(4));
});

test('closing waits for what is in flight, and what was settled does not come again', async () => {
  const topic = workTopic();
  const bus = await connect();
  const { seen, handler, settle } = byHand();
  const subscription = await bus.subscribe(topic, { group: topic.name, maxInFlight: 1 }, handler);
  await bus.send(topic, 'a');
  await bus.send(topic, 'b');
  await eventually(async () => expect(seen).toEqual(['a']));
  let closed = false;
  const closing = subscription.close().then(() => {
    closed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(closed).toBe(false);
  settle('a');
  await closing;
  const again: string[] = [];
  await bus.subscribe(topic, { group: topic.name, maxInFlight: 1 }, async (m) => void again.push(m));
  await eventually(async () => expect(again).toEqual(['b']));
  expect(seen).toEqual(['a']);
});

test('each group gets each notice sent from now on, and none of before', async () => {
  const bus = await connect({ prefix: `h${Date.now()}-` });
  const health = textTopic('health');
  await bus.send(health, 'old');
  const seen: Record<string, string[]> = { health0: [], health1: [] };
  for (const group of Object.keys(seen)) await bus.subscribe(health, { group, maxInFlight: 128 }, async (m) => void seen[group]!.push(m));
  await bus.send(health, 'new');
  await eventually(async () => expect(seen).toEqual({ health0: ['new'], health1: ['new'] }));
});

test('a message that can not be read is passed over', async () => {
  const bus = await connect();
  const topic = workTopic();
  const seen: unknown[] = [];
  const json: Topic<unknown> = { name: topic.name, encode: String, decode: (text) => JSON.parse(text) };
  await bus.subscribe(json, { group: topic.name, maxInFlight: 1 }, async (m) => void seen.push(m));
  for (const m of ['{"broken', '{"a":1}']) await bus.send(topic, m);
  await eventually(async () => expect(seen).toEqual([{ a: 1 }]));
});

test('the broker is reached by TLS and a password; with another password or without trust it is told why not, with nobody there that there is none', async () => {
  if (!broker.secure) return;
  const { address, ca, username, password } = broker.secure;
  const sasl = { mechanism: 'plain', username, password } as const;
  const secure = { brokers: [address], ssl: { ca }, sasl };
  const bus = await connect(secure);
  const topic = workTopic();
  const seen: string[] = [];
  await bus.subscribe(topic, { group: topic.name, maxInFlight: 1 }, async (m) => void seen.push(m));
  await bus.send(topic, 'a');
  await eventually(async () => expect(seen).toEqual(['a']));
  const failure = (options: Parameters<typeof connect>[0]) =>
    connect(options).catch((error: Error) => ({ name: error.name, message: error.message }));
  const attempts = [{ ...secure, sasl: { ...sasl, password: 'wrong' } }, { ...secure, ssl: {} }, { brokers: ['127.0.0.1:1'] }];
  expect(await Promise.all(attempts.map(failure))).toEqual([
    { name: 'BusRefused', message: expect.stringMatching(/cannot be used: .*SASL PLAIN authentication failed/) },
    { name: 'BusRefused', message: expect.stringMatching(/cannot be used: .*certificate/) },
    { name: 'BusUnavailable', message: expect.any(String) },
  ]);
});

test('a broker whose certificate is not trusted is told as that, also when the attempts after the first fail in another way', async () => {
  if (!broker.secure) return;
  const [host, port] = broker.secure.address.split(':') as [string, string];
  let attempts = 0;
  const door = createServer((caller) => {
    caller.on('error', () => {});
    if (attempts++ > 0) return void caller.destroy();
    const onward = connectTo(Number(port), host).on('error', () => caller.destroy());
    caller.pipe(onward).pipe(caller);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(door.address() as AddressInfo).port}`;
  try {
    await expect(connect({ brokers: [address], ssl: {} })).rejects.toMatchObject({
      name: 'BusRefused',
      message: expect.stringMatching(/cannot be used: .*certificate/),
    });
    expect(attempts).toBeGreaterThan(1);
  } finally {
    door.close();
  }
});

test('topics with something left are found', async () => {
  const bus = await connect({ prefix: `u${Date.now()}-` });
  const [read, left] = [workTopic(), workTopic()];
  const seen: string[] = [];
  await bus.subscribe(read, { group: read.name, maxInFlight: 1 }, async (m) => void seen.push(m));
  await bus.send(read, 'a');
  await bus.send(left, 'b');
  await eventually(async () => expect(await bus.unread(/^invoker\d+$/)).toEqual([left.name]));
  expect(await bus.unread(/^other/)).toEqual([]);
});

test('the broker is killed and comes back under load: every acknowledged message is delivered, once, in order; nothing is settled early', async () => {
  if (!broker.process) return;
  const bus = await connect();
  const topic = workTopic();
  const seen: string[] = [];
  const { handler: held, settle, seen: heldSeen } = byHand();
  await bus.subscribe(topic, { group: topic.name, maxInFlight: 1000 }, async (m, position) => {
    if (m === 'held') return held(m, position);
    seen.push(m);
  });
  await bus.send(topic, 'held');
  const acknowledged: string[] = [];
  let sent = 0;
  const load = async () => {
    for (let i = 0; i < 400; i++) {
      const m = `m${sent++}`;
      await bus.send(topic, m).then(
        () => acknowledged.push(m),
        () => {},
      );
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const loads = Promise.all([load(), load(), load()]);
  await eventually(async () => expect(acknowledged.length).toBeGreaterThan(100));
  await broker.process.kill();
  await eventually(async () => expect(bus.readiness()).toBe(false));
  await broker.process.run();
  await loads;
  await eventually(async () => expect(bus.readiness()).toBe(true));
  // what was given up without an answer may have arrived too
  const missing = () => acknowledged.filter((m) => !seen.includes(m));
  await eventually(async () => expect(missing()).toEqual([]));
  expect(seen).toHaveLength(new Set(seen).size);
  expect(heldSeen).toEqual(['held']);
  // the one that is held keeps the position where it is
  const position = await committed(bus, topic.name);
  settle('held');
  expect(position).toBeLessThanOrEqual(0);
  await eventually(async () => expect(await committed(bus, topic.name)).toBe(seen.length + 1));
});

/** The position of a group that is named as its topic. */
async function committed(bus: KafkaBus, name: string): Promise<number> {
  const { admin, prefix } = bus as unknown as { admin: import('kafkajs').Admin; prefix: string };
  const [entry] = await admin.fetchOffsets({ groupId: prefix + name, topics: [prefix + name] });
  return Number(entry!.partitions[0]!.offset);
}

test('everything that topics got since a moment is visited once, and nothing else', async () => {
  const bus = await connect();
  const [first, second, other] = [workTopic(), workTopic(), textTopic(`completed${topics++}`)] as const;
  const positions: number[] = [];
  await bus.subscribe(first, { group: first.name, maxInFlight: 100 }, async (_, { timestamp }) => void positions.push(timestamp));
  for (const topic of [first, second]) await bus.send(topic, 'before');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await bus.send(first, 'since');
  await eventually(async () => expect(positions).toHaveLength(2));
  await Promise.all(Array.from({ length: 3000 }, (_, i) => bus.send(i % 2 === 0 ? first : second, `m${i}`)));
  await bus.send(other, 'elsewhere');
  const found = new Map<string, string[]>();
  const visit = (topic: string, text: string) => void found.set(text, [...(found.get(text) ?? []), topic]);
  await bus.visitSince(/^invoker/, positions[1]!, visit);
  expect(found.size).toBe(3001);
  expect(found.get('since')).toEqual([first.name]);
  expect(found.get('m7')).toEqual([second.name]);
  // no more than this was there to visit
  found.clear();
  await bus.visitSince(/^invoker/, Date.now() + 60_000, visit);
  expect(found.size).toBe(0);
});
