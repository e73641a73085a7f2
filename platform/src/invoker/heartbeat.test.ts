import type { MessageBus } from '../bus/messageBus';
import type { Ping } from '../bus/ping';
import { createLogger } from '../observe/logger';
import { Heartbeat } from './heartbeat';

const log = createLogger('silent', 'test');
const ping = { instance: 0, userMemory: 1, tags: [], dedicatedNamespaces: [] };

function heartbeat(): { made: Heartbeat; sent: Ping[]; fail: (on: boolean) => void } {
  const sent: Ping[] = [];
  let failing = false;
  const bus = {
    send: async (_: unknown, message: Ping) => {
      if (failing) throw new Error('away');
      sent.push(message);
    },
  } as unknown as MessageBus;
  return { made: new Heartbeat(bus, ping, log), sent, fail: (on) => (failing = on) };
}

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test('work may begin as long as the bus has a fresh ping', async () => {
  const { made, sent, fail } = heartbeat();
  const before = made.mayBegin();
  expect(before).toBeInstanceOf(Promise);
  made.start();
  await before;
  expect(made.mayBegin()).toBeUndefined();
  expect(sent).toEqual([{ ...ping, enabled: true }]);
  fail(true);
  await jest.advanceTimersByTimeAsync(3900);
  expect(made.mayBegin()).toBeUndefined();
  await jest.advanceTimersByTimeAsync(200);
  let begun = false;
  void made.mayBegin()?.then(() => {
    begun = true;
  });
  await jest.advanceTimersByTimeAsync(2000);
  expect(begun).toBe(false);
  fail(false);
  await jest.advanceTimersByTimeAsync(1000);
  expect(begun).toBe(true);
  await made.stop();
});

test('after the goodbye what has been delivered is worked off', async () => {
  const { made, sent } = heartbeat();
  const waiting = made.mayBegin();
  await made.stop();
  await waiting;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(made.mayBegin()).toBeUndefined();
  expect(sent).toEqual([{ ...ping, enabled: false }]);
});
