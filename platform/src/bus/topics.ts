import { decodeAcknowledgement, encodeAcknowledgement } from './acknowledgementWire';
import { decodeActivation, encodeActivation } from './activationWire';
import type { Topic } from './messageBus';
import type { Acknowledgement, ActivationMessage } from './messages';

/** Work for one invoker; its name is `invoker<N>`. */
export function invokerTopic(invoker: string): Topic<ActivationMessage> {
  return { name: invoker, encode: encodeActivation, decode: decodeActivation };
}

/** Acknowledgements for one controller. `userMemory` (MB) is what the sending invoker has for containers: it stands in each of them. */
export function completedTopic(controller: string, userMemory = 0): Topic<Acknowledgement> {
  return {
    name: `completed${controller}`,
    encode: (acknowledgement) => encodeAcknowledgement(acknowledgement, userMemory),
    decode: decodeAcknowledgement,
    shrink: ({ record, ...rest }) => (record ? { ...rest, recordOmitted: true } : rest),
  };
}
