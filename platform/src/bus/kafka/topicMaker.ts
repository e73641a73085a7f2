import type { Admin } from 'kafkajs';
import { BusUnavailable } from '../messageBus';
import { defaultMaxMessageBytes, retentionBytes, segmentBytes, topicSettings } from './topicTable';

export interface TopicMakerOptions {
  admin: Admin;
  /** In front of every topic. */
  prefix: string;
  replicationFactor: number;
  /** Bytes that a message of a topic for payloads may have. */
  largest: number;
}

const attempts = 5;
/** ms */
const attemptInterval = 1000;

/** Makes topics when they are first needed, with OpenWhisk's retention and sizes. Topics are named without the prefix. */
export class TopicMaker {
  private readonly topics = new Map<string, Promise<void>>();
  private readonly known = new Set<string>();

  constructor(private readonly options: TopicMakerOptions) {}

  /** Whether the topic is there, as far as is known. */
  knows(topic: string): boolean {
    return this.known.has(topic);
  }

  /** Resolves when the topic is there. Rejects with BusUnavailable. */
  ensure(topic: string): Promise<void> {
    let ensured = this.topics.get(topic);
    if (!ensured) {
      ensured = this.create(topic);
      this.topics.set(topic, ensured);
      ensured.then(
        () => this.known.add(topic),
        () => this.topics.delete(topic),
      );
    }
    return ensured;
  }

  /** It may be gone: it is made again when it is next needed. */
  forget(topic: string): void {
    this.known.delete(topic);
    this.topics.delete(topic);
  }

  /** What Kafka bounds as `max.message.bytes`. */
  maxMessageBytes(topic: string): number {
    return topicSettings(topic).large ? this.options.largest : defaultMaxMessageBytes;
  }

  private async create(topic: string): Promise<void> {
    const { admin, prefix, replicationFactor } = this.options;
    const { retention, large } = topicSettings(topic);
    const entries = {
      'retention.ms': retention,
      'retention.bytes': retentionBytes,
      'segment.bytes': segmentBytes,
      // the broker's clock is the one that all readers share
      'message.timestamp.type': 'LogAppendTime',
      ...(large ? { 'max.message.bytes': this.maxMessageBytes(topic) } : {}),
    };
    const configEntries = Object.entries(entries).map(([key, value]) => ({ name: key, value: String(value) }));
    for (let attempt = 1; ; attempt++) {
      try {
        await admin.createTopics({
          topics: [{ topic: prefix + topic, numPartitions: 1, replicationFactor, configEntries }],
          waitForLeaders: true,
        });
        return;
      } catch (error) {
        if (attempt === attempts) throw new BusUnavailable(topic, error);
        await new Promise((resolve) => setTimeout(resolve, attemptInterval));
      }
    }
  }
}
