import type { ActivationRecord } from '../model/activation';
import type { Identity } from '../model/identity';
import type { JsonText } from '../model/json';
import type { Position } from './messageBus';

/** The action a message refers to, as resolved by the controller. */
export interface ActionReference {
  /** `ns` or `ns/pkg` of the action that runs. */
  path: string;
  name: string;
  version: string;
  /** Revision of the document: an invoker keeps code by (path, name, revision). */
  revision: string;
  /** `ns/bindingName` when invoked through a package binding. */
  binding?: string;
}

/**
 * Of work that may be sent more than once, because who sent it or was to run it is lost: taken by the bus later than `after` (epoch ms, its
 * clock), the message counts only if the store gives the activation to this `copy` of it.
 */
export interface Claim {
  after: number;
  copy: string;
}

/** Controller to invoker: run this. Wire form: reference messaging, section 3. */
export interface ActivationMessage {
  transactionId: string;
  /** When the request began, epoch ms; `waitTime` counts from here. */
  transactionStart: number;
  action: ActionReference;
  user: Identity;
  activationId: string;
  /** Instance id of the controller that waits for the acknowledgement. */
  rootController: string;
  blocking: boolean;
  /** Merged arguments, `init` ones included: text of an object, or of an array inside a sequence. */
  content: JsonText;
  /** Names within `content` that go to the `/init` environment only. */
  initArgs: readonly string[];
  cause?: string;
  /** Store the record even where the namespace switched storing off (`X-OW-EXTRA-LOGGING: on`). */
  extraLogging?: boolean;
  claim?: Claim;
}

/** The copy of an activation that a message in an invoker's topic is. */
export function copyOf({ claim }: ActivationMessage, invoker: string, { offset }: Position): string {
  return claim?.copy ?? `${invoker}@${offset}`;
}

/** The same, when there may be other copies, so that the store is to be asked first; else undefined. */
export function copyToClaim(message: ActivationMessage, invoker: string, position: Position): string | undefined {
  const { claim } = message;
  const sentAgain = claim !== undefined && position.timestamp > claim.after;
  return sentAgain || position.inherited ? copyOf(message, invoker, position) : undefined;
}

/** Invoker to controller: the result is known (`record`, never with logs) and/or the slot is free (`slotFree`). */
export interface Acknowledgement {
  activationId: string;
  transactionId: string;
  /** When the request began, epoch ms. */
  transactionStart?: number;
  /** Present when the caller waits and the record fits on the bus. */
  record?: ActivationRecord;
  /** The result is known, and to be read from the store: it was too large for the bus, or the sender left it out. */
  recordOmitted?: boolean;
  slotFree: boolean;
  isSystemError: boolean;
  /** Id of the invoker; empty when the slot is not free yet: such an acknowledgement does not name it on a shared bus. */
  invoker: string;
}
