import type { SystemLimits } from '../config/settings';
import type { Identity } from '../model/identity';
import { Throttles } from './throttles';

let now = 0;
let active = 0;
const limits = { invocationsPerMinute: 3, concurrentInvocations: 2, firesPerMinute: 1 } as SystemLimits;
const caller = (own: Identity['limits'] = {}): Identity => ({
  subject: 's',
  namespace: { name: 'ns', uuid: 'u' },
  authkey: { uuid: 'u', key: 'k' },
  limits: own,
});
const throttles = () => new Throttles(limits, { activeOf: () => active }, () => now);

beforeEach(() => {
  now = 60_000;
  active = 0;
});

test('a rate is counted by the clock minute, refused calls included', () => {
  const t = throttles();
  for (let i = 0; i < 3; i++) t.invoke(caller());
  expect(() => t.invoke(caller())).toThrow('Too many requests in the last minute (count: 4, allowed: 3).');
  expect(() => t.invoke(caller())).toThrow('Too many requests in the last minute (count: 5, allowed: 3).');
  now += 60_000;
  t.invoke(caller());
});

test('triggers have a counter of their own', () => {
  const t = throttles();
  t.fire(caller());
  t.invoke(caller());
  expect(() => t.fire(caller())).toThrow('Too many requests in the last minute (count: 2, allowed: 1).');
});

test('activations in flight are bounded; what is at the bound is refused', () => {
  active = 2;
  expect(() => throttles().invoke(caller())).toThrow('Too many concurrent requests in flight (count: 2, allowed: 2).');
});

test("a namespace's own limits count instead; 0 refuses all", () => {
  expect(() => throttles().invoke(caller({ invocationsPerMinute: 0 }))).toThrow(
    'Too many requests in the last minute (count: 1, allowed: 0).',
  );
  active = 2;
  throttles().invoke(caller({ concurrentInvocations: 3 }));
});
