import { ContainerPool, type PoolOptions } from '../containerPool';
import type { ActionProfile } from '../executableAction';
import { type FakeContainer, FakeFactory, FakeJob, settled, VirtualClock } from './fakeContainers';

/** A pool of fake containers on a clock that a test moves. */
export class PoolBench {
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
