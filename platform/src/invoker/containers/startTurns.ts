/** OpenWhisk's bound on containers started at a time. */
const parallelStarts = 10;

/** Lets so many containers be started at a time; the others wait in the order they came. */
export class StartTurns {
  private starting = 0;
  private readonly waiting: (() => void)[] = [];

  /** Whether nothing is being started, or waits for it. */
  get idle(): boolean {
    return this.starting === 0;
  }

  /** Runs `start` when fewer than the bound are being started. */
  async take<T>(start: () => Promise<T>): Promise<T> {
    if (++this.starting > parallelStarts) await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await start();
    } finally {
      this.starting--;
      this.waiting.shift()?.();
    }
  }
}
