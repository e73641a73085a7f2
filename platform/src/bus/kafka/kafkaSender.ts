import { type Kafka, Partitioners, type Producer } from 'kafkajs';
import type { Logger } from '../../observe/logger';
import { retry } from './kafkaClient';
import { type Batch, MicroBatcher } from './microBatcher';
import type { TopicMaker } from './topicMaker';

export interface KafkaSenderOptions {
  kafka: Kafka;
  topics: TopicMaker;
  /** In front of every topic. */
  prefix: string;
  /** Work must not vanish: all in-sync replicas acknowledge it, and a repeated attempt doesn't double it. Else the leader acknowledges. */
  durable: boolean;
  /** Messages and bytes that may wait; beyond them BusFull. */
  maxMessages: number;
  maxBytes: number;
  /** ms until a message that could not be sent is refused. */
  maxWait: number;
  /** Told of every sign of life of the broker. */
  contact(): void;
  log: Logger;
}

/** Sends by a producer of its own, which is replaced when it failed. Topics are named without the prefix. */
export class KafkaSender {
  private readonly batcher: MicroBatcher;
  private producer: Promise<Producer> | undefined;

  constructor(private readonly options: KafkaSenderOptions) {
    const { topics, maxMessages, maxBytes, maxWait } = options;
    this.batcher = new MicroBatcher({
      send: (batch) => this.sendBatch(batch),
      maxBatchBytes: (topic) => topics.maxMessageBytes(topic),
      maxMessages,
      maxBytes,
      maxWait,
    });
  }

  /** Rejects when the broker does not answer. */
  async connect(): Promise<void> {
    await this.connected();
  }

  /** Resolves when the message is acknowledged. Rejects with BusFull or BusUnavailable. */
  send(topic: string, value: Buffer): Promise<void> {
    return this.batcher.add(topic, value);
  }

  /** Messages that the broker has not acknowledged yet. */
  get pending(): number {
    return this.batcher.pending;
  }

  /** Sends what waits and leaves the broker. */
  async close(): Promise<void> {
    await this.batcher.flush();
    const producer = await this.producer?.catch(() => undefined);
    await producer?.disconnect().catch(() => {});
  }

  private async sendBatch(batch: Batch): Promise<void> {
    const { topics, prefix, durable, contact, log } = this.options;
    try {
      for (const topic of batch.keys()) if (!topics.knows(topic)) await topics.ensure(topic);
      const producer = await this.connected();
      const topicMessages = [...batch].map(([topic, values]) => ({
        topic: prefix + topic,
        messages: values.map((value) => ({ value })),
      }));
      await producer.sendBatch({ acks: durable ? -1 : 1, timeout: 10_000, topicMessages });
      contact();
    } catch (error) {
      log.warn({ topics: [...batch.keys()], reason: (error as Error).message }, 'messages could not be sent to the broker');
      // a producer that failed may have lost count of its sequence numbers, and a topic may be gone
      const failed = this.producer;
      this.producer = undefined;
      for (const topic of batch.keys()) topics.forget(topic);
      void failed?.then((producer) => producer.disconnect()).catch(() => {});
      throw error;
    }
  }

  private connected(): Promise<Producer> {
    if (!this.producer) {
      const made = this.options.kafka.producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        idempotent: this.options.durable,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        metadataMaxAge: 15_000,
        retry,
      });
      const producer = made.connect().then(() => made);
      this.producer = producer;
      producer.catch(() => {
        if (this.producer === producer) this.producer = undefined;
      });
    }
    return this.producer;
  }
}
