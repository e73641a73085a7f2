import type { MessageBus, Subscription } from '../bus/messageBus';
import type { ActivationMessage } from '../bus/messages';
import { completedTopic, invokerTopic } from '../bus/topics';
import type { PlatformConfig } from '../config/settings';
import { ActivationBook } from './activationBook';
import type { Demand, InvokerStatus, LoadBalancer, Placement } from './loadBalancer';

const sweepInterval = 1000;

/** One invoker in the same process takes everything; the pool does the queueing. */
export class LeanBalancer implements LoadBalancer {
  private readonly book: ActivationBook;
  private readonly invokerTopic: ReturnType<typeof invokerTopic>;
  private subscription: Subscription | undefined;
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    private readonly bus: MessageBus,
    private readonly controller: string,
    private readonly invoker: string,
    { controller: { timeoutFactor, timeoutAddon }, limits }: PlatformConfig,
  ) {
    this.book = new ActivationBook({ timeoutFactor, timeoutAddon, shortest: limits.timeout.std });
    this.invokerTopic = invokerTopic(invoker);
    this.sweeper = setInterval(() => this.book.sweep(), sweepInterval).unref();
  }

  async start(): Promise<void> {
    const topic = completedTopic(this.controller);
    this.subscription = await this.bus.subscribe(topic, { group: topic.name, maxInFlight: 128 }, async (ack) => {
      this.book.acknowledge(ack);
    });
  }

  async publish(message: ActivationMessage, demand: Pick<Demand, 'timeout'>): Promise<Placement> {
    const { placement } = this.book.open(message, demand.timeout);
    try {
      await this.bus.send(this.invokerTopic, message);
    } catch (error) {
      this.book.close(message.activationId);
      throw error;
    }
    return placement;
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

  active(): [string, string][] {
    return this.book.active();
  }

  invokers(): { name: string; status: InvokerStatus }[] {
    return [{ name: `${this.invoker}/0`, status: 'up' }];
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    await this.subscription?.close();
  }
}
