import type { ActivationRecord } from '../model/activation';

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
  /** Returns, or resolves, when the entry would survive a kill of this process. Throws, or rejects with, AcceptanceRefused. */
  accept(activation: AcceptedActivation): Promise<void> | void;
  /** Accepting failed after all: the id is dead and must not get a record. */
  withdraw(activationId: string): void;
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
