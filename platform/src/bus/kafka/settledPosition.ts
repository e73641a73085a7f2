/** A message that was handed out. */
export interface HandedOut {
  readonly offset: number;
  settled: boolean;
}

/**
 * How far a partition is settled without a gap. Only up to there its position may be committed: a crash must leave everything that was
 * not settled to the next reader.
 */
export class SettledPosition {
  private entries: HandedOut[] = [];
  private head = 0;
  private highest = -1;
  private open = 0;

  /** Whether the message has been handed out before: it comes again after a rebalance. */
  has(offset: number): boolean {
    return offset <= this.highest;
  }

  /** Offset of the latest message handed out; -1 before the first. */
  get latest(): number {
    return this.highest;
  }

  handOut(offset: number): HandedOut {
    const entry = { offset, settled: false };
    this.entries.push(entry);
    this.highest = offset;
    this.open++;
    return entry;
  }

  settle(entry: HandedOut): void {
    if (entry.settled) return;
    entry.settled = true;
    this.open--;
    while (this.entries[this.head]?.settled) this.head++;
    if (this.head > 1024 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  /** The offset to commit: of the oldest message not settled, or the one after the latest; undefined when nothing was handed out. */
  get position(): number | undefined {
    return this.entries[this.head]?.offset ?? (this.highest < 0 ? undefined : this.highest + 1);
  }

  get unsettled(): number {
    return this.open;
  }

  /** Messages from the oldest one not settled to the latest: what would come again after a crash. */
  get span(): number {
    return this.entries.length - this.head;
  }
}
