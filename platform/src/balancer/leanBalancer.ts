import type { MessageBus, Subscription } from '../bus/messageBus';
import type { Acknowledgement, ActivationMessage } from '../bus/messages';
import { completedTopic, invokerTopic } from '../bus/topics';
import type { PlatformConfig } from '../config/settings';
import type { ActivationRecord } from '../model/activation';
import { CompletionTimeout, type InvokerStatus, type LoadBalancer, type Placement } from './loadBalancer';

interface Entry {
  readonly namespaceUuid: string;
  readonly action: string;
  /** epoch ms at which the slot is given up */
  readonly deadline: number;
  readonly blocking: boolean;
  resolve: (record: ActivationRecord | undefined) => void;
  reject: (error: Error) => void;
}

const sweepInterval = 1000;
const never: Placement = { result: new Promise(() => {}) };

/** One invoker in the same process takes everything; the pool does the queueing. */
export class LeanBalancer implements LoadBalancer {
  private readonly entries = new Map<string, Entry>();
  private readonly byNamespace = new Map<string, number>();
  private readonly invokerTopic: ReturnType<typeof invokerTopic>;
  private subscription: Subscription | undefined;
  private readonly sweeper: NodeJS.Timeout;
  /** Activations handed over and ended since the start. */
  readonly totals = { published: 0, completed: 0, lost: 0 };

  constructor(
    private readonly bus: MessageBus,
    private readonly controller: string,
    private readonly invoker: string,
    private readonly config: PlatformConfig,
  ) {
    this.invokerTopic = invokerTopic(invoker);
    this.sweeper = setInterval(() => this.sweep(), sweepInterval).unref();
  }

  async start(): Promise<void> {
    const topic = completedTopic(this.controller);
    this.subscription = await this.bus.subscribe(topic, { group: topic.name, maxInFlight: 128 }, async (ack) => this.acknowledge(ack));
  }

  async publish(message: ActivationMessage, timeoutMs: number): Promise<Placement> {
    const { limits, controller } = this.config;
    const entry: Entry = {
      namespaceUuid: message.user.namespace.uuid,
      action: `${message.action.path}/${message.action.name}`,
      deadline: Date.now() + Math.max(timeoutMs, limits.timeout.std) * controller.timeoutFactor + controller.timeoutAddon,
      blocking: message.blocking,
      resolve: () => {},
      reject: () => {},
    };
    const placement: Placement = message.blocking
      ? {
          result: new Promise((resolve, reject) => {
            entry.resolve = resolve;
            entry.reject = reject;
          }),
        }
      : never;
    this.totals.published++;
    this.entries.set(message.activationId, entry);
    this.byNamespace.set(entry.namespaceUuid, this.activeOf(entry.namespaceUuid) + 1);
    try {
      await this.bus.send(this.invokerTopic, message);
    } catch (error) {
      this.release(message.activationId);
      throw error;
    }
    return placement;
  }

  activeOf(namespaceUuid: string): number {
    return this.byNamespace.get(namespaceUuid) ?? 0;
  }

  get activeTotal(): number {
    return this.entries.size;
  }

  active(): [string, string][] {
    return [...this.entries].map(([id, { action }]) => [id, action]);
  }

  invokers(): { name: string; status: InvokerStatus }[] {
    return [{ name: `${this.invoker}/0`, status: 'up' }];
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    await this.subscription?.close();
  }

  private acknowledge(ack: Acknowledgement): void {
    const entry = this.entries.get(ack.activationId);
    if (!entry) return;
    if (entry.blocking && (ack.record || ack.slotFree)) entry.resolve(ack.record);
    if (ack.slotFree) this.totals.completed++;
    if (ack.slotFree) this.release(ack.activationId);
  }

  private release(activationId: string): void {
    const entry = this.entries.get(activationId);
    if (!entry) return;
    this.entries.delete(activationId);
    const left = this.activeOf(entry.namespaceUuid) - 1;
    if (left > 0) this.byNamespace.set(entry.namespaceUuid, left);
    else this.byNamespace.delete(entry.namespaceUuid);
  }

  /** Slots of activations whose end was never told are given up, so that a namespace does not stay at its limit for ever. */
  private sweep(): void {
    const now = Date.now();
    for (const [id, entry] of this.entries) {
      if (entry.deadline > now) continue;
      this.release(id);
      this.totals.lost++;
      entry.reject(new CompletionTimeout(id));
    }
  }
}
