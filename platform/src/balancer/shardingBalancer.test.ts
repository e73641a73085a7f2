import type { Acknowledgement, ActivationMessage } from '../bus/messages';
import { healthTopic, type Ping } from '../bus/ping';
import { completedTopic } from '../bus/topics';
import type { ActivationRecord } from '../model/activation';
import type { Logger } from '../observe/logger';
import { CompletionTimeout, type Demand, NoInvokerAvailable } from './loadBalancer';
import { ShardingBalancer, testTransaction } from './shardingBalancer';
import { GroupBus } from './testing/groupBus';

const log = { info: () => {}, warn: () => {}, error: () => {} } as unknown as Logger;
const demand: Demand = { timeout: 1000, memory: 256, concurrency: 1, blackbox: false, resources: [] };
let ids = 0;
let now = 1_000_000;
let bus: GroupBus;
let balancer: ShardingBalancer;

function message(more: Partial<ActivationMessage> = {}): ActivationMessage {
  const namespace = { name: 'ns', uuid: 'u' };
  return {
    transactionId: 't',
    transactionStart: 0,
    action: { path: 'ns', name: 'a', version: '0.0.1', revision: '1' },
    user: { subject: 'ns', namespace, authkey: { uuid: 'u', key: 'k' }, limits: {} },
    activationId: `id${ids++}`,
    rootController: '0',
    blocking: false,
    content: '{}',
    initArgs: [],
    ...more,
  };
}

const ping = (instance: number, more: Partial<Ping> = {}) =>
  bus.send(healthTopic, { instance, userMemory: 512, tags: [], dedicatedNamespaces: [], enabled: true, ...more });
const ack = (activationId: string, invoker: string, more: Partial<Acknowledgement> = {}) =>
  bus.send(completedTopic('0'), { activationId, transactionId: 't', slotFree: true, isSystemError: false, invoker, ...more });
const healthy = async (instance: number) => {
  await ping(instance);
  await ack('test', `invoker${instance}`, { transactionId: testTransaction });
};
/** Ticks the balancer's timer by hand. */
const tick = () => (balancer as unknown as { tick(): void }).tick();

let hears: boolean;

beforeEach(async () => {
  now = 1_000_000;
  hears = true;
  bus = new GroupBus();
  balancer = new ShardingBalancer({
    bus,
    controller: '0',
    completion: { timeoutFactor: 2, timeoutAddon: 60_000, shortest: 60_000 },
    minMemory: 128,
    queue: { max: 4, maxWait: 5000 },
    testMessage: () => message({ activationId: 'test', transactionId: testTransaction }),
    hears: () => hears,
    log,
    now: () => now,
  });
  await balancer.start();
});
afterEach(() => balancer.close());

test('an invoker gets work when its test action came back', async () => {
  await ping(0);
  expect(bus.to<ActivationMessage>('invoker0').map((m) => m.transactionId)).toEqual([testTransaction]);
  expect(balancer.invokers()).toEqual([{ name: 'invoker0/0', status: 'unhealthy' }]);
  const placed = balancer.publish(message({ activationId: 'work' }), demand);
  await ack('test', 'invoker0', { transactionId: testTransaction });
  await placed;
  expect(balancer.invokers()).toEqual([{ name: 'invoker0/0', status: 'up' }]);
  expect(bus.to<ActivationMessage>('invoker0').map((m) => m.activationId)).toEqual(['test', 'work']);
});

test('a blocking activation gives its record; the books are as before', async () => {
  await healthy(0);
  const { result } = await balancer.publish(message({ activationId: 'b', blocking: true }), demand);
  expect([balancer.activeOf('u'), balancer.activeTotal]).toEqual([1, 1]);
  const record: ActivationRecord = {
    namespace: 'guest',
    name: 'hello',
    subject: 'guest-subject',
    activationId: 'b',
    start: 1,
    end: 2,
    response: { statusCode: 0 },
    logs: [],
    version: '0.0.1',
    annotations: [],
  };
  await ack('b', 'invoker0', { record });
  expect(await result).toEqual(record);
  expect([balancer.activeOf('u'), balancer.activeTotal]).toEqual([0, 0]);
});

test('work that finds no place waits for one and is refused at the bound', async () => {
  await healthy(0);
  await Promise.all([0, 1].map((i) => balancer.publish(message({ activationId: `run${i}` }), demand)));
  const waiting = [0, 1].map((i) => balancer.publish(message({ activationId: `wait${i}` }), demand));
  expect(balancer.waiting).toBe(2);
  await expect(balancer.publish(message(), demand)).rejects.toThrow('Too many requests of the namespace');
  expect(balancer.activeOf('u')).toBe(4);
  await ack('run0', 'invoker0');
  await waiting[0];
  await ack('run1', 'invoker0');
  await waiting[1];
  expect(bus.to<ActivationMessage>('invoker0').map((m) => m.activationId)).toEqual(['test', 'run0', 'run1', 'wait0', 'wait1']);
});

test('shares follow the number of controllers, bookings stay', async () => {
  await healthy(0);
  await balancer.publish(message({ activationId: 'run' }), demand);
  balancer.setControllers(2);
  const waiting = balancer.publish(message({ activationId: 'wait' }), demand);
  await Promise.resolve();
  expect(balancer.waiting).toBe(1);
  balancer.setControllers(1);
  await waiting;
});

test('what an invoker never completes is given up, and counts against it', async () => {
  await healthy(0);
  const { result } = await balancer.publish(message({ activationId: 'lost', blocking: true }), demand);
  now += 179_999;
  await ping(0);
  tick();
  expect(balancer.activeTotal).toBe(1);
  now += 1;
  tick();
  await expect(result).rejects.toBeInstanceOf(CompletionTimeout);
  expect(balancer.invokers()[0]!.status).toBe('unresponsive');
  expect(balancer.activeTotal).toBe(0);
});

test('a controller that was cut off does not take the silence of invokers for their end: work waits for them', async () => {
  await healthy(0);
  hears = false;
  for (let i = 0; i < 15; i++) {
    now += 1000;
    tick();
  }
  expect(balancer.invokers()[0]!.status).toBe('down');
  hears = true;
  const placed = balancer.publish(message(), demand);
  expect(balancer.waiting).toBe(1);
  await healthy(0);
  tick();
  await placed;
  expect(balancer.waiting).toBe(0);
});

test('without invokers work waits while some may still come, then it is refused', async () => {
  const early = balancer.publish(message(), demand);
  const refused = expect(early).rejects.toBeInstanceOf(NoInvokerAvailable);
  now += 4000;
  tick();
  expect(balancer.waiting).toBe(1);
  now += 6000;
  (balancer as unknown as { queue: { options: { maxWait: number } } }).queue.options.maxWait = 60_000;
  tick();
  await refused;
  await expect(balancer.publish(message(), demand)).rejects.toBeInstanceOf(NoInvokerAvailable);
  expect(balancer.activeTotal).toBe(0);
});

test('an invoker that says goodbye gets nothing more; its work waits for the next', async () => {
  await healthy(0);
  await healthy(1);
  await ping(0, { enabled: false });
  for (let i = 0; i < 2; i++) await balancer.publish(message(), demand);
  expect(bus.to<ActivationMessage>('invoker1').length).toBe(3);
  expect(balancer.invokers().map((i) => i.status)).toEqual(['down', 'up']);
});

test('when the bus takes nothing, nothing stays booked', async () => {
  await healthy(0);
  bus.failure = new Error('broker away');
  await expect(balancer.publish(message(), demand)).rejects.toThrow('broker away');
  bus.failure = undefined;
  for (let i = 0; i < 2; i++) await balancer.publish(message(), demand);
  expect(balancer.activeTotal).toBe(2);
});
