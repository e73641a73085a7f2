import { InvokerSlots } from './invokerSlots';

const plain = (memory: number) => ({ action: 'a@1', memory, concurrency: 1 });

test('memory is given up to the share', () => {
  const slots = new InvokerSlots(1024, 2048);
  expect([1, 2, 3, 4, 5].map(() => slots.acquire(plain(256)))).toEqual([true, true, true, true, false]);
  slots.release(plain(256));
  expect(slots.acquire(plain(256))).toBe(true);
});

test('an action larger than the share runs alone, one larger than the invoker never', () => {
  const slots = new InvokerSlots(256, 1024);
  expect(slots.acquire(plain(512))).toBe(true);
  expect(slots.acquire(plain(128))).toBe(false);
  expect(new InvokerSlots(256, 1024).acquire(plain(2048))).toBe(false);
});

test('a smaller share forgets nothing that is booked, a larger one is there at once', () => {
  const slots = new InvokerSlots(1024, 1024);
  for (let i = 0; i < 4; i++) slots.acquire(plain(256));
  slots.resize(512, 1024);
  slots.release(plain(256));
  slots.release(plain(256));
  expect(slots.acquire(plain(256))).toBe(false);
  slots.release(plain(256));
  expect(slots.acquire(plain(256))).toBe(true);
  slots.resize(1024, 1024);
  expect(slots.acquire(plain(256))).toBe(true);
  expect(slots.usedMemory).toBe(768);
});

test('activations that share a container take memory once for as many as fit into it', () => {
  const slots = new InvokerSlots(512, 512);
  const shared = { action: 'c@1', memory: 256, concurrency: 3 };
  expect([1, 2, 3, 4, 5, 6, 7].map(() => slots.acquire(shared))).toEqual([true, true, true, true, true, true, false]);
  for (let i = 0; i < 3; i++) slots.release(shared);
  expect(slots.usedMemory).toBe(256);
  expect(slots.acquire(plain(256))).toBe(true);
  // another version of the action has containers of its own
  expect(slots.acquire({ ...shared, action: 'c@2' })).toBe(false);
  for (let i = 0; i < 3; i++) slots.release(shared);
  expect(slots.usedMemory).toBe(256);
});
