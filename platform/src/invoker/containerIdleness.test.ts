import type { CollectedLogs } from './containers/container';
import { Deferred, profile } from './testing/fakeContainers';
import { PoolBench } from './testing/poolBench';

const a = profile('a');

describe('time', () => {
  it('pauses after the grace and removes after the idle time', async () => {
    const bench = new PoolBench();
    const container = await bench.runToEnd(a);
    await bench.clock.advance(9_000);
    expect(container.suspends).toBe(0);
    await bench.clock.advance(2_000);
    expect(container.suspends).toBe(1);
    await bench.clock.advance(588_000);
    expect(container.destroyed).toBe(false);
    await bench.clock.advance(2_000);
    expect(container.destroyed).toBe(true);
    expect(bench.pool.status).toMatchObject({ containers: 0, memory: 0 });
  });

  it('starts again with each use', async () => {
    const bench = new PoolBench();
    const container = await bench.runToEnd(a);
    await bench.clock.advance(8_000);
    await bench.runToEnd(a);
    await bench.clock.advance(8_000);
    expect(container.suspends).toBe(0);
  });

  it('a paused container is used again', async () => {
    const bench = new PoolBench();
    const container = await bench.runToEnd(a);
    await bench.clock.advance(11_000);
    expect(await bench.runToEnd(a)).toBe(container);
    expect(container.resumes).toBe(1);
  });
});

describe.each([3_600_000, -3_600_000])('a clock that is set by %d ms', (jump) => {
  it('neither removes containers early nor keeps them longer', async () => {
    const bench = new PoolBench();
    const container = await bench.runToEnd(a);
    bench.clock.jump(jump);
    await bench.clock.advance(9_000);
    expect([container.suspends, container.destroyed]).toEqual([0, false]);
    await bench.clock.advance(2_000);
    expect(container.suspends).toBe(1);
    await bench.clock.advance(590_000);
    expect(container.destroyed).toBe(true);
  });

  it('does not show in the length of an activation', async () => {
    const bench = new PoolBench();
    const job = await bench.run(a);
    bench.clock.jump(jump);
    await bench.clock.advance(20);
    await bench.finish(job);
    const { start, end } = job.end!.outcome;
    expect(end - start).toBe(20);
  });

  it('keeps nobody waiting', async () => {
    const bench = new PoolBench();
    const first = await bench.run(a);
    const container = bench.where(first)!;
    container.output = new Deferred<CollectedLogs>().promise;
    await container.answer();
    const second = await bench.run(a);
    bench.clock.jump(jump);
    await bench.clock.advance(50);
    expect(bench.where(second)).toBe(bench.factory.containers[1]);
  });
});
