import { responseTexts, whiskFailure } from './activationResponse';
import { type Clock, systemClock } from './clock';
import { ColdStartTimes } from './coldStartTimes';
import { ContainerMemory } from './containerMemory';
import { ContainerProxy, type ProxyListener, type ProxySettings } from './containerProxy';
import type { ContainerFactory, ContainerSpec, ResponseBounds } from './containers/container';
import type { Job } from './job';
import { RunBuffer, type Waiting } from './runBuffer';
import { type StemCell, StemCells } from './stemCells';

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

/** What one look at the waiting jobs has found. */
interface Look {
  /** How many containers that read their output are promised, by key. */
  promised: Map<string, number>;
  /** Whether room for a container would cost others one, by its memory. */
  costs: Map<number, boolean>;
}

/** The containers of one invoker: picks one for each job, makes room, keeps the memory bound. */
export class ContainerPool {
  /** Containers that can take a job, by key; the one used last is the last. */
  private readonly warm = new Map<string, ContainerProxy[]>();
  /** How many containers a key has in any state that leads to work. */
  private readonly live = new Map<string, number>();
  /** How many containers of a key have answered and read the output of their job. */
  private readonly collecting = new Map<string, number>();
  /** When the first of the jobs that wait for such a container loses its patience (ms of `elapsed`), and the end of the timer for it. */
  private nextImpatience = Number.POSITIVE_INFINITY;
  private stopImpatience: (() => void) | undefined;
  private readonly coldStarts = new ColdStartTimes();
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
      started: (proxy, part, ms) => this.coldStarts.note(proxy.spec.kind, part, ms),
      collecting: (proxy, under) => this.noteCollecting(proxy.key!, under),
      leaving: (proxy) => this.leaving(proxy),
      removed: (proxy) => this.removed(proxy),
      reschedule: (job) => this.reschedule(job),
    };
    this.settings = { factory: options.factory, clock: this.clock, bounds: options.bounds, listener, warn: options.warn };
    this.stems = new StemCells(options.stemCells, this.clock, (cell) => this.startStem(cell));
    this.memory = new ContainerMemory(options.userMemory, this.clock, () => this.stems.idle);
    const interval = Math.min(1_000, Math.max(50, Math.min(options.idleContainer, options.pauseGrace) / 4));
    this.stopSweep = this.clock.every(interval, () => this.sweep());
  }

  run(job: Job): void {
    if (this.buffer.size === 0) {
      const free = this.takeWarm(job.key);
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
    this.stopImpatience?.();
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

  /** A container with room for a job of `key`; it counts as taken. */
  private takeWarm(key: string): ContainerProxy | undefined {
    const free = this.warm.get(key);
    if (!free || free.length === 0) return undefined;
    const proxy = free[free.length - 1]!;
    // with concurrency above 1 it stays, unless this job is the last it takes
    if (proxy.lastSlot) {
      free.pop();
      proxy.listed = false;
    }
    return proxy;
  }

  /** Places waiting jobs: namespaces in turn, until none can be placed. */
  private fill(): void {
    for (let placed = true; placed && this.buffer.size > 0; ) {
      placed = false;
      const starving = this.starving();
      const look: Look = { promised: new Map(), costs: new Map() };
      for (const head of this.buffer.heads((waiting) => this.isSoonServed(waiting, look))) {
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
      if (head.since <= before && !this.live.has(head.job.key) && (!oldest || head.since < oldest.since)) oldest = head;
    }
    return oldest?.job;
  }

  /** Rules 1 to 4 of reference container-pool, section 1: warm, stem cell, room, eviction. */
  private place(waiting: Waiting): boolean {
    const { job } = waiting;
    const { memory } = job.action.limits;
    const proxy = this.takeWarm(job.key) ?? this.takeStem(job) ?? (this.memory.makeRoom(memory) ? this.create(job) : undefined);
    if (!proxy) return false;
    this.buffer.takeHead(waiting);
    if (proxy.key === undefined) {
      this.live.set(job.key, (this.live.get(job.key) ?? 0) + 1);
      this.retireOlder(job);
    }
    proxy.run(job);
    return true;
  }

  /**
   * Whether the job does better to wait, which is so as long as a cold start would take longer: a container of its key has answered and only reads its output,
   * and that is not promised to an older job; or one is busy, and a new one could only be had at the cost of somebody who was served a moment ago.
   */
  private isSoonServed({ job, since }: Waiting, { promised, costs }: Look): boolean {
    const { key } = job;
    if (!this.live.has(key) || (this.warm.get(key)?.length ?? 0) > 0) return false;
    const until = since + this.coldStarts.expected(job.action.runtimeKind);
    if (this.clock.elapsed() >= until) return false;
    const before = promised.get(key) ?? 0;
    if (before < (this.collecting.get(key) ?? 0)) promised.set(key, before + 1);
    else if (!this.costsOthers(job.action.limits.memory, costs)) return false;
    this.lookAgain(until);
    return true;
  }

  private costsOthers(memory: number, costs: Look['costs']): boolean {
    let cost = costs.get(memory);
    if (cost === undefined) {
      cost = this.memory.costsOthers(memory);
      costs.set(memory, cost);
    }
    return cost;
  }

  private lookAgain(at: number): void {
    if (at >= this.nextImpatience || this.closing) return;
    this.stopImpatience?.();
    this.nextImpatience = at;
    this.stopImpatience = this.clock.every(Math.max(1, Math.ceil(at - this.clock.elapsed())), () => {
      this.stopImpatience?.();
      this.stopImpatience = undefined;
      this.nextImpatience = Number.POSITIVE_INFINITY;
      this.fill();
    });
  }

  private noteCollecting(key: string, under: boolean): void {
    const count = (this.collecting.get(key) ?? 0) + (under ? 1 : -1);
    if (count > 0) this.collecting.set(key, count);
    else this.collecting.delete(key);
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
    this.addWarm(proxy);
    if (this.buffer.size > 0) this.fill();
  }

  private addWarm(proxy: ContainerProxy): void {
    if (proxy.listed) return;
    proxy.listed = true;
    const key = proxy.key!;
    const free = this.warm.get(key);
    if (free) free.push(proxy);
    else this.warm.set(key, [proxy]);
  }

  private leaving(proxy: ContainerProxy): void {
    this.memory.leaving(proxy);
    const { key } = proxy;
    if (key === undefined) {
      this.stems.left(proxy, proxy.state === 'creating');
      return;
    }
    dropFrom(this.warm, key, proxy);
    proxy.listed = false;
    const left = (this.live.get(key) ?? 1) - 1;
    if (left > 0) {
      this.live.set(key, left);
    } else {
      this.live.delete(key);
      this.warm.delete(key);
    }
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

function dropFrom(map: Map<string, ContainerProxy[]>, key: string, proxy: ContainerProxy): void {
  const list = map.get(key);
  const at = list?.indexOf(proxy) ?? -1;
  if (list && at >= 0) list.splice(at, 1);
}
