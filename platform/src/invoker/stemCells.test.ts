import { profile } from './testing/fakeContainers';
import { PoolBench } from './testing/poolBench';

const a = profile('a');

describe('stem cells', () => {
  const stemCells = [{ kind: 'nodejs:20', image: 'i', memory: 256, initialCount: 1 }];

  it('serve the first job of an action of their kind and memory, and are replaced', async () => {
    const bench = new PoolBench({ stemCells });
    await bench.clock.advance(1_000);
    const stem = bench.factory.containers[0]!;
    expect(await bench.runToEnd(a)).toBe(stem);
    await bench.clock.advance(1_000);
    expect(bench.factory.containers).toHaveLength(2);
  });

  it.each([
    ['another memory', profile('x', { memory: 128 })],
    ['another kind', profile('x', { kind: 'python:3.11' })],
    ['more than one job at a time', profile('x', { concurrency: 2 })],
  ])('do not serve %s', async (_name, action) => {
    const bench = new PoolBench({ stemCells });
    await bench.clock.advance(1_000);
    expect(await bench.runToEnd(action)).not.toBe(bench.factory.containers[0]);
  });

  it('give way to work when there is no room', async () => {
    const bench = new PoolBench({ stemCells, userMemory: 512 });
    await bench.clock.advance(1_000);
    await bench.run(profile('x', { memory: 512 }));
    expect(bench.factory.containers[0]!.destroyed).toBe(true);
    expect(bench.factory.containers[1]!.spec.memory).toBe(512);
  });

  it('that cannot be started are tried again', async () => {
    const bench = new PoolBench({ stemCells });
    bench.factory.failing.add('create');
    await bench.clock.advance(2_000);
    expect(bench.pool.status).toMatchObject({ containers: 0, memory: 0 });
    bench.factory.failing.delete('create');
    await bench.clock.advance(2_000);
    expect(bench.factory.live).toHaveLength(1);
  });

  it('that cannot be started for long are tried less and less often', async () => {
    let failures = 0;
    const bench = new PoolBench({ stemCells, warn: () => failures++ });
    bench.factory.failing.add('create');
    await bench.clock.advance(600_000);
    expect(failures).toBeGreaterThan(10);
    expect(failures).toBeLessThan(20);
  });
});

describe('reactive stem cells', () => {
  const reactive = { minCount: 1, maxCount: 4, ttl: 120_000, threshold: 2, increment: 2 };
  const cell = { kind: 'nodejs:20', image: 'i', memory: 128, initialCount: 2, reactive };
  const small = (name: string, more = {}) => profile(name, { memory: 128, ...more });
  const stems = (bench: PoolBench) => bench.factory.live.filter((c) => c.spec.name.includes('prewarm') && c.inits.length === 0).length;
  /** Long enough for one check, whatever its variance. */
  const toNextCheck = 611_000;

  async function coldStarts(bench: PoolBench, count: number, more = {}): Promise<void> {
    for (let i = 0; i < count; i++) {
      const job = await bench.run(small(`cold${i}`, more));
      await bench.finish(job);
    }
  }

  it('are as many as at first until one is used, then as few as allowed', async () => {
    const bench = new PoolBench({ stemCells: [cell] });
    await bench.clock.advance(2_000);
    expect(stems(bench)).toBe(2);
    await bench.runToEnd(small('a'));
    await bench.clock.advance(2_000);
    expect(stems(bench)).toBe(1);
  });

  it.each([
    ['none', 0, 1],
    ['fewer than the threshold', 1, 1],
    ['enough for one increment', 2, 2],
    ['not quite enough for the next', 3, 2],
    ['enough for two', 4, 4],
    ['more than the most allows', 9, 4],
  ])('follow the cold starts of the time between two checks: %s', async (_name, count, expected) => {
    const bench = new PoolBench({ stemCells: [{ ...cell, initialCount: 0 }], userMemory: 8_192, idleContainer: 10_000 });
    await coldStarts(bench, count);
    await bench.clock.advance(toNextCheck);
    expect(stems(bench)).toBe(expected);
    // the counting begins again, and those that were not used have expired
    await bench.clock.advance(toNextCheck);
    expect(stems(bench)).toBe(1);
  });

  it.each([
    ['another kind', { kind: 'python:3.11' }],
    ['another memory', { memory: 256 }],
    ['several jobs at a time', { concurrency: 2 }],
  ])('do not follow cold starts they could not have spared: %s', async (_name, more) => {
    const bench = new PoolBench({ stemCells: [{ ...cell, initialCount: 0 }], userMemory: 8_192, idleContainer: 10_000 });
    await coldStarts(bench, 9, more);
    await bench.clock.advance(toNextCheck);
    expect(stems(bench)).toBe(1);
  });

  it('expire at a check when their time is over, and not before', async () => {
    const bench = new PoolBench({ stemCells: [cell] });
    await bench.clock.advance(2_000);
    const first = [...bench.factory.live];
    await bench.clock.advance(590_000);
    expect(first.map((c) => c.destroyed)).toEqual([false, false]);
    await bench.clock.advance(30_000);
    expect(first.map((c) => c.destroyed)).toEqual([true, true]);
    expect(stems(bench)).toBe(1);
  });

  it('take no room that others have', async () => {
    const bench = new PoolBench({
      stemCells: [{ ...cell, initialCount: 0 }],
      userMemory: 384,
      pauseGrace: 3_600_000,
      idleContainer: 3_600_000,
    });
    const running = [await bench.run(small('x')), await bench.run(small('y'))];
    await bench.clock.advance(toNextCheck);
    expect(bench.pool.status.memory).toBe(384);
    expect(stems(bench)).toBe(1);
    for (const job of running) await bench.finish(job);
  });
});
