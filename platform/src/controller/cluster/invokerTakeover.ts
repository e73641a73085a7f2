import { randomUUID } from 'node:crypto';
import { LeftUnsettled, type MessageBus, type Position, type Subscription } from '../../bus/messageBus';
import { type ActivationMessage, copyOf, copyToClaim } from '../../bus/messages';
import { completedTopic, invokerTopic } from '../../bus/topics';
import type { ActionDocument } from '../../model/entities';
import { annotationOf, isTruthy } from '../../model/parameters';
import type { Logger } from '../../observe/logger';
import { recordOfUnknown } from '../../store/acceptanceJournal';
import { type ActivationStore, RecordRefused } from '../../store/activationStore';
import type { ArtifactStore } from '../../store/artifactStore';

export interface InvokerTakeoverOptions {
  bus: MessageBus;
  activations: Pick<ActivationStore, 'claim' | 'get' | 'store'>;
  artifacts: Pick<ArtifactStore, 'getWithoutCode'>;
  /** Sends work to another invoker; rejects with LeftUnsettled when there is to be none. */
  reassign(message: ActivationMessage, action: ActionDocument): Promise<void>;
  /** Transaction of test actions, which are of no interest to anybody any more. */
  testTransaction: string;
  /** ms between an invoker's silence and the takeover: it may be back by itself. */
  grace: number;
  log: Logger;
}

/**
 * What came on the bus this long (ms) after an invoker's last ping was never begun by it: an invoker begins nothing when its last ping is
 * older than four seconds. The rest is a margin.
 */
export const handOverMargin = 5000;
const storeRetry = 1000;
/** Few at a time: if the invoker comes back in the middle of it, little is done twice. */
const maxInFlight = 16;

/**
 * The survivors' part when an invoker is lost: every controller offers to read what it left, and the bus lets one of them. What the
 * invoker never began goes to another one; of the rest nobody knows whether it has run, so it is recorded as that, or runs again where
 * its action allows it (annotation `idempotent`).
 */
export class InvokerTakeover {
  /** By invoker that is gone. */
  private readonly lostOnes = new Map<string, AbortController>();
  private searching: NodeJS.Timeout | undefined;
  /** Work given to other invokers, and work recorded as lost. */
  readonly totals = { reassigned: 0, recorded: 0 };

  constructor(private readonly options: InvokerTakeoverOptions) {}

  /**
   * Once, after `patience` ms: invokers that left something and have never been heard of, because they were lost before this controller
   * began. When they had their last ping is not known, so all of it may have begun.
   */
  search(left: () => Promise<string[]>, heardOf: (invoker: string) => boolean, patience: number): void {
    this.searching = setTimeout(async () => {
      try {
        for (const invoker of await left()) if (!heardOf(invoker)) this.lost(invoker, Number.POSITIVE_INFINITY);
      } catch (error) {
        this.options.log.warn({ reason: (error as Error).message }, 'what lost invokers left could not be searched for');
      }
    }, patience).unref();
  }

  /** An invoker fell silent; `heard` is when the bus had its last ping, epoch ms by the clock of the bus. */
  lost(invoker: string, heard: number): void {
    this.back(invoker);
    const ended = new AbortController();
    this.lostOnes.set(invoker, ended);
    const timer = setTimeout(() => void this.takeOver(invoker, heard, ended.signal), this.options.grace).unref();
    ended.signal.addEventListener('abort', () => clearTimeout(timer));
  }

  /** The invoker is there again and looks after its own. */
  back(invoker: string): void {
    this.lostOnes.get(invoker)?.abort();
    this.lostOnes.delete(invoker);
  }

  close(): void {
    clearTimeout(this.searching);
    for (const invoker of [...this.lostOnes.keys()]) this.back(invoker);
  }

  private async takeOver(invoker: string, heard: number, signal: AbortSignal): Promise<void> {
    const { bus, log } = this.options;
    let subscription: Subscription | undefined;
    while (!subscription && !signal.aborted) {
      try {
        subscription = await bus.subscribe(
          invokerTopic(invoker),
          { group: invoker, maxInFlight, shared: true, inPlaceOf: { name: invoker, signal } },
          (message, position) => this.settle(invoker, message, position, heard, signal),
        );
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ invoker, reason: (error as Error).message }, 'what a lost invoker left could not be read yet');
        await new Promise((resolve) => setTimeout(resolve, storeRetry));
      }
    }
    if (!subscription) return;
    log.warn({ invoker }, 'an invoker is lost: what it left is taken over');
    const end = () => void subscription.close();
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  }

  private async settle(invoker: string, message: ActivationMessage, position: Position, heard: number, signal: AbortSignal): Promise<void> {
    if (message.transactionId === this.options.testTransaction) return;
    for (; !signal.aborted; await new Promise((resolve) => setTimeout(resolve, storeRetry))) {
      try {
        await this.settleOnce(invoker, message, position, heard);
        return;
      } catch (error) {
        if (error instanceof LeftUnsettled) throw error;
        const { activationId } = message;
        this.options.log.warn({ activationId, reason: (error as Error).message }, 'what a lost invoker left could not be settled yet');
      }
    }
    throw new LeftUnsettled();
  }

  private async settleOnce(invoker: string, message: ActivationMessage, position: Position, heard: number): Promise<void> {
    const { activations, artifacts, reassign } = this.options;
    const namespace = message.user.namespace.name;
    const neverBegun = position.timestamp > heard + handOverMargin;
    const copy = neverBegun ? undefined : copyToClaim(message, invoker, position);
    // another copy of it counts, which is elsewhere
    if (copy !== undefined && !(await activations.claim(namespace, message.activationId, copy))) return;
    const { path, name, version } = message.action;
    const record = neverBegun ? undefined : await activations.get(namespace, message.activationId);
    if (!record) {
      const action = (await artifacts.getWithoutCode(`${path}/${name}`))?.document;
      if (action?.type === 'actions' && (neverBegun || isTruthy(annotationOf(action.annotations, 'idempotent') ?? false))) {
        // the invoker may be back before the bus knows what was settled here, and another controller read the same: of what each of them
        // sends or has, one counts. What may have begun and may run again goes on as the copy that it was
        const claim = { after: 0, copy: neverBegun ? randomUUID() : copyOf(message, invoker, position) };
        await reassign({ ...message, claim }, action);
        this.totals.reassigned++;
        return;
      }
    }
    const { activationId, transactionId, transactionStart: start, cause, blocking } = message;
    const told =
      record ??
      recordOfUnknown({
        activationId,
        namespace,
        subject: message.user.subject,
        name,
        version,
        path: `${path}/${name}`,
        ...(cause === undefined ? {} : { cause }),
        start,
      });
    if (!record && (message.user.limits.storeActivations !== false || message.extraLogging)) {
      await activations.store(told).catch((error) => {
        if (!(error instanceof RecordRefused)) throw error;
      });
      this.totals.recorded++;
    }
    await this.options.bus.send(completedTopic(message.rootController), {
      activationId,
      transactionId,
      transactionStart: start,
      ...(blocking ? { record: { ...told, logs: [] } } : {}),
      slotFree: true,
      // that it went is known, and no sign of how it is when it is back
      isSystemError: false,
      invoker,
    });
  }
}
