import type { Clock } from './clock';
import type { ContainerProxy } from './containerProxy';

/** How the number of stem cells follows the demand (reference container-pool, section 1). */
export interface ReactiveStemCells {
  minCount: number;
  maxCount: number;
  /** ms; one that was not used for so long ends at the next check. */
  ttl: number;
  /** Cold starts between two checks that call for one more `increment`. */
  threshold: number;
  increment: number;
}

/** Containers kept ready without code. */
export interface StemCell {
  kind: string;
  image: string;
  /** MB */
  memory: number;
  /** How many there are at the start, and later too unless they are reactive. */
  initialCount: number;
  reactive?: ReactiveStemCells;
}

/** When the number is fitted to the demand, ms: OpenWhisk's defaults. The variance keeps invokers from doing it all at once. */
export interface StemCellChecks {
  interval: number;
  variance: number;
  /** Expired ones ended at one check. */
  expirationLimit: number;
}

export const stemCellChecks: StemCellChecks = { interval: 600_000, variance: 10_000, expirationLimit: 100 };

/** ms until the start of a stem cell is tried again; doubled with each failure. */
const firstRetry = 1_000;
const lastRetry = 60_000;

interface Stock {
  readonly cell: StemCell;
  /** How many there shall be. */
  wanted: number;
  starting: number;
  /** Those that are up, the oldest first. */
  ready: { proxy: ContainerProxy; since: number }[];
  /** Cold starts since the last check that a stem cell would have spared. */
  coldStarts: number;
  retry: number;
  notBefore: number;
}

/** The stem cells of a pool: how many there shall be, and which there are. */
export class StemCells {
  private readonly stocks = new Map<string, Stock>();
  private nextCheck: number;

  /** `start` begins one, or gives false when there is no room for it. */
  constructor(
    cells: readonly StemCell[],
    private readonly clock: Clock,
    private readonly start: (cell: StemCell) => boolean,
    private readonly checks: StemCellChecks = stemCellChecks,
  ) {
    for (const cell of cells) {
      const stock = { cell, wanted: cell.initialCount, starting: 0, ready: [], coldStarts: 0, retry: firstRetry, notBefore: 0 };
      this.stocks.set(keyOf(cell.kind, cell.memory), stock);
    }
    this.nextCheck = this.afterInterval();
  }

  /** The one that would expire first. */
  take(kind: string, memory: number): ContainerProxy | undefined {
    const stock = this.stocks.get(keyOf(kind, memory));
    const taken = stock?.ready.shift();
    if (!stock || !taken) return undefined;
    stock.wanted = kept(stock.cell);
    return taken.proxy;
  }

  /** All that are up, the least needed first. */
  get idle(): ContainerProxy[] {
    return [...this.stocks.values()].flatMap(({ ready }) => ready.map(({ proxy }) => proxy));
  }

  /** A container was started for want of a stem cell. */
  coldStart(kind: string, memory: number): void {
    const stock = this.stocks.get(keyOf(kind, memory));
    if (stock) stock.coldStarts++;
  }

  isUp(proxy: ContainerProxy): void {
    const stock = this.stockOf(proxy);
    stock.starting--;
    stock.retry = firstRetry;
    stock.ready.push({ proxy, since: this.clock.elapsed() });
  }

  /** One is on its way out; `failed` when it never came up. */
  left(proxy: ContainerProxy, failed: boolean): void {
    const stock = this.stockOf(proxy);
    if (failed) {
      stock.starting--;
      stock.notBefore = this.clock.elapsed() + stock.retry;
      stock.retry = Math.min(lastRetry, stock.retry * 2);
      return;
    }
    stock.ready = stock.ready.filter((entry) => entry.proxy !== proxy);
    stock.wanted = kept(stock.cell);
  }

  /** Fits the number to the demand when it is time, and starts what is missing as far as there is room. */
  refill(): void {
    const now = this.clock.elapsed();
    if (now >= this.nextCheck) {
      this.nextCheck = this.afterInterval();
      this.check(now);
    }
    for (const stock of this.stocks.values()) {
      if (now < stock.notBefore) continue;
      while (stock.starting + stock.ready.length < stock.wanted && this.start(stock.cell)) stock.starting++;
    }
  }

  private check(now: number): void {
    let left = this.checks.expirationLimit;
    for (const stock of this.stocks.values()) {
      const { reactive } = stock.cell;
      if (!reactive) continue;
      const expired = stock.ready.filter(({ since }) => now - since >= reactive.ttl).slice(0, left);
      left -= expired.length;
      for (const { proxy } of expired) proxy.remove();
      const demand = Math.floor(stock.coldStarts / reactive.threshold) * reactive.increment;
      stock.wanted = Math.min(reactive.maxCount, Math.max(reactive.minCount, demand));
      stock.coldStarts = 0;
    }
  }

  private afterInterval(): number {
    return this.clock.elapsed() + this.checks.interval + Math.random() * this.checks.variance;
  }

  private stockOf(proxy: ContainerProxy): Stock {
    return this.stocks.get(keyOf(proxy.spec.kind, proxy.memory))!;
  }
}

/** How many there are of a stem cell after the first was used. */
function kept({ reactive, initialCount }: StemCell): number {
  return reactive ? reactive.minCount : initialCount;
}

function keyOf(kind: string, memory: number): string {
  return `${kind} ${memory}`;
}
