/** Running activations of an action that shares containers. */
interface Shared {
  containers: number;
  running: number;
}

/** What an activation takes at an invoker. */
export interface SlotDemand {
  /** Action with its version: only its activations share a container. */
  action: string;
  /** MB */
  memory: number;
  /** Activations a container takes at a time. */
  concurrency: number;
}

/**
 * One controller's books on one invoker: memory in MB against its share, and places in containers that take several activations. The
 * share can change at any time; what is booked stays booked, so it may exceed the share for a while.
 */
export class InvokerSlots {
  private used = 0;
  private readonly shared = new Map<string, Shared>();

  /** `whole`: memory of the invoker, of which the share is a part. Both MB. */
  constructor(
    private share: number,
    private whole: number,
  ) {}

  resize(share: number, whole: number): void {
    this.share = share;
    this.whole = whole;
  }

  get usedMemory(): number {
    return this.used;
  }

  get shareMemory(): number {
    return this.share;
  }

  fits({ action, memory, concurrency }: SlotDemand): boolean {
    if (concurrency > 1) {
      const shared = this.shared.get(action);
      if (shared && shared.running < shared.containers * concurrency) return true;
    }
    // an action larger than the share of one controller would else never run
    return this.used + memory <= this.share || (this.used === 0 && memory <= this.whole);
  }

  /** False when there is no place. */
  acquire(demand: SlotDemand): boolean {
    if (!this.fits(demand)) return false;
    const { action, memory, concurrency } = demand;
    if (concurrency <= 1) {
      this.used += memory;
      return true;
    }
    let shared = this.shared.get(action);
    if (!shared) {
      shared = { containers: 0, running: 0 };
      this.shared.set(action, shared);
    }
    if (shared.running >= shared.containers * concurrency) {
      shared.containers++;
      this.used += memory;
    }
    shared.running++;
    return true;
  }

  release({ action, memory, concurrency }: SlotDemand): void {
    if (concurrency <= 1) {
      this.used -= memory;
      return;
    }
    const shared = this.shared.get(action);
    if (!shared) return;
    shared.running--;
    // as many containers as what still runs would fit into are counted
    while (shared.containers * concurrency - shared.running >= concurrency) {
      shared.containers--;
      this.used -= memory;
    }
    if (shared.containers === 0) this.shared.delete(action);
  }
}
