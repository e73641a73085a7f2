import { ContainerProxy } from './containerProxy';
import { type ProxyState, transitions } from './containerState';
import { type ContainerAnswer, ContainerStartError } from './containers/container';
import type { Job } from './job';
import { Deferred, FakeFactory, FakeJob, profile, settled, VirtualClock } from './testing/fakeContainers';

class Bench {
  readonly factory: FakeFactory;
  readonly clock = new VirtualClock();
  readonly events: string[] = [];
  readonly starts: [string, number][] = [];
  readonly rescheduled: Job[] = [];
  readonly proxy: ContainerProxy;
  private count = 0;

  constructor(options: { automatic?: boolean; memory?: number } = {}) {
    this.factory = new FakeFactory(options.automatic ?? true);
    this.proxy = new ContainerProxy(
      { name: 'c', kind: 'nodejs:20', image: 'i', memory: 256, environment: {} },
      {
        factory: this.factory,
        clock: this.clock,
        bounds: { max: 100, truncation: 50 },
        warn: () => undefined,
        listener: {
          stemReady: () => this.events.push('stem'),
          started: (_proxy, part, ms) => this.starts.push([part, ms]),
          available: () => this.events.push('available'),
          collecting: () => undefined,
          leaving: () => this.events.push('leaving'),
          removed: () => this.events.push('removed'),
          reschedule: (job) => this.rescheduled.push(job),
        },
      },
    );
  }

  job(concurrency = 1): FakeJob {
    return new FakeJob(String(++this.count), 'ns', profile('a', { concurrency }));
  }

  async run(job = this.job()): Promise<FakeJob> {
    this.proxy.run(job);
    await settled();
    return job;
  }

  get container() {
    return this.factory.containers[0]!;
  }

  /** Brings the proxy to `ready`. */
  async ready(): Promise<this> {
    await this.run();
    await this.container.answer();
    expect(this.proxy.state).toBe('ready');
    return this;
  }

  async paused(): Promise<this> {
    await this.ready();
    this.proxy.pause();
    await settled();
    expect(this.proxy.state).toBe('paused');
    return this;
  }
}

describe('the way of a job', () => {
  it('creates, initialises, runs and is ready again', async () => {
    const bench = new Bench({ automatic: false });
    const job = await bench.run();
    expect(bench.proxy.state).toBe('initializing');
    expect(bench.container.inits[0]).toMatchObject({ body: 'init 1', logs: { limit: 10 * 1024 * 1024, sentinelled: true } });
    await bench.clock.advance(30);
    bench.container.inits[0]!.answer.resolve({ type: 'response', status: 200, body: '' });
    await settled();
    expect(bench.proxy.state).toBe('running');
    await bench.clock.advance(12);
    await bench.container.answer({ type: 'response', status: 200, body: '{"x":1}' });
    expect(job.end?.outcome).toEqual({
      response: { statusCode: 0, result: '{"x":1}', size: 7 },
      start: 1_000_000,
      end: 1_000_042,
      initTime: 30,
      timedOut: false,
    });
    expect(bench.proxy.state).toBe('ready');
    expect(bench.events).toEqual(['available']);
  });

  it('takes the next job without /init', async () => {
    const bench = await new Bench().ready();
    const job = await bench.run();
    await bench.container.answer();
    expect(bench.container.inits).toHaveLength(1);
    expect(job.end?.outcome.initTime).toBeUndefined();
    expect(bench.factory.containers).toHaveLength(1);
  });

  it('tells the result before the output is there, and frees the container after it', async () => {
    const bench = await new Bench().ready();
    const logs = new Deferred<{ lines: string[]; complete: boolean }>();
    bench.container.output = logs.promise;
    const job = await bench.run();
    await bench.container.answer();
    expect(job.told?.response.statusCode).toBe(0);
    expect(job.end).toBeUndefined();
    expect(bench.proxy.hasCapacity).toBe(false);
    logs.resolve({ lines: ['l'], complete: true });
    await settled();
    expect(job.end?.logs).toEqual(['l']);
    expect(bench.proxy.hasCapacity).toBe(true);
  });

  it('runs as many jobs at a time as the action allows', async () => {
    const bench = new Bench();
    await bench.run(bench.job(2));
    const second = await bench.run(bench.job(2));
    expect(bench.container.runs.map((r) => r.body)).toEqual(['run 1', 'run 2']);
    expect(bench.proxy.hasCapacity).toBe(false);
    await bench.container.answer();
    expect(bench.proxy.state).toBe('running');
    expect(bench.proxy.hasCapacity).toBe(true);
    await bench.container.answer();
    expect(second.end).toBeDefined();
    expect(bench.proxy.state).toBe('ready');
  });

  it('starts from a stem cell', async () => {
    const bench = new Bench();
    bench.proxy.startStem();
    await settled();
    expect(bench.events).toEqual(['stem']);
    const job = await bench.run();
    await bench.container.answer();
    expect(job.response?.statusCode).toBe(0);
    expect(bench.factory.containers).toHaveLength(1);
  });
});

it('tells how long its creation and its /init took', async () => {
  const b = new Bench({ automatic: false });
  const creation = new Deferred<void>();
  b.factory.creation = creation;
  await b.run();
  await b.clock.advance(70);
  creation.resolve();
  await settled();
  await b.clock.advance(30);
  b.container.inits[0]!.answer.resolve({ type: 'response', status: 200, body: '' });
  await settled();
  expect(b.starts).toEqual([
    ['create', 70],
    ['init', 30],
  ]);
});

describe('what ends a container and what does not', () => {
  const kept: [string, ContainerAnswer][] = [
    ['success', { type: 'response', status: 200, body: '{}' }],
    ['an application error', { type: 'response', status: 200, body: '{"error":1}' }],
    ['a response above the limit', { type: 'response', status: 200, body: '{', truncatedFrom: 1000 }],
  ];
  test.each(kept)('%s keeps it', async (_name, answer) => {
    const bench = await new Bench().ready();
    const job = await bench.run();
    await bench.container.answer(answer);
    expect(job.end).toBeDefined();
    expect(bench.proxy.state).toBe('ready');
    expect(bench.container.destroyed).toBe(false);
  });

  const ended: [string, ContainerAnswer][] = [
    ['a time-out', { type: 'timeout' }],
    ['a lost connection', { type: 'connectionLost', outOfMemory: false }],
    ['exhausted memory', { type: 'connectionLost', outOfMemory: true }],
    ['an answer that is not 200', { type: 'response', status: 502, body: '{"error":1}' }],
    ['an answer that is no JSON', { type: 'response', status: 200, body: 'x' }],
  ];
  test.each(ended)('%s ends it', async (_name, answer) => {
    const bench = await new Bench().ready();
    const job = await bench.run();
    await bench.container.answer(answer);
    expect(job.response?.statusCode).toBe(2);
    expect(bench.proxy.state).toBe('removed');
    expect(bench.events.slice(1)).toEqual(['leaving', 'removed']);
  });

  test.each(ended)('%s of /init ends it', async (_name, answer) => {
    const bench = new Bench({ automatic: false });
    const job = await bench.run();
    bench.container.inits[0]!.answer.resolve(answer.type === 'response' && answer.status === 200 ? { ...answer, status: 500 } : answer);
    await settled();
    expect(job.response?.statusCode).toBe(2);
    expect(bench.proxy.state).toBe('removing');
    expect(bench.container.runs).toHaveLength(0);
    bench.container.destruction.resolve();
    await settled();
    expect(bench.proxy.state).toBe('removed');
  });

  it('a container that did not answer in time dies before its output is waited for', async () => {
    const bench = await new Bench().ready();
    bench.container.output = new Deferred<{ lines: string[]; complete: boolean }>().promise;
    await bench.run();
    await bench.container.answer({ type: 'timeout' });
    expect(bench.container.destroyed).toBe(true);
  });

  it('a missing sentinel costs a notice and not the container', async () => {
    const bench = await new Bench().ready();
    bench.container.output = Promise.resolve({ lines: ['notice'], complete: false });
    const job = await bench.run();
    await bench.container.answer();
    expect(job.end?.logs).toEqual(['notice']);
    expect(bench.proxy.state).toBe('ready');
  });
});

describe('faults of the platform', () => {
  it('a container that cannot be made is a whisk error', async () => {
    const bench = new Bench();
    bench.factory.failing.add('create');
    const job = await bench.run();
    expect(job.response).toEqual({ statusCode: 3, result: '{"error":"Failed to provision resources to run the action."}' });
    expect(bench.events).toEqual(['leaving', 'removed']);
  });

  it("an image that cannot be used is the developer's", async () => {
    const bench = new Bench();
    bench.factory.failing.add('create');
    bench.factory.createError = new ContainerStartError("Failed to pull container image 'x'.", 'image');
    const job = await bench.run();
    expect(job.response).toEqual({ statusCode: 2, result: '{"error":"Failed to pull container image \'x\'."}' });
  });

  it('code that cannot be read is a whisk error', async () => {
    const bench = new Bench();
    const job = bench.job();
    job.initFails = new Error('gone');
    await bench.run(job);
    expect(job.response).toEqual({ statusCode: 3, result: '{"error":"Action could not be fetched."}' });
    expect(bench.proxy.state).toBe('removed');
  });

  it('a driver that rejects ends the job all the same', async () => {
    const bench = await new Bench().ready();
    const job = await bench.run();
    bench.container.runs[0]!.answer.reject(new Error('driver'));
    await settled();
    expect(job.response?.statusCode).toBe(3);
    expect(bench.proxy.state).toBe('removed');
  });

  it('a request that never left goes to another container', async () => {
    const bench = await new Bench().ready();
    const job = await bench.run();
    await bench.container.answer({ type: 'connectionLost', outOfMemory: false, unsent: true });
    expect(bench.rescheduled).toEqual([job]);
    expect(job.end).toBeUndefined();
    expect(bench.proxy.state).toBe('removed');
  });

  it('a stem cell that died while it waited costs the job nothing, a fresh container that dies does', async () => {
    const dead = { type: 'connectionLost', outOfMemory: false, unsent: true } as const;
    const stem = new Bench({ automatic: false });
    stem.proxy.startStem();
    await settled();
    const job = await stem.run();
    stem.container.inits[0]!.answer.resolve(dead);
    await settled();
    expect(stem.rescheduled).toEqual([job]);
    const fresh = new Bench({ automatic: false });
    const failed = await fresh.run();
    fresh.container.inits[0]!.answer.resolve(dead);
    await settled();
    expect(failed.response?.statusCode).toBe(2);
  });

  it('a job whose container was sent away while it was made goes to another', async () => {
    const bench = new Bench();
    const creation = new Deferred<void>();
    bench.factory.creation = creation;
    const job = await bench.run();
    bench.proxy.remove();
    creation.resolve();
    await settled();
    expect(bench.rescheduled).toEqual([job]);
    expect(bench.container.destroyed).toBe(true);
    expect(bench.proxy.state).toBe('removed');
  });
});

describe('pausing', () => {
  it('resumes for a job', async () => {
    const bench = await new Bench().paused();
    const job = await bench.run();
    expect(bench.container.resumes).toBe(1);
    await bench.container.answer();
    expect(job.response?.statusCode).toBe(0);
  });

  it('waits for a pause under way before it resumes', async () => {
    const bench = await new Bench().ready();
    bench.proxy.pause();
    const job = bench.job();
    bench.proxy.run(job);
    expect(bench.proxy.state).toBe('pausing');
    await settled();
    expect([bench.container.suspends, bench.container.resumes]).toEqual([1, 1]);
    await bench.container.answer();
    expect(job.end).toBeDefined();
  });

  it('that fails removes the container', async () => {
    const bench = await new Bench().ready();
    bench.factory.failing.add('suspend');
    bench.proxy.pause();
    await settled();
    expect(bench.proxy.state).toBe('removed');
  });

  it('whose resume fails sends the job to another container', async () => {
    const bench = await new Bench().paused();
    bench.factory.failing.add('resume');
    const job = await bench.run();
    expect(bench.rescheduled).toEqual([job]);
    expect(bench.proxy.state).toBe('removed');
  });
});

describe('states', () => {
  it('every state but the last leads on, and all lead to the end', () => {
    const reach = (from: ProxyState, seen = new Set<ProxyState>()): Set<ProxyState> => {
      for (const next of transitions[from]) if (!seen.has(next)) reach(next, seen.add(next));
      return seen;
    };
    for (const state of Object.keys(transitions) as ProxyState[]) {
      if (state !== 'removed') expect(reach(state)).toContain('removed');
    }
    expect(transitions.removed).toEqual([]);
  });

  it('removal is asked for once and harmless twice', async () => {
    const bench = await new Bench().ready();
    bench.proxy.remove();
    bench.proxy.remove();
    await settled();
    expect(bench.events.filter((e) => e === 'removed')).toHaveLength(1);
  });
});
