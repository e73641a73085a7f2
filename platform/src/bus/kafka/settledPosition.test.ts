import { SettledPosition } from './settledPosition';

test('the position stays at the oldest message that is not settled', () => {
  const p = new SettledPosition();
  expect(p.position).toBeUndefined();
  const [a, b, c] = [5, 6, 9].map((offset) => p.handOut(offset));
  expect([p.position, p.unsettled, p.span]).toEqual([5, 3, 3]);
  p.settle(b!);
  p.settle(c!);
  expect([p.position, p.unsettled, p.span]).toEqual([5, 1, 3]);
  p.settle(a!);
  p.settle(a!);
  expect([p.position, p.unsettled, p.span]).toEqual([10, 0, 0]);
});

test('knows what was handed out before', () => {
  const p = new SettledPosition();
  p.handOut(7);
  expect([p.has(6), p.has(7), p.has(8), p.latest]).toEqual([true, true, false, 7]);
});

test('what is settled takes no room for long', () => {
  const p = new SettledPosition();
  for (let i = 0; i < 100_000; i++) p.settle(p.handOut(i));
  expect(p.position).toBe(100_000);
  expect((p as unknown as { entries: unknown[] }).entries.length).toBeLessThan(3000);
});
