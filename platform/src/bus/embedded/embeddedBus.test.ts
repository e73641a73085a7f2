import { BusFull, type Topic } from '../messageBus';
import { EmbeddedBus } from './embeddedBus';

const topic: Topic<number> = { name: 't', encode: String, decode: Number };
const options = { group: 'g', maxInFlight: 2 };

/** A consumer whose messages are settled by hand. */
function consumer(): { handler: (m: number) => Promise<void>; seen: number[]; settle: () => void } {
  const seen: number[] = [];
  const open: (() => void)[] = [];
  return {
    seen,
    settle: () => open.shift()?.(),
    handler: (m) => {
      seen.push(m);
      return new Promise((resolve) => {
        open.push(resolve);
      });
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('messages are delivered in order, no more at a time than the bound', async () => {
  const bus = new EmbeddedBus();
  const { handler, seen, settle } = consumer();
  await bus.subscribe(topic, options, handler);
  for (const m of [1, 2, 3, 4]) await bus.send(topic, m);
  expect(seen).toEqual([1, 2]);
  settle();
  await turn();
  expect(seen).toEqual([1, 2, 3]);
});

test('what is sent before anybody listens waits', async () => {
  const bus = new EmbeddedBus();
  await bus.send(topic, 7);
  const { handler, seen } = consumer();
  await bus.subscribe(topic, options, handler);
  expect(seen).toEqual([7]);
});

test('a queue has a bound: past it the sender is told', async () => {
  const bus = new EmbeddedBus(2);
  await bus.send(topic, 1);
  await bus.send(topic, 2);
  await expect(bus.send(topic, 3)).rejects.toBeInstanceOf(BusFull);
});

test('closing waits for what is in flight and delivers nothing more', async () => {
  const bus = new EmbeddedBus();
  const { handler, seen, settle } = consumer();
  const subscription = await bus.subscribe(topic, options, handler);
  for (const m of [1, 2, 3]) await bus.send(topic, m);
  let closed = false;
  const closing = subscription.close().then(() => {
    closed = true;
  });
  settle();
  await turn();
  expect(closed).toBe(false);
  settle();
  await closing;
  expect(seen).toEqual([1, 2]);
});

test('a handler that fails does not stop delivery', async () => {
  const bus = new EmbeddedBus();
  const seen: number[] = [];
  await bus.subscribe(topic, { group: 'g', maxInFlight: 1 }, async (m) => {
    seen.push(m);
    throw new Error('handler');
  });
  for (const m of [1, 2]) await bus.send(topic, m);
  await turn();
  await turn();
  expect(seen).toEqual([1, 2]);
});
