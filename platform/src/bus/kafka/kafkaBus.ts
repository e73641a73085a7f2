import { type Admin, type Kafka, Partitioners, type Producer } from 'kafkajs';
import {
  BusUnavailable,
  type Handler,
  type MessageBus,
  MessageTooLarge,
  type SubscribeOptions,
  type Subscription,
  type Topic,
} from '../messageBus';
import { removeFormerMembers } from './formerMember';
import { createKafka, type KafkaConnection, retry } from './kafkaClient';
import { KafkaSubscription } from './kafkaSubscription';
import { type Batch, MicroBatcher } from './microBatcher';
import { batchOverhead, defaultMaxMessageBytes, recordOverhead, retentionBytes, segmentBytes, topicSettings } from './topicTable';

export interface KafkaBusOptions extends KafkaConnection {
  /** In front of every topic and group; default none. */
  prefix?: string;
  /** Default 1. */
  replicationFactor?: number;
  /** Bytes of the largest payload and of what a message puts around it: together what one message of a work topic may have. */
  payload: number;
  /** Default 6068. */
  serdesOverhead?: number;
  /** ms after which a group gives up on a member that is silent; default 10 s. */
  sessionTimeout?: number;
  /** Messages and bytes that may wait to be sent, of work and of notices each; beyond them BusFull. Default 10,000 and 64 MB. */
  maxMessages?: number;
  maxBytes?: number;
  /** ms until a message that could not be sent is refused; default 10 s. */
  maxWait?: number;
}

/** Without a sign of life for this long (ms) the broker counts as not connected, and is asked for one. */
const silence = 4000;
const topicAttempts = 5;

/**
 * The bus on Kafka. `connect` resolves when the broker answers and throws BusUnavailable when it does not; from then on it reconnects for
 * ever, with bounded buffers. Topics are made when they are first sent to or subscribed to, with OpenWhisk's retention and sizes.
 *
 * - `send` of work (`invoker<N>`) resolves when all in-sync replicas have it; an idempotent producer keeps repeated attempts from doubling
 *   it. Notices (acknowledgements, pings, invalidations) resolve when the leader has them.
 * - `subscribe` gives a group's messages from the oldest not settled on; of pings, invalidations and announcements only those sent from
 *   now on. A handler gets the position of its message; the position is committed up to the oldest message whose handler has not ended.
 * - `readiness` tells whether the broker was heard of lately.
 */
export class KafkaBus implements MessageBus {
  private readonly kafka: Kafka;
  private readonly admin: Admin;
  private readonly work: MicroBatcher;
  private readonly notices: MicroBatcher;
  private readonly producers = new Map<'work' | 'notice', Promise<Producer>>();
  /** Topics known to be there. */
  private readonly topics = new Map<string, Promise<void>>();
  private readonly known = new Set<string>();
  private readonly subscriptions = new Set<Subscription>();
  private readonly prefix: string;
  private lastContact = Date.now();
  private connected = true;
  private readonly watch: NodeJS.Timeout;

  private constructor(private readonly options: KafkaBusOptions) {
    this.prefix = options.prefix ?? '';
    this.kafka = createKafka(options);
    this.admin = this.kafka.admin();
    this.work = this.batcher('work');
    this.notices = this.batcher('notice');
    this.watch = setInterval(() => void this.look(), silence / 4).unref();
  }

  static async connect(options: KafkaBusOptions): Promise<KafkaBus> {
    const bus = new KafkaBus(options);
    try {
      await bus.admin.connect();
      await Promise.all([bus.producer('work'), bus.producer('notice')]);
      bus.contact();
      return bus;
    } catch (error) {
      clearInterval(bus.watch);
      await bus.admin.disconnect().catch(() => {});
      throw new BusUnavailable(options.brokers.join(','), error);
    }
  }

  send<T>(topic: Topic<T>, message: T): Promise<void> {
    const name = this.prefix + topic.name;
    let value = Buffer.from(topic.encode(message));
    const allowed = this.maxMessageBytes(topic.name) - batchOverhead - recordOverhead;
    if (value.length > allowed && topic.shrink) value = Buffer.from(topic.encode(topic.shrink(message)));
    if (value.length > allowed) return Promise.reject(new MessageTooLarge(topic.name, value.length, allowed));
    const batcher = topicSettings(topic.name).work ? this.work : this.notices;
    return batcher.add(name, value);
  }

  async subscribe<T>(
    topic: Topic<T>,
    { group, maxInFlight, shared, inPlaceOf }: SubscribeOptions,
    handler: Handler<T>,
  ): Promise<Subscription> {
    const name = this.prefix + topic.name;
    const groupId = this.prefix + group;
    await this.ensureTopic(topic.name);
    const makeRoom = async () => {
      if (!shared) await removeFormerMembers(this.kafka, groupId, this.options.clientId);
    };
    if (inPlaceOf) await this.untilGone(groupId, inPlaceOf.name, inPlaceOf.signal);
    else await makeRoom();
    const startAt = topicSettings(topic.name).start === 'end' ? await this.ends(name) : undefined;
    const subscription = await KafkaSubscription.open({
      kafka: this.kafka,
      topic,
      name,
      group: groupId,
      maxInFlight,
      ...(startAt === undefined ? {} : { startAt }),
      sessionTimeout: this.options.sessionTimeout ?? 10_000,
      handler,
      makeRoom,
      contact: () => this.contact(),
      log: this.options.log,
    });
    this.subscriptions.add(subscription);
    return {
      get committed() {
        return subscription.committed;
      },
      close: async () => {
        this.subscriptions.delete(subscription);
        await subscription.close();
      },
    };
  }

  /** Whether the broker was heard of in the last seconds. */
  readiness(): boolean {
    return this.connected;
  }

  /** Topics of such names with messages that their own group, the one of the same name, has not settled. */
  async unread(names: RegExp): Promise<string[]> {
    const topics = (await this.admin.listTopics()).filter((name) => name.startsWith(this.prefix));
    const found: string[] = [];
    for (const topic of topics) {
      const name = topic.slice(this.prefix.length);
      if (!names.test(name)) continue;
      const [group] = await this.admin.fetchOffsets({ groupId: topic, topics: [topic] });
      const position = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      const ends = await this.admin.fetchTopicOffsets(topic);
      if (ends.some(({ partition, high, low }) => Number(high) > Math.max(position.get(partition) ?? 0, Number(low)))) found.push(name);
    }
    return found;
  }

  /** Messages that the broker has not acknowledged yet. */
  get pending(): number {
    return this.work.pending + this.notices.pending;
  }

  /** Sends what waits, ends the subscriptions still open and leaves the broker. */
  async close(): Promise<void> {
    clearInterval(this.watch);
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    await Promise.all([this.work.flush(), this.notices.flush()]);
    const producers = await Promise.allSettled(this.producers.values());
    const gone = producers.map((p) => (p.status === 'fulfilled' ? p.value.disconnect() : undefined));
    await Promise.allSettled([...gone, this.admin.disconnect()]);
  }

  private batcher(kind: 'work' | 'notice'): MicroBatcher {
    const { maxMessages = 10_000, maxBytes = 64 * 1024 * 1024, maxWait = 10_000 } = this.options;
    return new MicroBatcher({
      send: (batch) => this.sendBatch(kind, batch),
      maxBatchBytes: (name) => this.maxMessageBytes(name.slice(this.prefix.length)),
      maxMessages,
      maxBytes,
      maxWait,
    });
  }

  private async sendBatch(kind: 'work' | 'notice', batch: Batch): Promise<void> {
    try {
      for (const name of batch.keys()) if (!this.known.has(name)) await this.ensureTopic(name.slice(this.prefix.length));
      const producer = await this.producer(kind);
      const topicMessages = [...batch].map(([topic, values]) => ({ topic, messages: values.map((value) => ({ value })) }));
      await producer.sendBatch({ acks: kind === 'work' ? -1 : 1, timeout: 10_000, topicMessages });
      this.contact();
    } catch (error) {
      this.options.log.warn({ topics: [...batch.keys()], reason: (error as Error).message }, 'messages could not be sent to the broker');
      // a producer that failed may have lost count of its sequence numbers, and a topic may be gone
      const failed = this.producers.get(kind);
      this.producers.delete(kind);
      for (const name of batch.keys()) this.forgetTopic(name);
      void failed?.then((producer) => producer.disconnect()).catch(() => {});
      throw error;
    }
  }

  private producer(kind: 'work' | 'notice'): Promise<Producer> {
    let producer = this.producers.get(kind);
    if (!producer) {
      const made = this.kafka.producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        idempotent: kind === 'work',
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        metadataMaxAge: 15_000,
        retry,
      });
      producer = made.connect().then(() => made);
      this.producers.set(kind, producer);
      producer.catch(() => this.producers.delete(kind));
    }
    return producer;
  }

  private maxMessageBytes(topic: string): number {
    const { payload, serdesOverhead = 6068 } = this.options;
    return topicSettings(topic).large ? payload + serdesOverhead : defaultMaxMessageBytes;
  }

  private ensureTopic(topic: string): Promise<void> {
    const name = this.prefix + topic;
    let ensured = this.topics.get(name);
    if (!ensured) {
      ensured = this.createTopic(topic, name);
      this.topics.set(name, ensured);
      ensured.then(
        () => this.known.add(name),
        () => this.topics.delete(name),
      );
    }
    return ensured;
  }

  private forgetTopic(name: string): void {
    this.known.delete(name);
    this.topics.delete(name);
  }

  private async createTopic(topic: string, name: string): Promise<void> {
    const { retention, large } = topicSettings(topic);
    const entries = {
      'retention.ms': retention,
      'retention.bytes': retentionBytes,
      'segment.bytes': segmentBytes,
      // the broker's clock is the one that all readers share
      'message.timestamp.type': 'LogAppendTime',
      ...(large ? { 'max.message.bytes': this.maxMessageBytes(topic) } : {}),
    };
    for (let attempt = 1; ; attempt++) {
      try {
        if ((await this.admin.listTopics()).includes(name)) return;
        const configEntries = Object.entries(entries).map(([key, value]) => ({ name: key, value: String(value) }));
        const { replicationFactor = 1 } = this.options;
        await this.admin.createTopics({
          topics: [{ topic: name, numPartitions: 1, replicationFactor, configEntries }],
          waitForLeaders: true,
        });
        return;
      } catch (error) {
        if (attempt === topicAttempts) throw new BusUnavailable(topic, error);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  /** The broker puts a member out of its group when it has not heard of it for the session timeout. */
  private async untilGone(groupId: string, name: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const { groups } = await this.admin.describeGroups([groupId]);
      if (!groups.some(({ members }) => members.some(({ clientId }) => clientId === name))) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  private async ends(name: string): Promise<Map<number, number>> {
    const offsets = await this.admin.fetchTopicOffsets(name);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  }

  private contact(): void {
    this.lastContact = Date.now();
    if (this.connected) return;
    this.connected = true;
    this.options.log.info('the broker is back');
  }

  /** Where nobody reads and nobody sends, the broker is asked for a sign of life. */
  private async look(): Promise<void> {
    const silent = Date.now() - this.lastContact;
    if (silent < silence / 2) return;
    if (silent >= silence && this.connected) {
      this.connected = false;
      this.options.log.warn('the broker does not answer; messages wait for it');
    }
    if (this.looking) return;
    this.looking = true;
    try {
      await this.admin.describeCluster();
      this.contact();
    } catch {
      // it is asked again
    } finally {
      this.looking = false;
    }
  }

  private looking = false;
}
