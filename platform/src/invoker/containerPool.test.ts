import fc from 'fast-check';
import { ColdStartTimes } from './coldStartTimes';
import { ContainerPool, type PoolOptions } from './containerPool';
import type { CollectedLogs } from './containers/container';
import type { ActionProfile } from './executableAction';
import { Deferred, type FakeContainer, FakeFactory, FakeJob, profile, settled, VirtualClock } from './testing/fakeContainers';

class Bench {
  readonly clock = new VirtualClock();
  readonly factory: FakeFactory;
  readonly pool: ContainerPool;
  private count = 0;

  constructor(options: Partial<PoolOptions> & { automatic?: boolean } = {}) {
    const { automatic = true, ...more } = options;
    this.factory = new FakeFactory(automatic);
    this.pool = new ContainerPool({
      factory: this.factory,
      userMemory: 1024,
      idleContainer: 600_000,
      pauseGrace: 10_000,
      bounds: { max: 100, truncation: 50 },
      environment: { __OW_API_HOST: 'http://host' },
      stemCells: [],
      namePrefix: 'wsk_test',
      warn: () => undefined,
      clock: this.clock,
      ...more,
    });
  }

  async run(action: ActionProfile, namespace = 'ns'): Promise<FakeJob> {
    const job = new FakeJob(String(++this.count), namespace, action);
    this.pool.run(job);
    await settled();
    return job;
  }

  /** The container a job runs in. */
  where(job: FakeJob): FakeContainer | undefined {
    return this.factory.containers.find((c) => c.runs.some((r) => r.body === `run ${job.label}`));
  }

  async finish(job: FakeJob): Promise<void> {
    await this.where(job)!.answer();
    expect(job.response?.statusCode).toBe(0);
  }

  async runToEnd(action: ActionProfile, namespace = 'ns'): Promise<FakeContainer> {
    const job = await this.run(action, namespace);
    const container = this.where(job)!;
    await this.finish(job);
    return container;
  }
}

const a = profile('a');
const b = profile('b');

describe('choosing a container', () => {
  it('waits a moment for one that has answered and only reads its output, before it makes another', async () => {
    const bench = new Bench();
    const first = await bench.run(a);
    const container = bench.where(first)!;
    const output = new Deferred<CollectedLogs>();
    container.output = output.promise;
    await container.answer();
    const second = await bench.run(a);
    expect(bench.factory.containers).toHaveLength(1);
    output.resolve({ lines: [], complete: true });
    await settled();
    expect(bench.where(second)).toBe(container);
  });

  it.each([
    ['a cold start is quick', { create: 0, init: 0 }, 50],
    ['a cold start takes its time', { create: 300, init: 100 }, 400],
    ['a cold start takes for ever', { create: 20_000, init: 0 }, 1_000],
  ])('waits no longer than a cold start would take: %s', async (_name, cold, patience) => {
    const bench = new Bench({ automatic: false });
    const creation = new Deferred<void>();
    bench.factory.creation = creation;
    const first = await bench.run(a);
    await bench.clock.advance(cold.create);
    creation.resolve();
    await settled();
    const container = bench.factory.containers[0]!;
    await bench.clock.advance(cold.init);
    container.inits[0]!.answer.resolve({ type: 'response', status: 200, body: '' });
    await settled();
    container.output = new Deferred<CollectedLogs>().promise;
    await container.answer();
    expect(first.told).toBeDefined();
    await bench.run(a);
    await bench.clock.advance(patience - 1);
    expect(bench.factory.containers).toHaveLength(1);
    await bench.clock.advance(1);
    expect(bench.factory.containers).toHaveLength(2);
  });

  it('follows the cold starts of late, of the kind that is asked for', async () => {
    const times = new ColdStartTimes();
    times.note('python:3.11', 'create', 900);
    expect(times.expected('nodejs:20')).toBe(50);
    for (let i = 0; i < 20; i++) times.note('nodejs:20', 'create', 800);
    times.note('nodejs:20', 'init', 100);
    expect(times.expected('nodejs:20')).toBeCloseTo(900);
    for (let i = 0; i < 20; i++) times.note('nodejs:20', 'create', 100);
    expect(times.expected('nodejs:20')).toBeLessThan(210);
  });

  it('lets no more jobs wait than containers read their output, and nobody else with them', async () => {
    const bench = new Bench();
    const first = await bench.run(a);
    const container = bench.where(first)!;
    const output = new Deferred<CollectedLogs>();
    container.output = output.promise;
    await container.answer();
    const waiting = await bench.run(a);
    const surplus = await bench.run(a);
    const other = await bench.run(b);
    expect(bench.where(waiting)).toBeUndefined();
    expect(bench.where(surplus)).toBe(bench.factory.containers[1]);
    expect(bench.where(other)).toBe(bench.factory.containers[2]);
    output.resolve({ lines: [], complete: true });
    await settled();
    expect(bench.where(waiting)).toBe(container);
  });

  it('uses a warm one of the same namespace, action and revision', async () => {
    const bench = new Bench();
    const first = await bench.runToEnd(a);
    expect(await bench.runToEnd(a)).toBe(first);
    expect(bench.factory.containers).toHaveLength(1);
  });

  it.each([
    ['another action', b, 'ns'],
    ['another namespace', a, 'other'],
    ['another revision', profile('a', { revision: '2' }), 'ns'],
  ])('never shares one with %s', async (_name, action, namespace) => {
    const bench = new Bench();
    const first = await bench.runToEnd(a);
    expect(await bench.runToEnd(action, namespace)).not.toBe(first);
  });

  it('makes another while the warm one is busy, and then has both', async () => {
    const bench = new Bench();
    const one = await bench.run(a);
    const two = await bench.run(a);
    expect(bench.where(one)).not.toBe(bench.where(two));
    await bench.finish(one);
    await bench.finish(two);
    expect(bench.pool.status).toMatchObject({ containers: 2, idle: 2, memory: 512 });
  });

  it('prefers the one used last', async () => {
    const bench = new Bench();
    const one = await bench.run(a);
    const two = await bench.run(a);
    const last = bench.where(one);
    await bench.finish(two);
    await bench.finish(one);
    expect(await bench.runToEnd(a)).toBe(last);
  });

  it('fills a container up to its concurrency', async () => {
    const bench = new Bench();
    const action = profile('c', { concurrency: 2 });
    await bench.runToEnd(action);
    const jobs = [await bench.run(action), await bench.run(action), await bench.run(action)];
    expect(bench.where(jobs[0]!)).toBe(bench.where(jobs[1]!));
    expect(bench.where(jobs[2]!)).not.toBe(bench.where(jobs[0]!));
    expect(bench.where(jobs[0]!)!.spec.environment).toEqual({ __OW_API_HOST: 'http://host', __OW_ALLOW_CONCURRENT: 'true' });
  });

  it('sends idle containers of an older revision away when a newer one starts', async () => {
    const bench = new Bench();
    const old = await bench.runToEnd(a);
    const foreign = await bench.runToEnd(a, 'other');
    await bench.runToEnd(profile('a', { revision: '2' }));
    expect([old.destroyed, foreign.destroyed]).toEqual([true, false]);
  });
});

describe('memory', () => {
  it('sends the longest idle away to make room', async () => {
    const bench = new Bench({ userMemory: 512 });
    const first = await bench.runToEnd(a);
    await bench.clock.advance(1);
    const second = await bench.runToEnd(b);
    await bench.runToEnd(profile('c'));
    expect([first.destroyed, second.destroyed]).toEqual([true, false]);
    expect(bench.pool.status.memory).toBe(512);
  });

  it('sends nobody away when that would not make enough room', async () => {
    const bench = new Bench({ userMemory: 512 });
    const idle = await bench.runToEnd(a);
    await bench.run(b);
    const big = await bench.run(profile('big', { memory: 512 }));
    expect(idle.destroyed).toBe(false);
    expect(bench.pool.status.waiting).toBe(1);
    expect(big.end).toBeUndefined();
  });

  it('counts what is still being removed', async () => {
    const bench = new Bench({ userMemory: 256, automatic: false });
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
    const bench = new Bench({ userMemory: 512, automatic: false });
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
    const bench = new Bench({ userMemory: 512 });
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
    const bench = new Bench({ userMemory: 512 });
    const other = await bench.runToEnd(b);
    await bench.run(a);
    const waiting = await bench.run(a);
    await bench.clock.advance(51);
    expect(other.destroyed).toBe(true);
    expect(bench.where(waiting)).toBe(bench.factory.containers[2]);
  });

  it('sends at once away who was not used for a while', async () => {
    const bench = new Bench({ userMemory: 512 });
    const other = await bench.runToEnd(b);
    await bench.clock.advance(1_500);
    await bench.run(a);
    await bench.run(a);
    expect(other.destroyed).toBe(true);
  });

  it('refuses what is larger than everything', async () => {
    const bench = new Bench({ userMemory: 256 });
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
        const bench = new Bench({ userMemory: 640, stemCells: [{ kind: 'nodejs:20', image: 'i', memory: 128, initialCount: 1 }] });
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

describe('waiting jobs', () => {
  it('take turns by namespace', async () => {
    const bench = new Bench({ userMemory: 256 });
    const one = (name: string) => profile(name);
    const running = await bench.run(one('r'));
    const greedy = [await bench.run(one('g1'), 'greedy'), await bench.run(one('g2'), 'greedy'), await bench.run(one('g3'), 'greedy')];
    const modest = await bench.run(one('m'), 'modest');
    const order: string[] = [];
    for (let current: FakeJob | undefined = running; current; current = [...greedy, modest].find((j) => bench.where(j) && !j.end)) {
      await bench.finish(current);
      order.push(current.label);
    }
    expect(order).toEqual([running, greedy[0]!, modest, greedy[1]!, greedy[2]!].map((j) => j.label));
  });

  it('that have waited too long are served before anybody who needs less', async () => {
    const bench = new Bench({ userMemory: 512 });
    const first = await bench.run(a, 'x');
    const second = await bench.run(b, 'x');
    const big = await bench.run(profile('big', { memory: 512 }), 'big');
    await bench.clock.advance(1_500);
    const small = await bench.run(a, 'small');
    await bench.finish(first);
    expect(bench.where(small)).toBeUndefined();
    await bench.finish(second);
    expect(bench.where(big)).toBeDefined();
    await bench.finish(big);
    expect(bench.where(small)).toBeDefined();
  });

  it('of a key with no container are not passed by for ever', async () => {
    const bench = new Bench({ userMemory: 256 });
    let current = await bench.run(a);
    const stranger = await bench.run(b, 'other');
    for (let i = 0; i < 10 && !bench.where(stranger); i++) {
      const next = await bench.run(a);
      await bench.clock.advance(300);
      await bench.finish(current);
      current = next;
    }
    expect(bench.where(stranger)).toBeDefined();
  });

  it('of the key of a container that becomes free take it', async () => {
    const bench = new Bench({ userMemory: 512 });
    const one = await bench.run(a);
    const two = await bench.run(b);
    const waitingB = await bench.run(b);
    const waitingA = await bench.run(a);
    await bench.finish(one);
    expect(bench.where(waitingA)).toBeDefined();
    await bench.finish(two);
    expect(bench.where(waitingB)).toBeDefined();
    expect(bench.factory.containers).toHaveLength(2);
  });

  it('go on when a container breaks', async () => {
    const bench = new Bench({ userMemory: 256 });
    const one = await bench.run(a);
    const waiting = await bench.run(a);
    await bench.where(one)!.answer({ type: 'connectionLost', outOfMemory: false });
    expect(one.response?.statusCode).toBe(2);
    await bench.finish(waiting);
  });

  it('that never began in a dead container run in another', async () => {
    const bench = new Bench();
    const dead = await bench.runToEnd(a);
    const job = await bench.run(a);
    await dead.answer({ type: 'connectionLost', outOfMemory: false, unsent: true });
    expect(bench.where(job)).not.toBe(dead);
    await bench.finish(job);
  });
});

describe('time', () => {
  it('pauses after the grace and removes after the idle time', async () => {
    const bench = new Bench();
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
    const bench = new Bench();
    const container = await bench.runToEnd(a);
    await bench.clock.advance(8_000);
    await bench.runToEnd(a);
    await bench.clock.advance(8_000);
    expect(container.suspends).toBe(0);
  });

  it('a paused container is used again', async () => {
    const bench = new Bench();
    const container = await bench.runToEnd(a);
    await bench.clock.advance(11_000);
    expect(await bench.runToEnd(a)).toBe(container);
    expect(container.resumes).toBe(1);
  });
});

describe.each([3_600_000, -3_600_000])('a clock that is set by %d ms', (jump) => {
  it('neither removes containers early nor keeps them longer', async () => {
    const bench = new Bench();
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
    const bench = new Bench();
    const job = await bench.run(a);
    bench.clock.jump(jump);
    await bench.clock.advance(20);
    await bench.finish(job);
    const { start, end } = job.end!.outcome;
    expect(end - start).toBe(20);
  });

  it('keeps nobody waiting', async () => {
    const bench = new Bench();
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

describe('stem cells', () => {
  const stemCells = [{ kind: 'nodejs:20', image: 'i', memory: 256, initialCount: 1 }];

  it('serve the first job of an action of their kind and memory, and are replaced', async () => {
    const bench = new Bench({ stemCells });
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
    const bench = new Bench({ stemCells });
    await bench.clock.advance(1_000);
    expect(await bench.runToEnd(action)).not.toBe(bench.factory.containers[0]);
  });

  it('give way to work when there is no room', async () => {
    const bench = new Bench({ stemCells, userMemory: 512 });
    await bench.clock.advance(1_000);
    await bench.run(profile('x', { memory: 512 }));
    expect(bench.factory.containers[0]!.destroyed).toBe(true);
    expect(bench.factory.containers[1]!.spec.memory).toBe(512);
  });

  it('that cannot be started are tried again', async () => {
    const bench = new Bench({ stemCells });
    bench.factory.failing.add('create');
    await bench.clock.advance(2_000);
    expect(bench.pool.status).toMatchObject({ containers: 0, memory: 0 });
    bench.factory.failing.delete('create');
    await bench.clock.advance(2_000);
    expect(bench.factory.live).toHaveLength(1);
  });

  it('that cannot be started for long are tried less and less often', async () => {
    let failures = 0;
    const bench = new Bench({ stemCells, warn: () => failures++ });
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
  const stems = (bench: Bench) => bench.factory.live.filter((c) => c.spec.name.includes('prewarm') && c.inits.length === 0).length;
  /** Long enough for one check, whatever its variance. */
  const toNextCheck = 611_000;

  async function coldStarts(bench: Bench, count: number, more = {}): Promise<void> {
    for (let i = 0; i < count; i++) {
      const job = await bench.run(small(`cold${i}`, more));
      await bench.finish(job);
    }
  }

  it('are as many as at first until one is used, then as few as allowed', async () => {
    const bench = new Bench({ stemCells: [cell] });
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
    const bench = new Bench({ stemCells: [{ ...cell, initialCount: 0 }], userMemory: 8_192, idleContainer: 10_000 });
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
    const bench = new Bench({ stemCells: [{ ...cell, initialCount: 0 }], userMemory: 8_192, idleContainer: 10_000 });
    await coldStarts(bench, 9, more);
    await bench.clock.advance(toNextCheck);
    expect(stems(bench)).toBe(1);
  });

  it('expire at a check when their time is over, and not before', async () => {
    const bench = new Bench({ stemCells: [cell] });
    await bench.clock.advance(2_000);
    const first = [...bench.factory.live];
    await bench.clock.advance(590_000);
    expect(first.map((c) => c.destroyed)).toEqual([false, false]);
    await bench.clock.advance(30_000);
    expect(first.map((c) => c.destroyed)).toEqual([true, true]);
    expect(stems(bench)).toBe(1);
  });

  it('take no room that others have', async () => {
    const bench = new Bench({
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

describe('closing', () => {
  it('ends what waits and what runs', async () => {
    const bench = new Bench({ userMemory: 256 });
    const running = await bench.run(a);
    const waiting = await bench.run(b);
    const container = bench.where(running)!;
    const closed = bench.pool.close();
    expect(waiting.response?.statusCode).toBe(3);
    await container.answer({ type: 'connectionLost', outOfMemory: false });
    await closed;
    expect(running.response?.statusCode).toBe(2);
    expect((await bench.run(a)).response?.statusCode).toBe(3);
  });

  it('waits for what is being created', async () => {
    const bench = new Bench();
    const creation = new Deferred<void>();
    bench.factory.creation = creation;
    const job = await bench.run(a);
    const closed = bench.pool.close();
    creation.resolve();
    await closed;
    expect(bench.factory.live).toEqual([]);
    expect(job.response?.statusCode).toBe(3);
  });
});
