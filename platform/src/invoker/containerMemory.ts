import type { Clock } from './clock';
import type { ContainerProxy } from './containerProxy';

/** ms; a container used so lately will likely be asked again before a new one would be ready. */
const lately = 1_000;

/** Who has the memory of a pool, and who gives way to others. */
export class ContainerMemory {
  private readonly proxies = new Set<ContainerProxy>();
  /** MB of all containers, and of those among them that are on their way out. */
  private taken = 0;
  private leavingMemory = 0;

  constructor(
    /** MB */
    private readonly total: number,
    private readonly clock: Clock,
    /** Containers without code that wait for work. */
    private readonly stems: () => ContainerProxy[],
  ) {}

  /** MB */
  get used(): number {
    return this.taken;
  }

  get containers(): ReadonlySet<ContainerProxy> {
    return this.proxies;
  }

  /** Whether so much is free now. */
  has(memory: number): boolean {
    return this.taken + memory <= this.total;
  }

  add(proxy: ContainerProxy): void {
    this.proxies.add(proxy);
    this.taken += proxy.memory;
  }

  leaving(proxy: ContainerProxy): void {
    this.leavingMemory += proxy.memory;
  }

  removed(proxy: ContainerProxy): void {
    this.leavingMemory -= proxy.memory;
    this.taken -= proxy.memory;
    this.proxies.delete(proxy);
  }

  /**
   * True when there is room now. Otherwise containers are sent away if that will make enough of it: those that were not used for a while, the longest unused
   * first, then those without code, then the others.
   */
  makeRoom(memory: number): boolean {
    if (this.has(memory)) return true;
    let wanted = this.taken + memory - this.total - this.leavingMemory;
    if (wanted <= 0) return false;
    const idle = [...this.proxies].filter((p) => p.isIdle).sort((a, b) => a.lastUsed - b.lastUsed);
    const unused = idle.filter((p) => this.isUnused(p));
    const chosen: ContainerProxy[] = [];
    for (const proxy of [...unused, ...this.stems(), ...idle.slice(unused.length)]) {
      if (wanted <= 0) break;
      chosen.push(proxy);
      wanted -= proxy.memory;
    }
    if (wanted <= 0) for (const proxy of chosen) proxy.remove();
    return false;
  }

  /** Whether room for so much can be made only by sending a container away that was used lately. */
  costsOthers(memory: number): boolean {
    let room = this.total - this.taken + this.leavingMemory;
    for (const proxy of this.stems()) room += proxy.memory;
    for (const proxy of this.proxies) if (proxy.isIdle && this.isUnused(proxy)) room += proxy.memory;
    return room < memory;
  }

  private isUnused(proxy: ContainerProxy): boolean {
    return proxy.lastUsed <= this.clock.elapsed() - lately;
  }
}
