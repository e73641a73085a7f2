import { InvokersOverloaded, NamespaceQueueFull } from './loadBalancer';
import type { PlacementRequest, SupervisedInvoker } from './supervisedInvoker';

interface Waiting {
  readonly request: PlacementRequest;
  /** epoch ms */
  readonly since: number;
  place(invoker: SupervisedInvoker): void;
  refuse(error: Error): void;
}

export interface OverflowQueueOptions {
  /** Requests that may wait, of all namespaces together; one namespace gets at most half. */
  max: number;
  /** ms */
  maxWait: number;
  accepts(invoker: SupervisedInvoker, request: PlacementRequest): boolean;
  now(): number;
}

/**
 * Requests that no invoker has a place for. Namespaces take turns, so one that sends much does not keep others waiting; within a
 * namespace the order is kept. Nothing in it is accepted yet: whoever waited too long is refused.
 */
export class OverflowQueue {
  /** In the order of their turns. */
  private readonly namespaces = new Map<string, Waiting[]>();
  private waiting = 0;

  constructor(private readonly options: OverflowQueueOptions) {}

  get size(): number {
    return this.waiting;
  }

  /** Whether somebody of the namespace waits already: what comes later must not overtake it. */
  has(namespace: string): boolean {
    return this.waiting > 0 && this.namespaces.has(namespace);
  }

  /** Resolves with an invoker at which the place is taken. Rejects with InvokersOverloaded or NamespaceQueueFull. */
  wait(request: PlacementRequest): Promise<SupervisedInvoker> {
    const { max, now } = this.options;
    const own = this.namespaces.get(request.namespace) ?? [];
    if (own.length >= Math.ceil(max / 2)) return Promise.reject(new NamespaceQueueFull(own.length));
    if (this.waiting >= max) return Promise.reject(new InvokersOverloaded());
    return new Promise((place, refuse) => {
      own.push({ request, since: now(), place, refuse });
      this.namespaces.set(request.namespace, own);
      this.waiting++;
    });
  }

  /** A place at `invoker` became free: it goes to whom it fits, in turn. */
  offer(invoker: SupervisedInvoker): void {
    if (this.waiting === 0 || !invoker.health.usable) return;
    const { accepts, now, maxWait } = this.options;
    // a namespace that was served goes to the end of the map, where this loop meets it again
    for (const [namespace, queue] of this.namespaces) {
      const head = queue[0]!;
      if (!accepts(invoker, head.request)) continue;
      if (!invoker.slots.acquire(head.request.slot)) {
        // one that needs much would wait for ever while small ones take each place as it becomes free
        if (now() - head.since > maxWait / 2) return;
        continue;
      }
      this.shift(namespace, queue);
      if (queue.length > 0) this.namespaces.set(namespace, queue);
      head.place(invoker);
    }
  }

  /** Refuses who waited too long, and with the error of `hopeless` for whom no place can come. */
  sweep(hopeless: (request: PlacementRequest) => Error | undefined): void {
    const limit = this.options.now() - this.options.maxWait;
    for (const [namespace, queue] of this.namespaces) {
      const kept = queue.filter(({ since, request, refuse }) => {
        const error = since <= limit ? new InvokersOverloaded() : hopeless(request);
        if (error) refuse(error);
        return error === undefined;
      });
      this.waiting -= queue.length - kept.length;
      if (kept.length === 0) this.namespaces.delete(namespace);
      else if (kept.length < queue.length) this.namespaces.set(namespace, kept);
    }
  }

  private shift(namespace: string, queue: Waiting[]): void {
    queue.shift();
    this.waiting--;
    this.namespaces.delete(namespace);
  }
}
