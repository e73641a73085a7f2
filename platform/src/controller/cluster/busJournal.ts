import type { MessageBus, Subscription, Topic } from '../../bus/messageBus';
import type { Logger } from '../../observe/logger';
import { type AcceptanceJournal, AcceptanceRefused, type AcceptedActivation, recordOfUnknown } from '../../store/acceptanceJournal';
import type { ActivationStore } from '../../store/activationStore';

/** An accepted activation with the life of the controller that carries it on. */
export interface AcceptedMessage {
  life: string;
  activation: AcceptedActivation;
}

/** What a controller has accepted and carries on itself: sequences, compositions, firings. Read by itself, or by who stands in for it. */
export function acceptedTopic(controller: string): Topic<AcceptedMessage> {
  return {
    name: `accepted${controller}`,
    encode: (message) => JSON.stringify(message),
    decode: (text) => JSON.parse(text) as AcceptedMessage,
  };
}

export interface BusJournalOptions {
  bus: MessageBus;
  controller: string;
  /** Of this process: what an earlier one accepted and did not record gets a record that says so. */
  life: string;
  activations: Pick<ActivationStore, 'store'>;
  log: Logger;
  /** Accepted and not yet recorded; at the bound no more is accepted. */
  max?: number;
  /** ms between a controller's silence and the records of what it carried: it may be back by itself. */
  grace?: number;
}

const storeRetry = 1000;

/**
 * The promise for what a controller carries on itself, kept on the bus: the entry is there before the caller is answered, and the position
 * moves past it when its record is written. After a crash the next life of the controller, or another controller if there is none,
 * reads what is left. One record an id is the store's promise, so a doubt is settled by writing.
 */
export class BusJournal implements AcceptanceJournal {
  private readonly open = new Map<string, { activation: AcceptedActivation; settled: Promise<void>; settle: () => void }>();
  /** By controller that is gone. */
  private readonly standIns = new Map<string, { timer: NodeJS.Timeout; subscription?: Promise<Subscription | undefined> }>();
  private subscription: Subscription | undefined;
  private readonly max: number;
  /** Activations recorded on behalf of a life that ended. */
  recovered = 0;

  constructor(private readonly options: BusJournalOptions) {
    this.max = options.max ?? 10_000;
  }

  async start(): Promise<void> {
    const { bus, controller, life } = this.options;
    const topic = acceptedTopic(controller);
    this.subscription = await bus.subscribe(topic, { group: topic.name, maxInFlight: this.max + 1000 }, (message) =>
      message.life === life ? (this.open.get(message.activation.activationId)?.settled ?? settledAlready) : this.settleFor(message),
    );
  }

  async accept(activation: AcceptedActivation): Promise<void> {
    const { bus, controller, life } = this.options;
    if (this.open.size >= this.max) throw new AcceptanceRefused(new Error('too much is under way'));
    let settle = () => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    this.open.set(activation.activationId, { activation, settled, settle });
    try {
      await bus.send(acceptedTopic(controller), { life, activation });
    } catch (error) {
      this.settle(activation.activationId);
      throw new AcceptanceRefused(error);
    }
  }

  withdraw(activationId: string): void {
    this.settle(activationId);
  }

  /** The record is written. */
  settle(activationId: string): void {
    this.open.get(activationId)?.settle();
    this.open.delete(activationId);
  }

  /** A controller fell silent. If it stays so, this one, or another that says the same, records what it left. */
  lost(controller: string, life: string): void {
    this.joined(controller);
    const timer = setTimeout(() => this.standIn(controller, life), this.options.grace ?? 20_000).unref();
    this.standIns.set(controller, { timer });
  }

  /** A controller is there (again): it looks after its own. */
  joined(controller: string): void {
    const standIn = this.standIns.get(controller);
    if (!standIn) return;
    this.standIns.delete(controller);
    clearTimeout(standIn.timer);
    void standIn.subscription?.then((subscription) => subscription?.close());
  }

  /** What is still under way is recorded as that; should this process end before, its next life does it. */
  async close(): Promise<void> {
    const standIns = [...this.standIns.values()];
    for (const controller of this.standIns.keys()) this.joined(controller);
    await Promise.all(standIns.map(({ subscription }) => subscription));
    await Promise.all(
      [...this.open.values()].map(async ({ activation, settle }) => {
        await this.options.activations.store(recordOfUnknown(activation));
        settle();
      }),
    );
    await this.subscription?.close();
  }

  private standIn(controller: string, life: string): void {
    const { bus, log } = this.options;
    const topic = acceptedTopic(controller);
    const subscription = bus
      .subscribe(topic, { group: topic.name, maxInFlight: 1000, shared: true }, async (message) => {
        // a new life has begun and looks after what it accepts
        if (message.life === life) await this.settleFor(message);
      })
      .catch((error: Error) => {
        log.warn({ controller, reason: error.message }, 'what a lost controller left could not be read');
        return undefined;
      });
    const standIn = this.standIns.get(controller);
    if (standIn) standIn.subscription = subscription;
  }

  private async settleFor({ activation }: AcceptedMessage): Promise<void> {
    const { activations, log } = this.options;
    for (;;) {
      try {
        await activations.store(recordOfUnknown(activation));
        this.recovered++;
        return;
      } catch (error) {
        log.warn(
          { activationId: activation.activationId, reason: (error as Error).message },
          'a lost activation could not be recorded yet',
        );
        await new Promise((resolve) => setTimeout(resolve, storeRetry));
      }
    }
  }
}

const settledAlready = Promise.resolve();
