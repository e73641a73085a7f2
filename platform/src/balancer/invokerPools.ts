import { score } from './rendezvous';
import type { PlacementRequest, SupervisedInvoker } from './supervisedInvoker';

/** Invokers with this tag take the actions with images of the user's own choice, and nothing else. */
export const blackboxTag = 'blackbox';

/**
 * Who may run what. An invoker with dedicated namespaces takes these only, and these go nowhere else. An invoker with tags takes only
 * actions that ask for one of them. Where some invoker has the tag `blackbox`, images of users run on such invokers alone.
 */
export class InvokerPools {
  private all: readonly SupervisedInvoker[] = [];
  private dedicated: ReadonlySet<string> = new Set();
  private separateBlackbox = false;
  /** Usable invokers by what is asked of them, as long as nothing changes about the invokers. */
  private readonly candidates = new Map<string, readonly SupervisedInvoker[]>();
  /** The first choice by key, likewise. */
  private readonly homes = new Map<string, SupervisedInvoker | undefined>();

  constructor(private readonly maxRemembered = 10_000) {}

  /** An invoker came, went or changed what it is for. */
  changed(invokers: readonly SupervisedInvoker[]): void {
    this.all = invokers;
    this.dedicated = new Set(invokers.flatMap((i) => [...i.dedicatedNamespaces]));
    this.separateBlackbox = invokers.some((i) => i.tags.has(blackboxTag));
    this.homes.clear();
    this.candidates.clear();
  }

  accepts(invoker: SupervisedInvoker, { namespace, demand }: PlacementRequest): boolean {
    if (invoker.dedicatedNamespaces.size > 0 || this.dedicated.has(namespace)) {
      if (!invoker.dedicatedNamespaces.has(namespace)) return false;
    } else if (this.separateBlackbox && demand.blackbox !== invoker.tags.has(blackboxTag)) return false;
    const { resources } = demand;
    if (resources.length > 0) return resources.every((tag) => invoker.tags.has(tag));
    return invoker.tags.size === 0 || (invoker.tags.size === 1 && invoker.tags.has(blackboxTag));
  }

  /** The invoker of the highest score that is usable and has a place, which is taken; `full` and `none` tell the rest apart. */
  take(request: PlacementRequest): SupervisedInvoker | 'full' | 'none' {
    const home = this.home(request);
    if (home === undefined) return 'none';
    if (home.slots.acquire(request.slot)) return home;
    const next = this.best(request, (invoker) => invoker.slots.fits(request.slot));
    if (next === undefined) return 'full';
    next.slots.acquire(request.slot);
    return next;
  }

  /** The invoker of the highest score that is usable, whether it has a place or not. */
  pick(request: PlacementRequest): SupervisedInvoker | undefined {
    return this.best(request, () => true);
  }

  private home(request: PlacementRequest): SupervisedInvoker | undefined {
    const known = this.homes.get(request.key);
    if (known || this.homes.has(request.key)) return known;
    const home = this.best(request, () => true);
    remember(this.homes, request.key, home, this.maxRemembered);
    return home;
  }

  private best(request: PlacementRequest, suits: (invoker: SupervisedInvoker) => boolean): SupervisedInvoker | undefined {
    let best: SupervisedInvoker | undefined;
    let highest = -1;
    for (const invoker of this.candidatesFor(request)) {
      if (!suits(invoker)) continue;
      const own = score(request.hash, invoker.hash);
      if (own <= highest) continue;
      highest = own;
      best = invoker;
    }
    return best;
  }

  private candidatesFor(request: PlacementRequest): readonly SupervisedInvoker[] {
    const { namespace, demand } = request;
    const key = `${this.dedicated.has(namespace) ? namespace : ''} ${this.separateBlackbox && demand.blackbox} ${demand.resources.join(' ')}`;
    let found = this.candidates.get(key);
    if (!found) {
      found = this.all.filter((invoker) => invoker.health.usable && this.accepts(invoker, request));
      remember(this.candidates, key, found, this.maxRemembered);
    }
    return found;
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  if (map.size >= max) map.clear();
  map.set(key, value);
}
