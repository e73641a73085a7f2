import { LeftUnsettled } from '../../bus/messageBus';
import type { ActivationRecord } from '../../model/activation';
import type { Logger } from '../../observe/logger';
import type { AcceptedActivation, Replay } from '../../store/acceptanceJournal';
import type { ActivationStore } from '../../store/activationStore';

export interface InterruptedWorkOptions {
  activations: Pick<ActivationStore, 'get'>;
  carryOn(activation: AcceptedActivation, replay: Replay): Promise<void>;
  sentSince(since: number): Promise<ReadonlySet<string>>;
  log: Logger;
}

/** Orchestrations carried on at the same time. */
const atOnce = 256;
/** ms */
const retry = 1000;

/** What one controller, or one life of it, left: orchestrations to be carried on. They come in the order in which they were accepted. */
export class InterruptedWork {
  /** What invokers had been sent since the oldest of them was accepted. Whoever began them sends nothing more, or nothing that counts. */
  private sent: { since: number; ids: Promise<ReadonlySet<string>> } | undefined;
  private readonly stopped: Promise<never>;
  private stopping = false;
  private end: (reason: Error) => void = () => {};
  private readonly waiting: (() => void)[] = [];
  private busy = 0;
  /** Carried on to the end. */
  finished = 0;
  underWay = 0;

  constructor(private readonly options: InterruptedWorkOptions) {
    this.stopped = new Promise((_, reject) => {
      this.end = reject;
    });
    this.stopped.catch(() => {});
  }

  /** Resolves when the activation has a record; rejects with LeftUnsettled when this process stops before. `accepted` is epoch ms by the clock of the bus. */
  async finish(activation: AcceptedActivation, accepted: number): Promise<void> {
    this.underWay++;
    try {
      await Promise.race([this.inTurn(() => this.untilDone(activation, accepted)), this.stopped]);
    } finally {
      this.underWay--;
    }
  }

  stop(): void {
    this.stopping = true;
    this.end(new LeftUnsettled());
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    if (this.busy >= atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.busy++;
    try {
      await work();
    } finally {
      this.busy--;
      this.waiting.shift()?.();
    }
  }

  private async untilDone(activation: AcceptedActivation, accepted: number): Promise<void> {
    const { carryOn, log } = this.options;
    const { namespace, activationId } = activation;
    while (!this.stopping) {
      try {
        if (await this.recordOf(namespace, activationId)) return;
        const sent = await this.sentSince(accepted);
        log.info({ activationId }, 'what was left unfinished is carried on');
        await carryOn(activation, { recordOf: (...id) => this.recordOf(...id), wasSent: (id) => sent.has(id) });
        this.finished++;
        return;
      } catch (error) {
        if (this.stopping) break;
        log.warn({ activationId, reason: (error as Error).message }, 'what was left unfinished could not be carried on yet');
        await new Promise((resolve) => setTimeout(resolve, retry));
      }
    }
    throw new LeftUnsettled();
  }

  private async recordOf(namespace: string, activationId: string): Promise<ActivationRecord | undefined> {
    for (;;) {
      try {
        return await this.options.activations.get(namespace, activationId);
      } catch (error) {
        if (this.stopping) throw new LeftUnsettled();
        this.options.log.warn({ activationId, reason: (error as Error).message }, 'a record could not be looked for yet');
        await new Promise((resolve) => setTimeout(resolve, retry));
      }
    }
  }

  private sentSince(accepted: number): Promise<ReadonlySet<string>> {
    if (!this.sent || accepted < this.sent.since) {
      const ids = this.options.sentSince(accepted);
      this.sent = { since: accepted, ids };
      // asked again by who tries again
      ids.catch(() => {
        if (this.sent?.ids === ids) this.sent = undefined;
      });
    }
    return this.sent.ids;
  }
}
