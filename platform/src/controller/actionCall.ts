import type { ActivationRecord } from '../model/activation';
import type { Identity } from '../model/identity';
import type { Replay } from '../store/acceptanceJournal';
import type { ResolvedAction } from './actionResolver';
import type { Transaction } from './http/request';
import type { Payload } from './payload';

/** What makes a call a step of something that others can carry on, should this process end. */
export interface Step {
  /** The same whoever carries it on. */
  activationId: string;
  /** Of the controller's tenure, when the whole was accepted; absent where there is one controller only. */
  era?: number;
  /** Set when the whole is carried on: what is known of its steps. */
  replay?: Replay;
  /** Set on the whole itself when it is carried on: when it began, epoch ms. */
  begun?: number;
}

/** One action to be run for a caller: a primitive one, a sequence or a composition. */
export interface ActionCall {
  caller: Identity;
  resolved: ResolvedAction;
  payload: Payload;
  transaction: Transaction;
  blocking: boolean;
  /** ms a blocking caller waits; what runs goes on after that. */
  wait: number;
  /** Id of the enclosing sequence or composition; absent = the call is the topmost. */
  cause?: string;
  /** Shared by everything inside one topmost sequence or composition. */
  accounting?: Accounting;
  step?: Step;
}

/** What the bounds on sequences and compositions count. */
export interface Accounting {
  /** Primitive actions run by sequences. */
  atomic: number;
  /** Components run by compositions. */
  components: number;
  conductors: number;
}

export function newAccounting(): Accounting {
  return { atomic: 0, components: 0, conductors: 0 };
}

/** `record` is absent when the call did not wait, or waited in vain: the activation goes on either way. */
export interface Outcome {
  activationId: string;
  record?: ActivationRecord;
}

/** Runs whatever kind of action it is given. */
export interface ActionRunner {
  run(call: ActionCall): Promise<Outcome>;
}

/** Whether the activation gets a record: a namespace may have switched that off, a header forces it. */
export function isStored({ caller, transaction }: Pick<ActionCall, 'caller' | 'transaction'>): boolean {
  return caller.limits.storeActivations !== false || transaction.extraLogging;
}

/** `promise`, or undefined after `ms`. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
