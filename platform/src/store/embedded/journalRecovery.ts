import type { JsonText } from '../../model/json';
import type { Logger } from '../../observe/logger';
import { type AcceptedActivation, type Replay, recordOfUnknown } from '../acceptanceJournal';
import type { ActivationStore } from '../activationStore';
import type { EarlierEntry, EmbeddedJournal } from './embeddedJournal';

export interface JournalRecoveryOptions {
  journal: EmbeddedJournal;
  activations: Pick<ActivationStore, 'get' | 'store'>;
  /** Whether the action of a message may run again though it may have run (annotation `idempotent`). */
  mayRepeat(message: JsonText): Promise<boolean>;
  /** Hands a message to the invoker. */
  run(message: JsonText): Promise<void>;
  /** Resolves when the orchestration is recorded. */
  carryOn(activation: AcceptedActivation, replay: Replay): Promise<void>;
  log: Logger;
}

/** ms */
const retry = 1000;

/**
 * What was under way when the process stopped, one way or another: what never came to a container runs now; of what may have run nobody knows
 * the outcome, so it is recorded as that, unless it may run again; orchestrations go on. Resolves when what is of unknown outcome is
 * recorded and everything else is accepted anew; the rest goes on behind that. Returns what does.
 */
export async function recoverJournal(options: JournalRecoveryOptions): Promise<{ recorded: number; goesOn: Promise<void> }> {
  const { journal, activations, log } = options;
  const entries = journal.earlier();
  const waiting: EarlierEntry[] = [];
  let recorded = 0;
  for (const entry of entries) {
    const { activation, message } = entry;
    if (await activations.get(activation.namespace, activation.activationId)) continue;
    if (message === undefined ? activation.intent : !entry.handed || (await options.mayRepeat(message))) {
      journal.accept(activation, message === undefined ? undefined : () => message);
      waiting.push(entry);
    } else {
      await activations.store(recordOfUnknown(activation));
      recorded++;
    }
  }
  journal.forgetEarlier();
  if (recorded > 0) log.warn({ recorded }, 'activations that were running when the platform stopped have been recorded as failed');
  if (waiting.length > 0) log.info({ goesOn: waiting.length }, 'activations that were under way when the platform stopped go on');
  return { recorded, goesOn: goOn(waiting, options, new Set(entries.flatMap(steps))) };
}

function steps({ activation, message }: EarlierEntry): string[] {
  return message === undefined ? [] : [activation.activationId];
}

async function goOn(waiting: EarlierEntry[], { activations, run, carryOn, log }: JournalRecoveryOptions, sent: Set<string>): Promise<void> {
  const replay: Replay = { recordOf: (namespace, id) => activations.get(namespace, id), wasSent: (id) => sent.has(id) };
  const untilDone = async ({ activationId }: AcceptedActivation, work: () => Promise<void>) => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        log.warn({ activationId, reason: (error as Error).message }, 'what was under way when the platform stopped can not go on yet');
        await new Promise((resolve) => setTimeout(resolve, retry).unref());
      }
    }
  };
  await Promise.all(
    waiting.map(({ activation, message }) =>
      untilDone(activation, () => (message === undefined ? carryOn(activation, replay) : run(message))),
    ),
  );
}
