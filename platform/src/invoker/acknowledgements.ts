import type { MessageBus, Topic } from '../bus/messageBus';
import type { Acknowledgement, ActivationMessage } from '../bus/messages';
import { completedTopic } from '../bus/topics';
import type { ActivationRecord } from '../model/activation';
import type { Logger } from '../observe/logger';

export interface AcknowledgementsOptions {
  bus: MessageBus;
  /** Name of the invoker. */
  invoker: string;
  /** MB */
  userMemory: number;
  log: Logger;
}

/** Tells the controller that sent a message what became of it. */
export class Acknowledgements {
  private readonly topics = new Map<string, Topic<Acknowledgement>>();

  constructor(private readonly options: AcknowledgementsOptions) {}

  /** Never throws: one that is lost with the bus is found out from the record. */
  send(message: ActivationMessage, record: ActivationRecord | undefined, slotFree: boolean, isSystemError = false): void {
    const acknowledgement: Acknowledgement = {
      activationId: message.activationId,
      transactionId: message.transactionId,
      transactionStart: message.transactionStart,
      slotFree,
      isSystemError,
      invoker: this.options.invoker,
    };
    if (record) acknowledgement.record = record;
    this.options.bus.send(this.topicOf(message.rootController), acknowledgement).catch((error: Error) => {
      this.options.log.error({ activationId: message.activationId, reason: error.message }, 'an acknowledgement could not be sent');
    });
  }

  private topicOf(controller: string): Topic<Acknowledgement> {
    let topic = this.topics.get(controller);
    if (!topic) {
      topic = completedTopic(controller, this.options.userMemory);
      this.topics.set(controller, topic);
    }
    return topic;
  }
}
