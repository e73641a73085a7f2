import type { ActivationRecord } from '../model/activation';
import type { Logger } from '../observe/logger';
import { type ActivationStore, ActivationStoreFull, RecordRefused } from '../store/activationStore';
import { responseTexts, whiskFailure } from './activationResponse';

/** Wait before a store that is full, and one that failed, is asked again, ms. */
const fullRetry = 50;
const storeRetry = 1000;

/** The invoker's dealings with the store of records, which may be away for long: what was accepted must end in a record. */
export class RecordKeeping {
  private closing = false;

  constructor(
    private readonly activations: ActivationStore,
    private readonly log: Logger,
  ) {}

  /** From now on a store that fails is not asked again. */
  close(): void {
    this.closing = true;
  }

  get(namespace: string, activationId: string): Promise<ActivationRecord | undefined> {
    return this.untilDone('a record could not be looked for', activationId, () => this.activations.get(namespace, activationId));
  }

  /** Whether this copy of a message is the one that counts. */
  claim(namespace: string, activationId: string, copy: string): Promise<boolean> {
    return this.untilDone('an activation could not be claimed', activationId, () => this.activations.claim(namespace, activationId, copy));
  }

  /** Rejects when the invoker closes and the record could not be stored. One that is refused for good is replaced by a shorter one. */
  async store(record: ActivationRecord): Promise<void> {
    const { activationId } = record;
    try {
      await this.untilDone('an activation record could not be stored', activationId, () => this.activations.store(record));
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error;
      this.log.error({ activationId, reason: error.message }, 'an activation record is not taken; a shorter one takes its place');
      const shorter = { ...record, response: whiskFailure(responseTexts.recordRefused), logs: [] };
      await this.activations
        .store(shorter)
        .catch((refusal: Error) => this.log.error({ activationId, reason: refusal.message }, 'nor is that one'));
    }
  }

  /** Tries until it succeeds; rejects when the invoker closes. */
  private async untilDone<T>(problem: string, activationId: string, attempt: () => Promise<T>): Promise<T> {
    for (let told = false; ; ) {
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof RecordRefused || (this.closing && !(error instanceof ActivationStoreFull))) throw error;
        const full = error instanceof ActivationStoreFull;
        if (!told && !full) {
          this.log.error({ activationId, reason: (error as Error).message }, `${problem}; it is tried again`);
          told = true;
        }
        await new Promise((resolve) => setTimeout(resolve, full ? fullRetry : storeRetry));
      }
    }
  }
}
