import type { SystemLimits } from '../config/settings';
import type { Identity } from '../model/identity';
import { type Controllers, Throttles } from './throttles';

let now = 0;
let active = 0;
const limits = { invocationsPerMinute: 3, concurrentInvocations: 2, firesPerMinute: 1 } as SystemLimits;
const caller = (own: Identity['limits'] = {}): Identity => ({
  subject: 's',
  namespace: { name: 'ns', uuid: 'u' },
  authkey: { uuid: 'u', key: 'k' },
  limits: own,
});
const activations = { activeOf: () => active, activeNamespaces: new Map([['u', 7]]) };
const throttles = (others?: Controllers) => new Throttles(limits, activations, others, () => now);

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

describe('with other controllers', () => {
  const others = (counts: object, count = 2): Controllers => ({
    count,
    countedElsewhere: () => ({ invocations: 0, fires: 0, active: 0, ...counts }),
  });

  test('rates are those of the cluster', () => {
    const t = throttles(others({ invocations: 2, fires: 1 }));
    t.invoke(caller());
    expect(() => t.invoke(caller())).toThrow('Too many requests in the last minute (count: 4, allowed: 3).');
    expect(() => t.fire(caller())).toThrow('Too many requests in the last minute (count: 2, allowed: 1).');
  });

  test('what is under way elsewhere counts, but a fair part of the limit is always there', () => {
    const t = throttles(others({ active: 2 }));
    t.invoke(caller());
    active = 1;
    expect(() => t.invoke(caller())).toThrow('Too many concurrent requests in flight (count: 3, allowed: 2).');
    const idle = throttles(others({ active: 0 }));
    idle.invoke(caller());
  });

  test('a limit of nothing stays that', () => {
    expect(() => throttles(others({})).invoke(caller({ concurrentInvocations: 0 }))).toThrow('(count: 0, allowed: 0)');
  });

  test('own counts are told', () => {
    const t = throttles();
    t.invoke(caller());
    t.fire(caller());
    expect(t.counts()).toEqual({ minute: 1, counts: { u: { active: 7, invocations: 1, fires: 1 } } });
    now += 60_000;
    expect(t.counts()).toEqual({ minute: 2, counts: { u: { active: 7, invocations: 0, fires: 0 } } });
  });
});
