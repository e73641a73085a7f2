import { BusFull, BusUnavailable } from '../messageBus';
import { type Batch, MicroBatcher, type MicroBatcherOptions } from './microBatcher';

/** A batcher whose sends end by hand. */
function batcher(more: Partial<MicroBatcherOptions> = {}) {
  const sent: Record<string, string[]>[] = [];
  const open: { ok: () => void; fail: (e: Error) => void }[] = [];
  const made = new MicroBatcher({
    send: (batch: Batch) => {
      sent.push(Object.fromEntries([...batch].map(([topic, values]) => [topic, values.map(String)])));
      return new Promise((ok, fail) => open.push({ ok, fail }));
    },
    maxBatchBytes: () => 1000,
    maxMessages: 100,
    maxBytes: 10_000,
    maxWait: 60_000,
    pace: 0,
    ...more,
  });
  return { made, sent, open, add: (topic: string, text: string) => made.add(topic, Buffer.from(text)) };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('one send at a time; what comes meanwhile goes together with the next', async () => {
  const { sent, open, add } = batcher();
  const first = [add('a', '1'), add('a', '2'), add('b', '3')];
  await turn();
  expect(sent).toEqual([{ a: ['1', '2'], b: ['3'] }]);
  const next = [add('a', '4'), add('b', '5')];
  await turn();
  expect(sent).toHaveLength(1);
  open[0]!.ok();
  await Promise.all(first);
  await turn();
  expect(sent[1]).toEqual({ a: ['4'], b: ['5'] });
  open[1]!.ok();
  await Promise.all(next);
});

test('sends begin a pace apart; the first of all, and one after a rest, at once', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  try {
    const { sent, open, add } = batcher({ pace: 50 });
    const all = [add('a', '1')];
    await turn();
    expect(sent).toEqual([{ a: ['1'] }]);
    open[0]!.ok();
    await turn();
    all.push(add('a', '2'));
    await turn();
    all.push(add('a', '3'));
    jest.advanceTimersByTime(49);
    await turn();
    expect(sent).toHaveLength(1);
    jest.advanceTimersByTime(1);
    await turn();
    expect(sent[1]).toEqual({ a: ['2', '3'] });
    open[1]!.ok();
    await turn();
    jest.advanceTimersByTime(50);
    all.push(add('a', '4'));
    await turn();
    expect(sent[2]).toEqual({ a: ['4'] });
    open[2]!.ok();
    await Promise.all(all);
  } finally {
    jest.useRealTimers();
  }
});

test("a topic's batch keeps within its bytes and its order", async () => {
  const { sent, open, add } = batcher({ maxBatchBytes: () => 61 + 2 * (10 + 32) });
  const all = ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc', 'd'].map((text) => add('t', text));
  for (let i = 0; i < 2; i++) {
    await turn();
    open[i]!.ok();
  }
  await Promise.all(all);
  expect(sent).toEqual([{ t: ['aaaaaaaaaa', 'bbbbbbbbbb'] }, { t: ['cccccccccc', 'd'] }]);
});

test('has a bound in messages and in bytes; what is under way counts', async () => {
  const { open, add, made } = batcher({ maxMessages: 2, maxBytes: 10 });
  const first = add('a', '1');
  await turn();
  const second = add('a', '2');
  await expect(add('a', '3')).rejects.toBeInstanceOf(BusFull);
  open[0]!.ok();
  await first;
  await expect(add('a', '12345678901')).rejects.toBeInstanceOf(BusFull);
  await turn();
  open[1]!.ok();
  await second;
  expect(made.pending).toBe(0);
});

test('a send that fails fails its messages only', async () => {
  const { open, add } = batcher();
  const first = add('a', '1');
  await turn();
  const second = add('a', '2');
  open[0]!.fail(new Error('gone'));
  await expect(first).rejects.toBeInstanceOf(BusUnavailable);
  await turn();
  open[1]!.ok();
  await second;
});

test('what waits too long is refused and never sent', async () => {
  let now = 0;
  const { sent, open, add, made } = batcher({ maxWait: 1000, now: () => now });
  const first = add('a', '1');
  await turn();
  const second = add('a', '2');
  now = 2000;
  await expect(
    Promise.all([expect(first).rejects.toBeInstanceOf(BusUnavailable), expect(second).rejects.toBeInstanceOf(BusUnavailable)]),
  ).resolves.toBeDefined();
  open[0]!.ok();
  await made.flush();
  expect(sent).toEqual([{ a: ['1'] }]);
});
