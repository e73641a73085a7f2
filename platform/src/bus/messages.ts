import type { ActivationRecord } from '../model/activation';
import type { Identity } from '../model/identity';
import type { JsonText } from '../model/json';

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
 * Of a step of an orchestration, which may be sent more than once when controllers die: taken by the bus later than `after` (epoch ms, its
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
