import { ColdStartTimes } from './coldStartTimes';
import type { CollectedLogs } from './containers/container';
import { Deferred, FakeJob, profile, settled } from './testing/fakeContainers';
import { PoolBench } from './testing/poolBench';

const a = profile('a');
const b = profile('b');

describe('choosing a container', () => {
  it('waits a moment for one that has answered and only reads its output, before it makes another', async () => {
    const bench = new PoolBench();
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
    const bench = new PoolBench({ automatic: false });
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
    const bench = new PoolBench();
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
    const bench = new PoolBench();
    const first = await bench.runToEnd(a);
    expect(await bench.runToEnd(a)).toBe(first);
    expect(bench.factory.containers).toHaveLength(1);
  });

  it.each([
    ['another action', b, 'ns'],
    ['another namespace', a, 'other'],
    ['another revision', profile('a', { revision: '2' }), 'ns'],
  ])('never shares one with %s', async (_name, action, namespace) => {
    const bench = new PoolBench();
    const first = await bench.runToEnd(a);
    expect(await bench.runToEnd(action, namespace)).not.toBe(first);
  });

  it('makes another while the warm one is busy, and then has both', async () => {
    const bench = new PoolBench();
    const one = await bench.run(a);
    const two = await bench.run(a);
    expect(bench.where(one)).not.toBe(bench.where(two));
    await bench.finish(one);
    await bench.finish(two);
    expect(bench.pool.status).toMatchObject({ containers: 2, idle: 2, memory: 512 });
  });

  it('goes on with the other one of an action when one of two has left', async () => {
    const bench = new PoolBench();
    const one = await bench.run(a);
    const two = await bench.run(a);
    const other = bench.where(two)!;
    await bench.finish(two);
    await bench.where(one)!.answer({ type: 'connectionLost', outOfMemory: false });
    expect(bench.pool.status).toMatchObject({ containers: 1, idle: 1 });
    expect(await bench.runToEnd(a)).toBe(other);
  });

  it('prefers the one used last', async () => {
    const bench = new PoolBench();
    const one = await bench.run(a);
    const two = await bench.run(a);
    const last = bench.where(one);
    await bench.finish(two);
    await bench.finish(one);
    expect(await bench.runToEnd(a)).toBe(last);
  });

  it('fills a container up to its concurrency', async () => {
    const bench = new PoolBench();
    const action = profile('c', { concurrency: 2 });
    await bench.runToEnd(action);
    const jobs = [await bench.run(action), await bench.run(action), await bench.run(action)];
    expect(bench.where(jobs[0]!)).toBe(bench.where(jobs[1]!));
    expect(bench.where(jobs[2]!)).not.toBe(bench.where(jobs[0]!));
    expect(bench.where(jobs[0]!)!.spec.environment).toEqual({ __OW_API_HOST: 'http://host', __OW_ALLOW_CONCURRENT: 'true' });
  });

  it('takes further jobs as soon as it is initialised, and those that waited for it first', async () => {
    const bench = new PoolBench({ userMemory: 256 });
    const action = profile('c', { concurrency: 3 });
    const [one, two] = [await bench.run(action), await bench.run(action)];
    const three = await bench.run(action);
    expect([two, three].map((job) => bench.where(job))).toEqual([bench.where(one), bench.where(one)]);
    for (const job of [one, two, three]) await bench.where(job)!.answer();
    expect([one, two, three].map(({ response }) => response?.statusCode)).toEqual([0, 0, 0]);
  });

  it('that is paused wakes once for all that come at a time', async () => {
    const bench = new PoolBench({ pauseGrace: 1_000 });
    const action = profile('c', { concurrency: 3 });
    const container = await bench.runToEnd(action);
    await bench.clock.advance(3_000);
    expect(container.suspends).toBe(1);
    const jobs = [1, 2, 3].map((n) => new FakeJob(`at once ${n}`, 'ns', action));
    for (const job of jobs) bench.pool.run(job);
    await settled();
    expect(jobs.map((job) => bench.where(job))).toEqual([container, container, container]);
    expect(container.resumes).toBe(1);
  });

  it('sends idle containers of an older revision away when a newer one starts', async () => {
    const bench = new PoolBench();
    const old = await bench.runToEnd(a);
    const foreign = await bench.runToEnd(a, 'other');
    await bench.runToEnd(profile('a', { revision: '2' }));
    expect([old.destroyed, foreign.destroyed]).toEqual([true, false]);
  });
});

describe('waiting jobs', () => {
  it('take turns by namespace', async () => {
    const bench = new PoolBench({ userMemory: 256 });
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
    const bench = new PoolBench({ userMemory: 512 });
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
    const bench = new PoolBench({ userMemory: 256 });
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
    const bench = new PoolBench({ userMemory: 512 });
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
    const bench = new PoolBench({ userMemory: 256 });
    const one = await bench.run(a);
    const waiting = await bench.run(a);
    await bench.where(one)!.answer({ type: 'connectionLost', outOfMemory: false });
    expect(one.response?.statusCode).toBe(2);
    await bench.finish(waiting);
  });

  it('that never began in a dead container run in another', async () => {
    const bench = new PoolBench();
    const dead = await bench.runToEnd(a);
    const job = await bench.run(a);
    await dead.answer({ type: 'connectionLost', outOfMemory: false, unsent: true });
    expect(bench.where(job)).not.toBe(dead);
    await bench.finish(job);
  });
});

describe('closing', () => {
  it('ends what waits and what runs', async () => {
    const bench = new PoolBench({ userMemory: 256 });
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
    const bench = new PoolBench();
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
