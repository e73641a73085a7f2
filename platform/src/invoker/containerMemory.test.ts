import fc from 'fast-check';
import { type FakeJob, profile, settled } from './testing/fakeContainers';
import { PoolBench } from './testing/poolBench';

const a = profile('a');
const b = profile('b');

describe('memory', () => {
  it('sends the longest idle away to make room', async () => {
    const bench = new PoolBench({ userMemory: 512 });
    const first = await bench.runToEnd(a);
    await bench.clock.advance(1);
    const second = await bench.runToEnd(b);
    await bench.runToEnd(profile('c'));
    expect([first.destroyed, second.destroyed]).toEqual([true, false]);
    expect(bench.pool.status.memory).toBe(512);
  });

  it('sends nobody away when that would not make enough room', async () => {
    const bench = new PoolBench({ userMemory: 512 });
    const idle = await bench.runToEnd(a);
    await bench.run(b);
    const big = await bench.run(profile('big', { memory: 512 }));
    expect(idle.destroyed).toBe(false);
    expect(bench.pool.status.waiting).toBe(1);
    expect(big.end).toBeUndefined();
  });

  it('counts what is still being removed', async () => {
    const bench = new PoolBench({ userMemory: 256, automatic: false });
    const job = await bench.run(a);
    bench.factory.containers[0]!.inits[0]!.answer.resolve({ type: 'response', status: 200, body: '' });
    await settled();
    await bench.finish(job);
    await bench.run(b);
    expect(bench.factory.containers).toHaveLength(1);
    expect(bench.factory.containers[0]!.destroyed).toBe(true);
    bench.factory.containers[0]!.destruction.resolve();
    await settled();
    expect(bench.factory.containers).toHaveLength(2);
  });

  it('sends away no more than is needed while the first is still on its way out', async () => {
    const bench = new PoolBench({ userMemory: 512, automatic: false });
    for (const action of [a, b]) {
      const job = await bench.run(action);
      bench.factory.containers.at(-1)!.inits[0]!.answer.resolve({ type: 'response', status: 200, body: '' });
      await settled();
      await bench.finish(job);
    }
    await bench.run(profile('c'));
    await bench.clock.advance(3_000);
    expect(bench.factory.containers.map((c) => c.destroyed)).toEqual([true, false]);
  });

  it('sends nobody away who was used lately, as long as a busy container of its own comes back sooner than a new one', async () => {
    const bench = new PoolBench({ userMemory: 512 });
    const other = await bench.runToEnd(b);
    const running = await bench.run(a);
    const waiting = await bench.run(a);
    expect(bench.pool.status.waiting).toBe(1);
    await bench.clock.advance(10);
    await bench.finish(running);
    expect(bench.where(waiting)).toBe(bench.factory.containers[1]);
    expect([other.destroyed, bench.factory.containers.length]).toEqual([false, 2]);
    await bench.finish(waiting);
    // others of the namespace do not wait behind it
    const [busy, patient, warm] = [await bench.run(a), await bench.run(a), await bench.run(b)];
    expect(bench.where(warm)).toBe(other);
    for (const job of [busy, patient, warm]) await bench.finish(job);
  });

  it('sends somebody away who was used lately when its own container takes longer than a new one', async () => {
    const bench = new PoolBench({ userMemory: 512 });
    const other = await bench.runToEnd(b);
    await bench.run(a);
    const waiting = await bench.run(a);
    await bench.clock.advance(51);
    expect(other.destroyed).toBe(true);
    expect(bench.where(waiting)).toBe(bench.factory.containers[2]);
  });

  it('sends at once away who was not used for a while', async () => {
    const bench = new PoolBench({ userMemory: 512 });
    const other = await bench.runToEnd(b);
    await bench.clock.advance(1_500);
    await bench.run(a);
    await bench.run(a);
    expect(other.destroyed).toBe(true);
  });

  it('refuses what is larger than everything', async () => {
    const bench = new PoolBench({ userMemory: 256 });
    const job = await bench.run(profile('big', { memory: 512 }));
    expect(job.response).toEqual({ statusCode: 3, result: '{"error":"Failed to provision resources to run the action."}' });
  });

  it('is never exceeded, and every job ends exactly once', async () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant('run' as const),
        action: fc.integer({ min: 0, max: 3 }),
        namespace: fc.constantFrom('x', 'y', 'z'),
      }),
      fc.record({ type: fc.constant('answer' as const), which: fc.nat(), how: fc.constantFrom('ok', 'lost', 'unsent', 'timeout') }),
      fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(10, 2_000, 11_000, 700_000) }),
    );
    const actions = [
      profile('s', { memory: 128 }),
      profile('m', { memory: 256 }),
      profile('l', { memory: 512 }),
      profile('c', { memory: 256, concurrency: 3 }),
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const bench = new PoolBench({ userMemory: 640, stemCells: [{ kind: 'nodejs:20', image: 'i', memory: 128, initialCount: 1 }] });
        const jobs: FakeJob[] = [];
        const check = () => {
          const declared = bench.factory.live.reduce((sum, c) => sum + c.spec.memory, 0);
          expect(declared).toBeLessThanOrEqual(640);
          expect(bench.pool.status.memory).toBeLessThanOrEqual(640);
        };
        for (const s of steps) {
          if (s.type === 'run') jobs.push(await bench.run(actions[s.action]!, s.namespace));
          else if (s.type === 'wait') await bench.clock.advance(s.ms);
          else {
            const busy = bench.factory.live.filter((c) => c.runs.length > 0);
            const container = busy[s.which % Math.max(busy.length, 1)];
            if (s.how === 'ok') await container?.answer();
            else if (s.how === 'timeout') await container?.answer({ type: 'timeout' });
            else
              await container?.answer({
                type: 'connectionLost',
                outOfMemory: false,
                ...(s.how === 'unsent' ? { unsent: true as const } : {}),
              });
          }
          check();
        }
        for (let i = 0; i < 500 && jobs.some((j) => !j.end); i++) {
          for (const container of bench.factory.live) while (container.runs.length > 0) await container.answer();
          await bench.clock.advance(1_000);
          check();
        }
        expect(jobs.filter((j) => !j.end)).toEqual([]);
        await bench.pool.close();
        expect(bench.factory.live).toEqual([]);
        expect(bench.pool.status).toMatchObject({ containers: 0, memory: 0, waiting: 0 });
      }),
      { numRuns: 60 },
    );
  });
});
