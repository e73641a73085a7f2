import { responseTexts, whiskFailure } from './activationResponse';
import { type Clock, systemClock } from './clock';
import { ContainerMemory } from './containerMemory';
import { ContainerProxy, type ProxyListener, type ProxySettings } from './containerProxy';
import type { ContainerFactory, ContainerSpec, ResponseBounds } from './containers/container';
import type { Job } from './job';
import { RunBuffer, type Waiting } from './runBuffer';
import { ShortWaits } from './shortWaits';
import { type StemCell, StemCells } from './stemCells';
import { WarmContainers } from './warmContainers';

export interface PoolOptions {
  factory: ContainerFactory;
  /** MB all containers together may have, those being started or removed included. */
  userMemory: number;
  /** ms; an unused container is removed. */
  idleContainer: number;
  /** ms; an unused container is suspended. */
  pauseGrace: number;
  bounds: ResponseBounds;
  /** Environment of every container. */
  environment: Readonly<Record<string, string>>;
  stemCells: readonly StemCell[];
  /** Starts the names of containers. */
  namePrefix: string;
  warn(message: string): void;
  clock?: Clock;
}

/** ms after which a waiting job without any container of its key goes first, whoever else could be served more cheaply. */
const patience = 1_000;

/** File names and labels are made of the names of containers. */
const maxName = 128;

/** The containers of one invoker: picks one for each job, makes room, keeps the memory bound. */
export class ContainerPool {
  private readonly warm = new WarmContainers();
  private readonly shortWaits: ShortWaits;
  private readonly stems: StemCells;
  private readonly memory: ContainerMemory;
  private readonly buffer = new RunBuffer();
  private readonly clock: Clock;
  private readonly settings: ProxySettings;
  private readonly stopSweep: () => void;
  private counter = 0;
  private closing = false;
  private empty: (() => void) | undefined;

  constructor(private readonly options: PoolOptions) {
    this.clock = options.clock ?? systemClock;
    const listener: ProxyListener = {
      stemReady: (proxy) => this.stemReady(proxy),
      available: (proxy) => this.available(proxy),
      started: (proxy, part, ms) => this.shortWaits.started(proxy.spec.kind, part, ms),
      collecting: (proxy, under) => this.shortWaits.noteCollecting(proxy.key!, under),
      leaving: (proxy) => this.leaving(proxy),
      removed: (proxy) => this.removed(proxy),
      reschedule: (job) => this.reschedule(job),
    };
    this.settings = { factory: options.factory, clock: this.clock, bounds: options.bounds, listener, warn: options.warn };
    this.stems = new StemCells(options.stemCells, this.clock, (cell) => this.startStem(cell));
    this.memory = new ContainerMemory(options.userMemory, this.clock, () => this.stems.idle);
    this.shortWaits = new ShortWaits(this.clock, this.warm, this.memory, () => this.fill());
    const interval = Math.min(1_000, Math.max(50, Math.min(options.idleContainer, options.pauseGrace) / 4));
    this.stopSweep = this.clock.every(interval, () => this.sweep());
  }

  run(job: Job): void {
    if (this.buffer.size === 0) {
      const free = this.warm.take(job.key);
      if (free) {
        free.run(job);
        return;
      }
    }
    if (job.action.limits.memory > this.options.userMemory || this.closing) {
      this.refuse(job);
      return;
    }
    this.buffer.add(job, this.clock.elapsed());
    this.fill();
  }

  /** Figures for logs, metrics and tests. */
  get status(): { containers: number; memory: number; waiting: number; idle: number } {
    let idle = 0;
    const { containers, used } = this.memory;
    for (const proxy of containers) if (proxy.isIdle) idle++;
    return { containers: containers.size, memory: used, waiting: this.buffer.size, idle };
  }

  /** Removes all containers; jobs in them end as failed. */
  async close(): Promise<void> {
    this.closing = true;
    this.stopSweep();
    this.shortWaits.close();
    for (const job of this.buffer.takeAll()) this.refuse(job);
    for (const proxy of [...this.memory.containers]) proxy.remove();
    if (this.memory.containers.size === 0) return;
    await new Promise<void>((resolve) => {
      this.empty = resolve;
    });
  }

  private refuse(job: Job): void {
    const now = this.clock.now();
    job.completed({ response: whiskFailure(responseTexts.notProvisioned), start: now, end: now, timedOut: false }, []);
  }

  /** Places waiting jobs: namespaces in turn, until none can be placed. */
  private fill(): void {
    for (let placed = true; placed && this.buffer.size > 0; ) {
      placed = false;
      const starving = this.starving();
      const look = this.shortWaits.look();
      for (const head of this.buffer.heads((waiting) => this.shortWaits.isSoonServed(waiting, look))) {
        if (starving && head.job !== starving) continue;
        if (!this.place(head)) continue;
        placed = true;
        break;
      }
    }
  }

  /** The oldest head that has waited too long and has no container that could ever take it. */
  private starving(): Job | undefined {
    const before = this.clock.elapsed() - patience;
    let oldest: { job: Job; since: number } | undefined;
    for (const head of this.buffer.heads()) {
      if (head.since <= before && !this.warm.has(head.job.key) && (!oldest || head.since < oldest.since)) oldest = head;
    }
    return oldest?.job;
  }

  /** Rules 1 to 4 of reference container-pool, section 1: warm, stem cell, room, eviction. */
  private place(waiting: Waiting): boolean {
    const { job } = waiting;
    const { memory } = job.action.limits;
    const proxy = this.warm.take(job.key) ?? this.takeStem(job) ?? (this.memory.makeRoom(memory) ? this.create(job) : undefined);
    if (!proxy) return false;
    this.buffer.takeHead(waiting);
    if (proxy.key === undefined) {
      this.warm.joined(job.key);
      this.retireOlder(job);
    }
    proxy.run(job);
    return true;
  }

  /** Containers of another revision of the action will hardly be asked again. */
  private retireOlder(job: Job): void {
    for (const proxy of [...this.memory.containers]) {
      const sameAction = proxy.owner?.id === job.action.id && proxy.owner.namespace === job.namespace;
      if (sameAction && proxy.key !== job.key && proxy.isIdle) proxy.remove();
    }
  }

  private takeStem(job: Job): ContainerProxy | undefined {
    // a stem cell does not know that more than one job at a time will come
    if (job.action.limits.concurrency > 1) return undefined;
    return this.stems.take(job.action.runtimeKind, job.action.limits.memory);
  }

  private create(job: Job): ContainerProxy {
    const { runtimeKind, image, limits } = job.action;
    if (limits.concurrency === 1) this.stems.coldStart(runtimeKind, limits.memory);
    const environment: Record<string, string> = limits.concurrency > 1 ? { __OW_ALLOW_CONCURRENT: 'true' } : {};
    return this.newProxy(runtimeKind, image, limits.memory, `${job.namespace}_${job.action.name}`, environment);
  }

  private newProxy(kind: string, image: string, memory: number, title: string, more: Record<string, string> = {}): ContainerProxy {
    const name = `${this.options.namePrefix}_${++this.counter}_${title}`.replace(/[^A-Za-z0-9_]/g, '').slice(0, maxName);
    const spec: ContainerSpec = { name, kind, image, memory, environment: { ...this.options.environment, ...more } };
    const proxy = new ContainerProxy(spec, this.settings);
    this.memory.add(proxy);
    return proxy;
  }

  private available(proxy: ContainerProxy): void {
    if (this.buffer.size > 0 && !this.starving()) {
      const job = this.buffer.takeMatching(proxy.key!);
      if (job) {
        proxy.run(job);
        if (!proxy.hasCapacity) return;
      }
    }
    this.warm.available(proxy);
    if (this.buffer.size > 0) this.fill();
  }

  private leaving(proxy: ContainerProxy): void {
    this.memory.leaving(proxy);
    if (proxy.key === undefined) this.stems.left(proxy, proxy.state === 'creating');
    else this.warm.left(proxy);
  }

  private removed(proxy: ContainerProxy): void {
    this.memory.removed(proxy);
    if (this.closing && this.memory.containers.size === 0) this.empty?.();
    this.fill();
  }

  private reschedule(job: Job): void {
    if (this.closing) {
      this.refuse(job);
      return;
    }
    // it was at the front once
    this.buffer.putBack(job, this.clock.elapsed());
    this.fill();
  }

  private stemReady(proxy: ContainerProxy): void {
    this.stems.isUp(proxy);
    if (this.buffer.size > 0) this.fill();
  }

  /** Nobody is sent away for it. */
  private startStem({ kind, image, memory }: StemCell): boolean {
    if (!this.memory.has(memory)) return false;
    this.newProxy(kind, image, memory, `prewarm_${kind}`).startStem();
    return true;
  }

  /** Suspends and removes what was not used for long enough. */
  private sweep(): void {
    const now = this.clock.elapsed();
    for (const proxy of [...this.memory.containers]) {
      if (!proxy.isIdle) continue;
      const unused = now - proxy.lastUsed;
      if (unused >= this.options.idleContainer) proxy.remove();
      else if (proxy.state === 'ready' && unused >= this.options.pauseGrace) proxy.pause();
    }
    // nobody else looks when a job has become overdue
    if (this.buffer.size > 0) this.fill();
    // not at the moment one is taken, when the machine has better things to do
    else this.stems.refill();
  }
}
