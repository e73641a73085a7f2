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
  /** Returns when the entry would survive a kill of this process. Throws AcceptanceRefused. */
  accept(activation: AcceptedActivation): void;
  /** Accepting failed after all: the id is dead and must not get a record. */
  withdraw(activationId: string): void;
}
