import type { Topic } from './messageBus';
import type { Acknowledgement, ActivationMessage } from './messages';

/** Work for one invoker. The wire form for a shared bus belongs to the Kafka side; inside a process messages are not encoded. */
export function invokerTopic(invoker: string): Topic<ActivationMessage> {
  return jsonTopic(invoker);
}

/** Acknowledgements for one controller. */
export function completedTopic(controller: string): Topic<Acknowledgement> {
  return jsonTopic(`completed${controller}`);
}

function jsonTopic<T>(name: string): Topic<T> {
  return { name, encode: (m) => JSON.stringify(m), decode: (text) => JSON.parse(text) as T };
}
