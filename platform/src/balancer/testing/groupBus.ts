import type { Handler, MessageBus, SubscribeOptions, Subscription, Topic } from '../../bus/messageBus';

/** For tests: as a broker does, each group of a topic gets each message, through its wire form; at once, and `sent` keeps all. */
export class GroupBus implements MessageBus {
  private readonly groups = new Map<string, Map<string, Handler<never>>>();
  readonly sent: { topic: string; message: never }[] = [];
  /** Thrown by `send` while it is set. */
  failure: Error | undefined;

  async send<T>(topic: Topic<T>, message: T): Promise<void> {
    if (this.failure) throw this.failure;
    const text = topic.encode(message);
    this.sent.push({ topic: topic.name, message: topic.decode(text) as never });
    await Promise.all(
      [...(this.groups.get(topic.name)?.values() ?? [])].map((handler) =>
        handler(topic.decode(text) as never, { partition: 0, offset: this.sent.length, timestamp: Date.now() }),
      ),
    );
  }

  async subscribe<T>(topic: Topic<T>, { group }: SubscribeOptions, handler: Handler<T>): Promise<Subscription> {
    const groups = this.groups.get(topic.name) ?? new Map<string, Handler<never>>();
    this.groups.set(topic.name, groups);
    groups.set(group, handler as Handler<never>);
    return {
      close: async () => {
        groups.delete(group);
      },
    };
  }

  async close(): Promise<void> {
    this.groups.clear();
  }

  /** What was sent to a topic so far. */
  to<T>(topic: string): T[] {
    return this.sent.filter((s) => s.topic === topic).map((s) => s.message as T);
  }
}
