import { LeftUnsettled, type MessageBus, type Position, type Subscription, type Topic } from '../../bus/messageBus';
import type { Logger } from '../../observe/logger';
import { type AcceptanceJournal, AcceptanceRefused, type AcceptedActivation, type Replay } from '../../store/acceptanceJournal';
import type { ActivationStore } from '../../store/activationStore';
import { InterruptedWork } from './interruptedWork';

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
  /** Of this process: what an earlier one accepted and did not record is carried on. */
  life: string;
  activations: Pick<ActivationStore, 'get'>;
  /** Carries an orchestration on; resolves when its record is written. */
  carryOn(activation: AcceptedActivation, replay: Replay): Promise<void>;
  /** Ids of the steps that invokers were sent from `since` (epoch ms by the clock of the bus) until now. */
  sentSince(since: number): Promise<ReadonlySet<string>>;
  /** By the clock of the bus, a time that is over. */
  past(): number;
  log: Logger;
  /** Accepted and not yet recorded; at the bound no more is accepted. */
  max?: number;
  /** ms between a controller's silence and the takeover of what it carried: it may be back by itself. */
  grace?: number;
  /** ms after which no message that counts without a claim can be on its way any more; default 10 s. */
  onItsWay?: number;
}

interface Open {
  /** Not later than when the bus took it, by its clock. */
  since: number;
  settled: Promise<void>;
  settle: () => void;
  leave: () => void;
}

/** Messages of a lost controller that are read before those before them are settled. */
const maxTakenOver = 1000;

/**
 * The promise for what a controller carries on itself, kept on the bus: the entry is there before the caller is answered, and the position
 * moves past it when its record is written. After a crash the next life of the controller, or another controller if there is none,
 * reads what is left and carries it on.
 */
export class BusJournal implements AcceptanceJournal {
  private readonly open = new Map<string, Open>();
  /** By controller that is gone. */
  private readonly standIns = new Map<string, { timer: NodeJS.Timeout; ended?: () => Promise<void> }>();
  private readonly interrupted = new Set<InterruptedWork>();
  private subscription: Subscription | undefined;
  private readonly max: number;
  private recoveredBefore = 0;
  private toResume: { activation: AcceptedActivation; since: number }[] | undefined;

  constructor(private readonly options: BusJournalOptions) {
    this.max = options.max ?? 10_000;
  }

  /** Orchestrations of others, or of a life that ended, that have been carried on to their end. */
  get recovered(): number {
    return [...this.interrupted].reduce((sum, { finished }) => sum + finished, this.recoveredBefore);
  }

  async start(): Promise<void> {
    const { bus, controller, life } = this.options;
    const topic = acceptedTopic(controller);
    const earlier = this.interruptedWork();
    this.subscription = await bus.subscribe(topic, { group: topic.name, maxInFlight: this.max + 1000 }, (message, position) =>
      message.life === life
        ? (this.open.get(message.activation.activationId)?.settled ?? settledAlready)
        : earlier.finish(message.activation, position.timestamp),
    );
  }

  async accept(activation: AcceptedActivation): Promise<void> {
    const { bus, controller, life, past } = this.options;
    if (this.open.size >= this.max) throw new AcceptanceRefused(new Error('too much is under way'));
    let settle = () => {};
    let leave = () => {};
    const settled = new Promise<void>((resolve, reject) => {
      settle = resolve;
      leave = () => reject(new LeftUnsettled());
    });
    // nobody may be reading it
    settled.catch(() => {});
    this.open.set(activation.activationId, { since: past(), settled, settle, leave });
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

  /** What was on its way to the bus counts only if it came in time, so a while later it is known what was sent. */
  resume(activation: AcceptedActivation): void {
    const open = this.open.get(activation.activationId);
    if (!open) return;
    this.toResume ??= this.resumeLater();
    this.toResume.push({ activation, since: open.since });
  }

  /**
   * A controller fell silent. If it stays so, this one, or another that says the same, carries on what it accepted until then (epoch ms by
   * the clock of the bus).
   */
  lost(controller: string, until: number): void {
    this.joined(controller);
    const timer = setTimeout(() => this.standIn(controller, until), this.options.grace ?? 20_000).unref();
    this.standIns.set(controller, { timer });
  }

  /** A controller is there (again): it looks after its own. What has been taken over is carried on all the same. */
  joined(controller: string): void {
    const standIn = this.standIns.get(controller);
    if (!standIn) return;
    this.standIns.delete(controller);
    clearTimeout(standIn.timer);
    void standIn.ended?.();
  }

  /** What is still under way is left on the bus for the next life, or for others. Resolves with whether there was any. */
  async close(): Promise<boolean> {
    const unfinished = this.open.size > 0 || [...this.interrupted].some(({ underWay }) => underWay > 0);
    for (const work of this.interrupted) work.stop();
    for (const { leave } of this.open.values()) leave();
    const standIns = [...this.standIns.values()];
    for (const controller of this.standIns.keys()) this.joined(controller);
    await Promise.all(standIns.map(({ ended }) => ended?.()));
    await this.subscription?.close();
    return unfinished;
  }

  private resumeLater(): { activation: AcceptedActivation; since: number }[] {
    const batch: { activation: AcceptedActivation; since: number }[] = [];
    setTimeout(() => {
      this.toResume = undefined;
      const work = this.interruptedWork();
      const oldest = Math.min(...batch.map(({ since }) => since));
      const all = batch.map(({ activation }) =>
        work.finish(activation, oldest).then(
          () => this.settle(activation.activationId),
          () => {},
        ),
      );
      void Promise.all(all).then(() => this.over(work));
    }, this.options.onItsWay ?? 10_000).unref();
    return batch;
  }

  private over(work: InterruptedWork): void {
    if (this.interrupted.delete(work)) this.recoveredBefore += work.finished;
  }

  private standIn(controller: string, until: number): void {
    const { bus, log } = this.options;
    const topic = acceptedTopic(controller);
    const work = this.interruptedWork();
    const take = async ({ activation }: AcceptedMessage, { timestamp }: Position) => {
      // a new life has begun, or the old one goes on: it looks after what it accepted since
      if (timestamp > until) throw new LeftUnsettled();
      await work.finish(activation, timestamp);
    };
    const subscription = bus
      .subscribe(topic, { group: topic.name, maxInFlight: maxTakenOver, shared: true }, take)
      .catch((error: Error) => {
        log.warn({ controller, reason: error.message }, 'what a lost controller left could not be read');
        return undefined;
      });
    const ended = async () => {
      await (await subscription)?.close();
      this.over(work);
    };
    const standIn = this.standIns.get(controller);
    if (standIn) standIn.ended = ended;
    else void ended();
  }

  private interruptedWork(): InterruptedWork {
    const work = new InterruptedWork(this.options);
    this.interrupted.add(work);
    return work;
  }
}

const settledAlready = Promise.resolve();
