import type { ActivationRecord } from '../model/activation';
import type { PathName, RuleStatus } from '../model/entities';
import type { Identity } from '../model/identity';
import type { JsonText } from '../model/json';

/** What it takes to carry on a sequence, a composition or a firing that another process, or an earlier life, began. */
export interface Intent {
  caller: Identity;
  transaction: { id: string; start: number; extraLogging: boolean };
  /** As the caller gave it. */
  payload: JsonText;
  /** The sequence or conductor as it was called, perhaps through a binding; `components` are those of the sequence at that time. */
  action?: { namespace: string; package?: string; name: string; components?: readonly string[] };
  /** The rules of the trigger at that time, by name, and what their actions are given. */
  firing?: { rules: [string, { action: PathName; status: RuleStatus }][]; arguments: JsonText };
}

/** What is known of the steps of an orchestration that is carried on. */
export interface Replay {
  /** Asks until the store answers; rejects when this process stops. */
  recordOf(namespace: string, activationId: string): Promise<ActivationRecord | undefined>;
  /** Whether the step was handed to an invoker: it ends in a record then, and must not be sent again. */
  wasSent(activationId: string): boolean;
}

/** What is known of an activation when it is accepted: enough for a record, should nothing else ever be known. */
export interface AcceptedActivation {
  activationId: string;
  /** The invoking namespace. */
  namespace: string;
  subject: string;
  name: string;
  version: string;
  /** `ns/[pkg/]name` of the action; absent for a trigger. */
  path?: string;
  cause?: string;
  /** epoch ms */
  start: number;
  intent?: Intent;
}

/** The journal cannot be written (a full disk, say): nothing was accepted. */
export class AcceptanceRefused extends Error {
  constructor(cause: unknown) {
    super('Nothing can be accepted now: the journal cannot be written.', { cause });
    this.name = 'AcceptanceRefused';
  }
}

/**
 * The promise that an accepted activation ends in exactly one record, kept across a crash of the process that accepted it. With a shared
 * bus the bus itself keeps it; inside one process this journal does.
 */
export interface AcceptanceJournal {
  /**
   * Returns, or resolves, when the entry would survive a kill of this process. Throws, or rejects with, AcceptanceRefused. `message` gives
   * the text of what an invoker is handed, for a journal that can have it handed again.
   */
  accept(activation: AcceptedActivation, message?: () => JsonText): Promise<void> | void;
  /** Accepting failed after all: the id is dead and must not get a record. */
  withdraw(activationId: string): void;
  /** What this process carried itself can't go on here as it was: it is carried on like that of another one. */
  resume?(activation: AcceptedActivation): void;
}

const outcomeUnknown = 'The platform stopped before the outcome of this activation was known.';

/** The record of an accepted activation of which nothing else will ever be known. */
export function recordOfUnknown({
  activationId,
  namespace,
  subject,
  name,
  version,
  path,
  cause,
  start,
}: AcceptedActivation): ActivationRecord {
  return {
    namespace,
    name,
    subject,
    activationId,
    start,
    end: Math.max(start, Date.now()),
    duration: 0,
    ...(cause === undefined ? {} : { cause }),
    response: { statusCode: 3, result: JSON.stringify({ error: outcomeUnknown }) },
    logs: [],
    version,
    annotations:
      path === undefined
        ? []
        : [
            { key: 'path', value: path },
            { key: 'kind', value: 'unknown' },
          ],
  };
}
