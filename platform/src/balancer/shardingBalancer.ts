import { LeftUnsettled, type MessageBus, type Subscription } from '../bus/messageBus';
import type { Acknowledgement, ActivationMessage } from '../bus/messages';
import { healthTopic } from '../bus/ping';
import { completedTopic } from '../bus/topics';
import type { Logger } from '../observe/logger';
import { ActivationBook, type CompletionWait } from './activationBook';
import { pingTimeout } from './invokerHealth';
import { InvokerPools } from './invokerPools';
import { InvokerSupervision } from './invokerSupervision';
import { type Demand, type InvokerStatus, type LoadBalancer, NoInvokerAvailable, type Placement } from './loadBalancer';
import { OverflowQueue } from './overflowQueue';
import { hashText } from './rendezvous';
import type { PlacementRequest, SupervisedInvoker } from './supervisedInvoker';

/** Marks test actions: their acknowledgements tell of the invoker's health and nothing else. */
export const testTransaction = 'sid_invokerHealth';

export interface ShardingBalancerOptions {
  bus: MessageBus;
  /** Instance id of this controller. */
  controller: string;
  completion: CompletionWait;
  /** MB; the smallest action. */
  minMemory: number;
  /** Requests that may wait for an invoker, and how long (ms). */
  queue: { max: number; maxWait: number };
  /** A message that makes an invoker run the test action. */
  testMessage(): ActivationMessage;
  /** An invoker is silent; its last ping was on the bus at `heard`, epoch ms by the clock of the bus. Then, that it is there again. */
  lost?(invoker: string, heard: number): void;
  back?(invoker: string): void;
  /** Whether this controller hears what is on the bus: while it does not, the silence of invokers says nothing. Default: always. */
  hears?(): boolean;
  log: Logger;
  now?: () => number;
}

const tickInterval = 1000;
/** Wait for an invoker that may take what another one left, ms. */
const reassignRetry = 500;

/**
 * Many invokers behind a bus. Each controller keeps books of its own over its share of each invoker; all compute the same home for an
 * action, so that they share its warm containers.
 */
export class ShardingBalancer implements LoadBalancer {
  private readonly book: ActivationBook;
  private readonly pools = new InvokerPools();
  private readonly supervision: InvokerSupervision;
  private readonly queue: OverflowQueue;
  private subscriptions: Subscription[] = [];
  private readonly timer: NodeJS.Timeout;
  private readonly now: () => number;
  /** When this controller began to hear the bus, at first or again. */
  private hearsSince: number;
  private readonly hashes = new Map<string, number>();
  /** By invoker: when the bus had its last ping. */
  private readonly heard = new Map<string, number>();
  private closed = false;

  constructor(private readonly options: ShardingBalancerOptions) {
    const { completion, queue, minMemory, log, now = Date.now } = options;
    this.now = now;
    this.hearsSince = now();
    this.book = new ActivationBook(completion, now);
    this.queue = new OverflowQueue({ ...queue, now, accepts: (invoker, request) => this.pools.accepts(invoker, request) });
    this.supervision = new InvokerSupervision(
      {
        changed: (invoker) => {
          this.pools.changed(this.supervision.invokers);
          this.queue.offer(invoker);
        },
        test: (invoker) => this.test(invoker),
        stateChanged: (invoker, from, to) => {
          log.info({ invoker: invoker.id, from, to }, 'the state of an invoker changed');
          if (to === 'offline') this.options.lost?.(invoker.id, this.heard.get(invoker.id) ?? 0);
          else if (from === 'offline') this.options.back?.(invoker.id);
        },
      },
      minMemory,
      now,
    );
    this.timer = setInterval(() => this.tick(), tickInterval).unref();
  }

  async start(): Promise<void> {
    const { bus, controller } = this.options;
    const completed = completedTopic(controller);
    this.subscriptions = await Promise.all([
      bus.subscribe(completed, { group: completed.name, maxInFlight: 128 }, async (ack) => this.acknowledge(ack)),
      bus.subscribe(healthTopic, { group: `health${controller}`, maxInFlight: 128 }, async (ping, { timestamp }) => {
        this.heard.set(`invoker${ping.instance}`, timestamp);
        this.supervision.ping(ping);
      }),
    ]);
  }

  /** The number of controllers that share the invokers, this one included. */
  setControllers(count: number): void {
    this.supervision.setControllers(count);
  }

  async publish(message: ActivationMessage, demand: Demand): Promise<Placement> {
    const { entry, placement } = this.book.open(message, demand.timeout);
    try {
      const request = this.request(message, demand);
      const invoker = await this.place(request);
      entry.invoker = invoker.id;
      entry.deadline = this.book.deadline(demand.timeout);
      entry.release = () => {
        invoker.slots.release(request.slot);
        this.queue.offer(invoker);
      };
      await this.options.bus.send(invoker.topic, message);
    } catch (error) {
      this.book.close(message.activationId);
      throw error;
    }
    return placement;
  }

  /**
   * Sends work that an invoker left to another one, without a place of this controller's: whoever waits for it has its own books. Waits
   * for an invoker that takes it. Rejects with LeftUnsettled when the balancer closes.
   */
  async reassign(message: ActivationMessage, demand: Demand): Promise<void> {
    // spread by the activation: what one invoker left is not for one other alone
    const request = { ...this.request(message, demand), hash: hashText(message.activationId) };
    for (; !this.closed; await new Promise((resolve) => setTimeout(resolve, reassignRetry))) {
      const invoker = this.pools.pick(request);
      if (!invoker) continue;
      try {
        await this.options.bus.send(invoker.topic, message);
        return;
      } catch (error) {
        this.options.log.warn({ activationId: message.activationId, reason: (error as Error).message }, 'left work could not be sent yet');
      }
    }
    throw new LeftUnsettled();
  }

  activeOf(namespaceUuid: string): number {
    return this.book.activeOf(namespaceUuid);
  }

  get activeNamespaces(): ReadonlyMap<string, number> {
    return this.book.namespaces;
  }

  get activeTotal(): number {
    return this.book.size;
  }

  get totals(): ActivationBook['totals'] {
    return this.book.totals;
  }

  get waiting(): number {
    return this.queue.size;
  }

  active(): [string, string][] {
    return this.book.active();
  }

  invokers(): { name: string; status: InvokerStatus }[] {
    return this.supervision.invokers.map(({ id, displayedName, health }) => ({ name: `${id}/${displayedName}`, status: health.status }));
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.closed = true;
    await Promise.all(this.subscriptions.map((s) => s.close()));
  }

  private tick(): void {
    if (this.options.hears?.() === false) this.hearsSince = this.now();
    this.supervision.tick();
    this.book.sweep(({ invoker }) => {
      if (invoker !== undefined) this.supervision.outcome(invoker, 'timeout');
    });
    this.queue.sweep((request) => (this.hasHope(request) ? undefined : new NoInvokerAvailable()));
  }

  private place(request: PlacementRequest): SupervisedInvoker | Promise<SupervisedInvoker> {
    if (this.queue.has(request.namespace)) return this.queue.wait(request);
    const taken = this.pools.take(request);
    if (typeof taken === 'object') return taken;
    if (taken === 'none' && !this.hasHope(request)) throw new NoInvokerAvailable();
    return this.queue.wait(request);
  }

  /**
   * Whether an invoker that takes such work is there, or was a moment ago and may be starting again, or may not have been heard of yet
   * because this controller has just started, or was cut off.
   */
  private hasHope(request: PlacementRequest): boolean {
    if (this.options.hears?.() === false || this.now() - this.hearsSince < pingTimeout) return true;
    return this.supervision.invokers.some(
      (invoker) => (invoker.health.usable || this.supervision.wasThere(invoker)) && this.pools.accepts(invoker, request),
    );
  }

  private acknowledge(ack: Acknowledgement): void {
    const entry = this.book.acknowledge(ack);
    if (!ack.slotFree || (!entry && ack.transactionId !== testTransaction)) return;
    this.supervision.outcome(ack.invoker, ack.isSystemError ? 'systemError' : 'success');
  }

  private test(invoker: SupervisedInvoker): void {
    const { bus, testMessage, log } = this.options;
    bus.send(invoker.topic, testMessage()).catch((error: Error) => {
      log.warn({ invoker: invoker.id, reason: error.message }, 'a test action could not be sent');
    });
  }

  private request({ user, action }: ActivationMessage, demand: Demand): PlacementRequest {
    const namespace = user.namespace.name;
    const name = `${namespace} ${action.path}/${action.name}`;
    const key = demand.blackbox || demand.resources.length > 0 ? `${name} ${demand.blackbox} ${demand.resources.join(' ')}` : name;
    return {
      namespace,
      demand,
      slot: { action: `${action.path}/${action.name}@${action.version}`, memory: demand.memory, concurrency: demand.concurrency },
      key,
      hash: this.hashOf(name),
    };
  }

  private hashOf(name: string): number {
    let hash = this.hashes.get(name);
    if (hash === undefined) {
      if (this.hashes.size >= 10_000) this.hashes.clear();
      hash = hashText(name);
      this.hashes.set(name, hash);
    }
    return hash;
  }
}
