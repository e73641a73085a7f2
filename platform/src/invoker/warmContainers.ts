import type { ContainerProxy } from './containerProxy';

/** Containers that belong to an action, by the key of the jobs they take. */
export class WarmContainers {
  /** Those that can take a job; the one used last is the last. */
  private readonly free = new Map<string, ContainerProxy[]>();
  /** How many a key has in any state that leads to work. */
  private readonly live = new Map<string, number>();

  /** Whether some container of the key works, is free, or is being started. */
  has(key: string): boolean {
    return this.live.has(key);
  }

  hasFree(key: string): boolean {
    return (this.free.get(key)?.length ?? 0) > 0;
  }

  /** A container with room for a job of `key`; it counts as taken. */
  take(key: string): ContainerProxy | undefined {
    const free = this.free.get(key);
    if (!free || free.length === 0) return undefined;
    const proxy = free[free.length - 1]!;
    // with concurrency above 1 it stays, unless this job is the last it takes
    if (proxy.lastSlot) {
      free.pop();
      proxy.listed = false;
    }
    return proxy;
  }

  /** A container was given to jobs of the key. */
  joined(key: string): void {
    this.live.set(key, (this.live.get(key) ?? 0) + 1);
  }

  /** It can take a job. */
  available(proxy: ContainerProxy): void {
    if (proxy.listed) return;
    proxy.listed = true;
    const key = proxy.key!;
    const free = this.free.get(key);
    if (free) free.push(proxy);
    else this.free.set(key, [proxy]);
  }

  /** It takes no more jobs. */
  left(proxy: ContainerProxy): void {
    const key = proxy.key!;
    const free = this.free.get(key);
    const at = free?.indexOf(proxy) ?? -1;
    if (free && at >= 0) free.splice(at, 1);
    proxy.listed = false;
    const left = (this.live.get(key) ?? 1) - 1;
    if (left > 0) {
      this.live.set(key, left);
    } else {
      this.live.delete(key);
      this.free.delete(key);
    }
  }
}
