import type { ActivationResponse } from '../model/activation';
import type { JsonText } from '../model/json';
import type { ActionProfile } from './executableAction';

/** What became of one activation in a container. Times are epoch ms. */
export interface Outcome {
  response: ActivationResponse;
  /** When /init began, or /run in a container that was initialised. */
  start: number;
  end: number;
  /** ms; set when this activation initialised its container. */
  initTime?: number;
  timedOut: boolean;
}

/** One accepted activation on its way through the pool. */
export interface Job {
  /** Invoking namespace, action and revision: containers are shared by jobs of the same key only. */
  readonly key: string;
  /** The invoking namespace; waiting jobs take turns by it. */
  readonly namespace: string;
  readonly action: ActionProfile;
  /** Rejects when the code is not to be had. */
  initBody(deadline: number): Promise<string>;
  runBody(deadline: number): JsonText;
  /** The result is known and output is still to come; `completed` follows. */
  answered(outcome: Outcome): void;
  /** The end of the job, called once whatever happens; without a call of `answered` before, it tells the result too. */
  completed(outcome: Outcome, logs: string[]): void;
}
