import { BusFull, type Handler, type MessageBus, type SubscribeOptions, type Subscription, type Topic } from '../messageBus';

interface Consumer {
  readonly options: SubscribeOptions;
  readonly handler: Handler<never>;
  inFlight: number;
  closed: boolean;
  idle: (() => void) | undefined;
}

interface Channel {
  /** Waiting messages; `head` is the next to go, so taking one never moves the others. */
  queue: unknown[];
  head: number;
  /** Messages handed out so far. */
  delivered: number;
  consumers: Consumer[];
}

/**
 * Topics inside one process: messages are handed over as they are. One consumer group a topic; each message goes to one consumer,
 * and waits when all are at their bound.
 */
export class EmbeddedBus implements MessageBus {
  private readonly channels = new Map<string, Channel>();

  constructor(private readonly maxQueued = 10_000) {}

  send<T>(topic: Topic<T>, message: T): Promise<void> {
    const channel = this.channel(topic.name);
    if (channel.head === channel.queue.length) {
      const free = channel.consumers.find((c) => c.inFlight < c.options.maxInFlight);
      if (free) {
        this.deliver(channel, free, message);
        return done;
      }
    }
    if (channel.queue.length - channel.head >= this.maxQueued) return Promise.reject(new BusFull(topic.name));
    channel.queue.push(message);
    return done;
  }

  async subscribe<T>(topic: Topic<T>, options: SubscribeOptions, handler: Handler<T>): Promise<Subscription> {
    const channel = this.channel(topic.name);
    const consumer: Consumer = { options, handler, inFlight: 0, closed: false, idle: undefined };
    channel.consumers.push(consumer);
    this.pull(channel, consumer);
    return {
      close: async () => {
        consumer.closed = true;
        channel.consumers.splice(channel.consumers.indexOf(consumer), 1);
        if (consumer.inFlight > 0) {
          await new Promise<void>((resolve) => {
            consumer.idle = resolve;
          });
        }
      },
    };
  }

  async close(): Promise<void> {
    this.channels.clear();
  }

  private channel(name: string): Channel {
    let channel = this.channels.get(name);
    if (!channel) {
      channel = { queue: [], head: 0, delivered: 0, consumers: [] };
      this.channels.set(name, channel);
    }
    return channel;
  }

  private pull(channel: Channel, consumer: Consumer): void {
    while (!consumer.closed && consumer.inFlight < consumer.options.maxInFlight && channel.head < channel.queue.length) {
      const message = channel.queue[channel.head];
      channel.queue[channel.head++] = undefined;
      if (channel.head === channel.queue.length) {
        channel.queue = [];
        channel.head = 0;
      }
      this.deliver(channel, consumer, message);
    }
  }

  private deliver(channel: Channel, consumer: Consumer, message: unknown): void {
    consumer.inFlight++;
    const settled = () => {
      consumer.inFlight--;
      if (consumer.closed && consumer.inFlight === 0) consumer.idle?.();
      else this.pull(channel, consumer);
    };
    // a handler that rejects has said all it had to say in its own log; the message counts as settled either way
    consumer.handler(message as never, { partition: 0, offset: channel.delivered++, timestamp: Date.now() }).then(settled, settled);
  }
}

const done = Promise.resolve();
