export interface Waiting {
  check(now: number): void;
}

/** ms between two looks at what waits. */
const interval = 50;

/** One timer for everything that waits for output: it runs only while something does. */
export class WaitingRoom {
  private readonly waiting = new Set<Waiting>();
  private timer: NodeJS.Timeout | undefined;

  /** `now`: ms since some moment; the clock of the machine may be set while something waits. */
  constructor(readonly now: () => number = () => performance.now()) {}

  add(entry: Waiting): void {
    this.waiting.add(entry);
    // kept through short pauses: starting and stopping it for each activation would cost more than a look at nothing
    this.timer ??= setInterval(() => this.look(), interval);
  }

  remove(entry: Waiting): void {
    this.waiting.delete(entry);
  }

  look(): void {
    if (this.waiting.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
      return;
    }
    const now = this.now();
    for (const entry of [...this.waiting]) entry.check(now);
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.waiting.clear();
  }
}
