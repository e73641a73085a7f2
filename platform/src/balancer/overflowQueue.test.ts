import { InvokersOverloaded, NamespaceQueueFull, NoInvokerAvailable } from './loadBalancer';
import { OverflowQueue } from './overflowQueue';
import { request, usableInvoker } from './testing/invokers';

let time = 0;
const queueOf = (max = 100) => new OverflowQueue({ max, maxWait: 1000, accepts: () => true, now: () => time });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('namespaces take turns, whoever sent how much', async () => {
  const queue = queueOf();
  const served: string[] = [];
  const waits = ['a', 'a', 'a', 'a', 'b', 'c', 'c'].map((ns, i) =>
    queue.wait(request(ns, 128)).then(() => {
      served.push(`${ns}${i}`);
    }),
  );
  queue.offer(usableInvoker(0, 7 * 128));
  await Promise.all(waits);
  expect(served).toEqual(['a0', 'b4', 'c5', 'a1', 'c6', 'a2', 'a3']);
});

test('a place goes to whom it fits; one that needs much gets its turn when it has waited long', async () => {
  time = 0;
  const queue = queueOf();
  const invoker = usableInvoker(0, 512);
  const served: string[] = [];
  const waiting = (ns: string, memory: number) => void queue.wait(request(ns, memory)).then(() => served.push(ns));
  invoker.slots.acquire(request('x', 256).slot);
  waiting('large', 512);
  waiting('small', 256);
  queue.offer(invoker);
  await settled();
  expect(served).toEqual(['small']);
  time = 600;
  waiting('small', 256);
  invoker.slots.release(request('x', 256).slot);
  queue.offer(invoker);
  await settled();
  expect(served).toEqual(['small']);
  invoker.slots.release(request('small', 256).slot);
  queue.offer(invoker);
  await settled();
  expect(served).toEqual(['small', 'large']);
});

test('at the bound it refuses; one namespace gets half', async () => {
  const queue = queueOf(4);
  const kept = [queue.wait(request('a', 128)), queue.wait(request('a', 128))];
  await expect(queue.wait(request('a', 128))).rejects.toBeInstanceOf(NamespaceQueueFull);
  kept.push(queue.wait(request('b', 128)), queue.wait(request('c', 128)));
  await expect(queue.wait(request('d', 128))).rejects.toBeInstanceOf(InvokersOverloaded);
  queue.offer(usableInvoker(0, 4 * 128));
  await Promise.all(kept);
  expect(queue.size).toBe(0);
});

test('who waits too long, or without hope, is refused', async () => {
  time = 0;
  const queue = queueOf();
  const first = queue.wait(request('a', 128));
  time = 500;
  const second = queue.wait(request('a', 128));
  const hopeless = queue.wait(request('b', 128));
  time = 1000;
  queue.sweep(({ namespace }) => (namespace === 'b' ? new NoInvokerAvailable() : undefined));
  await expect(first).rejects.toBeInstanceOf(InvokersOverloaded);
  await expect(hopeless).rejects.toBeInstanceOf(NoInvokerAvailable);
  expect(queue.size).toBe(1);
  queue.offer(usableInvoker(0, 128));
  await second;
});
