/**
 * Topics with typed messages. `embedded/` hands objects over inside one process, `kafka/` encodes them to the wire forms
 * of OpenWhisk; who sends and who receives is the same code for both.
 */
export interface Topic<T> {
  readonly name: string;
  encode(message: T): string;
  decode(text: string): T;
}

export interface Subscription {
  /** Stops delivery; resolves when handlers under way have ended. */
  close(): Promise<void>;
}

export interface SubscribeOptions {
  group: string;
  /** Messages handed out and not yet settled; delivery pauses at this number. */
  maxInFlight: number;
}

export interface MessageBus {
  /** Resolves when the message is accepted and would survive the receiver's absence. */
  send<T>(topic: Topic<T>, message: T): Promise<void>;
  /** The handler's promise settles the message: until then it counts as in flight. */
  subscribe<T>(topic: Topic<T>, options: SubscribeOptions, handler: (message: T) => Promise<void>): Promise<Subscription>;
  close(): Promise<void>;
}

/** Refused because the receiver of a topic is too far behind. */
export class BusFull extends Error {
  constructor(topic: string) {
    super(`The queue '${topic}' is full; try again later.`);
    this.name = 'BusFull';
  }
}
