import type { Admin, Kafka } from 'kafkajs';
import {
  BusRefused,
  BusUnavailable,
  type Handler,
  type MessageBus,
  MessageTooLarge,
  type SubscribeOptions,
  type Subscription,
  type Topic,
} from '../messageBus';
import { BrokerContact } from './brokerContact';
import { removeFormerMembers } from './formerMember';
import { createKafka, type KafkaConnection, refusalIn } from './kafkaClient';
import { KafkaSender } from './kafkaSender';
import { KafkaSubscription } from './kafkaSubscription';
import { TopicMaker } from './topicMaker';
import { batchOverhead, recordOverhead, topicSettings } from './topicTable';
import { visitSince } from './visitSince';

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

const offsetAttempts = 5;

/**
 * The bus on Kafka. `connect` resolves when the broker answers and throws BusUnavailable when it does not, BusRefused when it never will; from then on it reconnects for
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
  private readonly contact: BrokerContact;
  private readonly topics: TopicMaker;
  private readonly work: KafkaSender;
  private readonly notices: KafkaSender;
  private readonly subscriptions = new Set<Subscription>();
  private readonly prefix: string;
  /** Why a broker would not have us at one of the attempts to connect: the last one may have failed for a passing reason. */
  private refusal: string | undefined;

  private constructor(private readonly options: KafkaBusOptions) {
    const { prefix = '', replicationFactor = 1, payload, serdesOverhead = 6068 } = options;
    this.prefix = prefix;
    this.kafka = createKafka(options, (error) => {
      this.refusal ??= refusalIn(error);
    });
    this.admin = this.kafka.admin();
    this.contact = new BrokerContact(this.admin, options.log);
    this.topics = new TopicMaker({ admin: this.admin, prefix, replicationFactor, largest: payload + serdesOverhead });
    this.work = this.sender(true);
    this.notices = this.sender(false);
  }

  static async connect(options: KafkaBusOptions): Promise<KafkaBus> {
    const bus = new KafkaBus(options);
    try {
      await bus.admin.connect();
      await Promise.all([bus.work.connect(), bus.notices.connect()]);
      bus.contact.heard();
      return bus;
    } catch (error) {
      bus.contact.stop();
      await bus.admin.disconnect().catch(() => {});
      const brokers = options.brokers.join(',');
      const refusal = refusalIn(error) ?? bus.refusal;
      throw refusal === undefined ? new BusUnavailable(brokers, error) : new BusRefused(brokers, refusal, error);
    }
  }

  send<T>(topic: Topic<T>, message: T): Promise<void> {
    const { name } = topic;
    let value = Buffer.from(topic.encode(message));
    const allowed = this.topics.maxMessageBytes(name) - batchOverhead - recordOverhead;
    if (value.length > allowed && topic.shrink) value = Buffer.from(topic.encode(topic.shrink(message)));
    if (value.length > allowed) return Promise.reject(new MessageTooLarge(name, value.length, allowed));
    return (topicSettings(name).work ? this.work : this.notices).send(name, value);
  }

  async subscribe<T>(
    topic: Topic<T>,
    { group, maxInFlight, shared, inPlaceOf }: SubscribeOptions,
    handler: Handler<T>,
  ): Promise<Subscription> {
    const name = this.prefix + topic.name;
    const groupId = this.prefix + group;
    await this.topics.ensure(topic.name);
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
      contact: () => this.contact.heard(),
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
    return this.contact.there;
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

  /** Visits, once, everything that topics of such names got from `since` (epoch ms by the broker's clock) until now. */
  async visitSince(names: RegExp, since: number, visit: (topic: string, text: string) => void): Promise<void> {
    const topics = (await this.admin.listTopics()).filter((name) => {
      return name.startsWith(this.prefix) && names.test(name.slice(this.prefix.length));
    });
    await visitSince(this.kafka, this.admin, topics, since, (topic, text) => visit(topic.slice(this.prefix.length), text));
  }

  /** Messages that the broker has not acknowledged yet. */
  get pending(): number {
    return this.work.pending + this.notices.pending;
  }

  /** Sends what waits, ends the subscriptions still open and leaves the broker. */
  async close(): Promise<void> {
    this.contact.stop();
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    await Promise.all([this.work.close(), this.notices.close()]);
    await this.admin.disconnect().catch(() => {});
  }

  private sender(durable: boolean): KafkaSender {
    const { maxMessages = 10_000, maxBytes = 64 * 1024 * 1024, maxWait = 10_000, log } = this.options;
    const { kafka, topics, prefix } = this;
    return new KafkaSender({ kafka, topics, prefix, durable, maxMessages, maxBytes, maxWait, contact: () => this.contact.heard(), log });
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
    for (let attempt = 1; ; attempt++) {
      try {
        const offsets = await this.admin.fetchTopicOffsets(name);
        return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
      } catch (error) {
        // one that was just made may not have a leader yet
        if (attempt === offsetAttempts) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }
}
