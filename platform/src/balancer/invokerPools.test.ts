import { InvokerPools } from './invokerPools';
import type { SupervisedInvoker } from './supervisedInvoker';
import { request, usableInvoker } from './testing/invokers';

function poolsOf(invokers: SupervisedInvoker[]): InvokerPools {
  const pools = new InvokerPools(100_000);
  pools.changed(invokers);
  return pools;
}

/** Where each of so many actions is at home. */
function homes(invokers: SupervisedInvoker[], actions: number): string[] {
  const pools = poolsOf(invokers);
  return Array.from({ length: actions }, (_, i) => (pools.take(request(`ns${i % 97}`, 0, `action${i}`)) as SupervisedInvoker).id);
}

describe('explicit pools', () => {
  const gpu = usableInvoker(0, 512, { tags: new Set(['gpu', 'large']) });
  const own = usableInvoker(1, 512, { dedicatedNamespaces: new Set(['rich']) });
  const box = usableInvoker(2, 512, { tags: new Set(['blackbox']) });
  const rest = usableInvoker(3, 512);
  const pools = poolsOf([gpu, own, box, rest]);
  test.each([
    ['no wish', request('ns', 1), 'invoker3'],
    ['a tag', request('ns', 1, 'a', { resources: ['gpu'] }), 'invoker0'],
    ['all its tags', request('ns', 1, 'a', { resources: ['gpu', 'large'] }), 'invoker0'],
    ['tags that no invoker has together', request('ns', 1, 'a', { resources: ['gpu', 'arm'] }), 'none'],
    ['a namespace with invokers of its own', request('rich', 1), 'invoker1'],
    ['its blackbox actions too', request('rich', 1, 'a', { blackbox: true }), 'invoker1'],
    ['an image of the user', request('ns', 1, 'a', { blackbox: true }), 'invoker2'],
  ])('%s', (_, wanted, id) => {
    const taken = pools.take(wanted);
    expect(typeof taken === 'string' ? taken : taken.id).toBe(id);
  });

  test('without an invoker for them, images of users run anywhere', () => {
    expect((poolsOf([rest]).take(request('ns', 1, 'b', { blackbox: true })) as SupervisedInvoker).id).toBe('invoker3');
  });
});

test('when the home is full the next one is the same for everybody', () => {
  const make = () => [0, 1, 2, 3, 4].map((i) => usableInvoker(i, 256));
  const spill = () => {
    const pools = poolsOf(make());
    return Array.from({ length: 6 }, () => {
      const taken = pools.take(request('ns', 256));
      return typeof taken === 'string' ? taken : taken.id;
    });
  };
  const order = spill();
  expect(new Set(order).size).toBe(6);
  expect(order[5]).toBe('full');
  expect(spill()).toEqual(order);
});

describe('a thousand invokers', () => {
  const invokers = Array.from({ length: 1000 }, (_, i) => usableInvoker(i, 1024));
  const actions = 5000;
  const before = homes(invokers, actions);

  test('a new one takes its part of the actions and moves no other', () => {
    const after = homes([...invokers, usableInvoker(1000, 1024)], actions);
    const moved = after.filter((id, i) => id !== before[i]);
    expect(moved.every((id) => id === 'invoker1000')).toBe(true);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length).toBeLessThan(20);
  });

  test('when one goes only its own actions move, and not all to one place', () => {
    const after = homes(
      invokers.filter((i) => i.instance !== 500),
      actions,
    );
    const moved = after.filter((id, i) => id !== before[i]);
    expect(moved.length).toBe(before.filter((id) => id === 'invoker500').length);
    expect(new Set(moved).size).toBe(moved.length);
  });

  test('actions spread evenly', () => {
    const counts = new Map<string, number>();
    for (const id of before) counts.set(id, (counts.get(id) ?? 0) + 1);
    // five on average; with a fair die 0.7 % get none, the most is below 20, and the variance is the average
    expect(counts.size).toBeGreaterThan(980);
    expect(Math.max(...counts.values())).toBeLessThan(20);
    const variance = [...counts.values()].reduce((sum, n) => sum + (n - 5) ** 2, (1000 - counts.size) * 25) / 1000;
    expect(variance).toBeLessThan(6.5);
  });

  test('a hot action fills invokers one after another, so its containers stay few', () => {
    const pools = poolsOf(invokers.map((i) => usableInvoker(i.instance, 1024)));
    const used = new Set<string>();
    for (let i = 0; i < 400; i++) used.add((pools.take(request('hot', 256)) as SupervisedInvoker).id);
    expect(used.size).toBe(100);
  });

  test('placing takes microseconds', () => {
    const pools = poolsOf(invokers);
    const wanted = request('ns', 0);
    pools.take(wanted);
    const start = process.hrtime.bigint();
    for (let i = 0; i < 10_000; i++) pools.take(wanted);
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(500);
  });
});
