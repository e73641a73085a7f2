import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from '../../observe/logger';
import { type Handler, LeftUnsettled, type Position, type Subscription, type Topic } from '../messageBus';
import { SettledPosition } from './settledPosition';

export interface KafkaSubscriptionOptions<T> {
  kafka: Kafka;
  topic: Topic<T>;
  /** Name of the topic on the broker. */
  name: string;
  group: string;
  maxInFlight: number;
  /** By partition: messages before it are passed over. */
  startAt?: ReadonlyMap<number, number>;
  /** ms */
  sessionTimeout: number;
  /** Makes room in the group for a member of this process, before it joins anew after a failure. */
  makeRoom(): Promise<void>;
  handler: Handler<T>;
  /** Told of every sign of life of the broker. */
  contact(): void;
  log: Logger;
}

/** How often a position that moved is committed, ms: what was settled since then comes again after a crash. */
const commitInterval = 100;
/** ms from the arrival of messages to the next request for more: under load they come in groups, which costs far less; at rest nothing waits. */
const pace = 2;
/** ms that the broker keeps a request when there is nothing to read. */
const longPoll = 250;
/** ms */
const leaveTimeout = 5000;
/** Messages behind the oldest one that is not settled, as a multiple of those that may be in flight. */
const spanFactor = 50;

/** What is known of a partition. */
interface Partition {
  readonly settled: SettledPosition;
  /** The group's position, as far as it is known here; -1 at first. */
  committed: number;
  /** Which of this member's joins the rest is of. */
  joined: number;
  /** Messages before it were there when this member got its place. */
  inheritedUntil: number;
}

/**
 * Reads a topic as a member of a group and commits its own position: never past a message that is not settled, never back, and only of what
 * it has a place for. Goes on by itself whenever the broker comes back; messages that come again by that are not handed out twice.
 */
export class KafkaSubscription<T> implements Subscription {
  private readonly consumer: Consumer;
  private readonly partitions = new Map<number, Partition>();
  /** How often this member joined the group: each time it may get or lose a place. */
  private joins = 0;
  private inFlight = 0;
  private closed = false;
  private committing = false;
  private readonly committer: NodeJS.Timeout;
  /** Called when there may be room again, or all is settled. */
  private readonly waiting = new Set<() => void>();
  private readonly startAt: Map<number, number>;

  private constructor(private readonly options: KafkaSubscriptionOptions<T>) {
    const { kafka, group, sessionTimeout } = options;
    this.startAt = new Map(options.startAt);
    this.consumer = kafka.consumer({
      groupId: group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout,
      heartbeatInterval: this.heartbeatInterval,
      maxWaitTimeInMs: longPoll,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 1000,
        retries: Number.MAX_SAFE_INTEGER,
        restartOnFailure: async () => {
          await options.makeRoom();
          return true;
        },
      },
    });
    this.consumer.on(this.consumer.events.HEARTBEAT, options.contact);
    this.consumer.on(this.consumer.events.FETCH, options.contact);
    this.consumer.on(this.consumer.events.GROUP_JOIN, () => {
      this.joins++;
    });
    // what the client takes for final is not: it is begun anew until this subscription is closed
    this.consumer.on(this.consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) void this.restart(payload.error);
    });
    this.committer = setInterval(() => void this.commit(), commitInterval);
  }

  /** Resolves when the group has its members and delivery has begun. */
  static async open<T>(options: KafkaSubscriptionOptions<T>): Promise<KafkaSubscription<T>> {
    const subscription = new KafkaSubscription(options);
    const { consumer } = subscription;
    try {
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
      await subscription.run();
      await joined;
      for (const [partition, offset] of options.startAt ?? []) consumer.seek({ topic: options.name, partition, offset: String(offset) });
      return subscription;
    } catch (error) {
      clearInterval(subscription.committer);
      await consumer.disconnect().catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    try {
      this.consumer.pause([{ topic: this.options.name }]);
    } catch {
      // it does not read just now
    }
    this.wake();
    // the group is kept until all is settled: the membership carries the commits
    while (this.inFlight > 0) await this.change();
    clearInterval(this.committer);
    const leave = async () => {
      while (this.committing) await new Promise((resolve) => setTimeout(resolve, 5));
      await this.commit();
      await this.consumer.disconnect();
    };
    // without a broker nothing is committed and nobody is told: what was settled comes again
    await Promise.race([leave().catch(() => {}), new Promise((resolve) => setTimeout(resolve, leaveTimeout).unref())]);
  }

  get committed(): number | undefined {
    const committed = this.partitions.get(0)?.committed ?? -1;
    return committed < 0 ? undefined : committed;
  }

  private async run(): Promise<void> {
    const { consumer } = this;
    await consumer.connect();
    await consumer.subscribe({ topic: this.options.name, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => this.eachBatch(payload) });
  }

  private async restart(reason: Error): Promise<void> {
    const { group, log, makeRoom } = this.options;
    log.warn({ group, reason: reason.message }, 'reading from the bus failed; it is begun anew');
    while (!this.closed) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      try {
        await makeRoom();
        await this.run();
        return;
      } catch (error) {
        log.debug({ group, reason: (error as Error).message }, 'reading from the bus can not begin yet');
      }
    }
  }

  private get heartbeatInterval(): number {
    return Math.round(this.options.sessionTimeout / 4);
  }

  private async eachBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const { partition } = batch;
    const arrived = performance.now();
    const { settled, inheritedUntil } = this.partitionOf(partition, Number(batch.highWatermark), Number(batch.firstOffset()));
    const first = this.startAt.get(partition) ?? 0;
    // a process that was stopped for long may have lost its place in the group: it finds out before it hands out anything more
    await heartbeat();
    for (const message of batch.messages) {
      while (!this.closed && isRunning() && !this.hasRoom(settled)) {
        await this.change();
        await heartbeat();
      }
      if (this.closed || !isRunning() || isStale()) return;
      const offset = Number(message.offset);
      if (offset >= first && !settled.has(offset)) {
        const inherited = offset < inheritedUntil;
        this.deliver(settled, { partition, offset, timestamp: Number(message.timestamp), inherited }, message.value);
      }
      resolveOffset(message.offset);
    }
    await heartbeat();
    const early = arrived + pace - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
  }

  /** A partition that ends before what was read of it has been made anew: what was known of it is void. */
  private partitionOf(partition: number, end: number, first: number): Partition {
    let entry = this.partitions.get(partition);
    if (entry && end <= entry.settled.latest) {
      entry = undefined;
      this.startAt.delete(partition);
    }
    if (!entry) {
      entry = { settled: new SettledPosition(), committed: -1, joined: -1, inheritedUntil: 0 };
      this.partitions.set(partition, entry);
    }
    // the first messages since it joined tell where the group stood and what was there by then
    if (entry.joined !== this.joins) {
      entry.joined = this.joins;
      entry.inheritedUntil = end;
      if (!this.startAt.has(partition)) entry.committed = Math.max(entry.committed, first);
    }
    return entry;
  }

  private hasRoom(settled: SettledPosition): boolean {
    const { maxInFlight } = this.options;
    return this.inFlight < maxInFlight && settled.span < maxInFlight * spanFactor;
  }

  private deliver(settled: SettledPosition, position: Position, value: Buffer | null): void {
    const { topic, handler, log } = this.options;
    const entry = settled.handOut(position.offset);
    let message: T;
    try {
      message = topic.decode(value?.toString('utf8') ?? '');
    } catch (error) {
      log.error(
        { topic: topic.name, ...position, reason: (error as Error).message },
        'a message on the bus is not readable; it is passed over',
      );
      settled.settle(entry);
      return;
    }
    this.inFlight++;
    const done = (failure?: unknown) => {
      this.inFlight--;
      if (!(failure instanceof LeftUnsettled)) settled.settle(entry);
      this.wake();
    };
    // a handler that rejects has said all it had to say in its own log
    handler(message, position).then(() => done(), done);
  }

  /** Waits for room or for the next heartbeat's time. */
  private change(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, this.heartbeatInterval);
      this.waiting.add(done);
    });
  }

  private wake(): void {
    for (const done of this.waiting) done();
  }

  private async commit(): Promise<void> {
    if (this.committing) return;
    const due = [...this.partitions].flatMap(([partition, entry]) => {
      const { position } = entry.settled;
      // without a message since it joined it has no place, or nothing to commit: all up to the end is settled
      const due = position !== undefined && position > entry.committed && entry.joined === this.joins;
      return due ? [{ partition, entry, position }] : [];
    });
    if (due.length === 0) return;
    this.committing = true;
    try {
      await this.consumer.commitOffsets(
        due.map(({ partition, position }) => ({ topic: this.options.name, partition, offset: String(position) })),
      );
      for (const { entry, position } of due) entry.committed = position;
    } catch (error) {
      // the group changes, or the broker is away: the next attempt commits as much or more
      this.options.log.debug({ group: this.options.group, reason: (error as Error).message }, 'a position could not be committed');
    } finally {
      this.committing = false;
    }
  }
}
