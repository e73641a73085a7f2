/**
 * Topics with typed messages. `embedded/` hands objects over inside one process, `kafka/` encodes them to the wire forms
 * of OpenWhisk; who sends and who receives is the same code for both.
 */
export interface Topic<T> {
  readonly name: string;
  encode(message: T): string;
  /** Unknown members are passed over. Throws when what is needed is missing. */
  decode(text: string): T;
  /** The message with less in it, for one that is larger than the bus takes. */
  shrink?(message: T): T;
}

/** Where a message stands in its topic. */
export interface Position {
  partition: number;
  /** Grows by at least one a message within a partition. */
  offset: number;
  /** When the bus took the message, epoch ms by its own clock. */
  timestamp: number;
  /** It was there when this reader got its place, so another one may have had it before, and not have said so to the bus. */
  inherited?: boolean;
}

export interface Subscription {
  /** Stops delivery; resolves when handlers under way have ended. */
  close(): Promise<void>;
  /** Every message of partition 0 below this offset is settled, and will not come again; undefined while nothing is. */
  readonly committed?: number | undefined;
}

export interface SubscribeOptions {
  group: string;
  /** Messages handed out and not yet settled; delivery pauses at this number. */
  maxInFlight: number;
  /**
   * Other processes of the same name read with this group too. Default false: then whoever of this name is still in it is a former self
   * that died without leaving, and is put out of it instead of waited for.
   */
  shared?: boolean;
  /**
   * Reads in place of a process of this name that seems dead: delivery begins when the bus, too, takes it for dead. `signal` ends the wait,
   * and `subscribe` rejects.
   */
  inPlaceOf?: { name: string; signal: AbortSignal };
}

export interface MessageBus {
  /**
   * Resolves when the message is accepted and would survive the receiver's absence. Rejects with BusFull or MessageTooLarge (nothing was
   * sent), or BusUnavailable (nothing is known to have been accepted).
   */
  send<T>(topic: Topic<T>, message: T): Promise<void>;
  /**
   * The handler's promise settles the message, rejected or not: until then it counts as in flight, and whoever reads the topic next after
   * a crash gets it again. Rejected with LeftUnsettled it is no longer in flight, and still comes again to the next reader. Resolves when messages sent from now on will be delivered. Groups get every message each, once.
   */
  subscribe<T>(topic: Topic<T>, options: SubscribeOptions, handler: Handler<T>): Promise<Subscription>;
  close(): Promise<void>;
}

export type Handler<T> = (message: T, position: Position) => Promise<void>;

/** A handler gives a message up, for the topic's next reader. */
export class LeftUnsettled extends Error {
  constructor() {
    super('The message is left to the next reader.');
    this.name = 'LeftUnsettled';
  }
}

/** Refused because the receiver of a topic is too far behind. */
export class BusFull extends Error {
  constructor(topic: string) {
    super(`The queue '${topic}' is full; try again later.`);
    this.name = 'BusFull';
  }
}

/** Larger than the bus takes. */
export class MessageTooLarge extends Error {
  constructor(
    topic: string,
    readonly size: number,
    readonly allowed: number,
  ) {
    super(`The message for '${topic}' has ${size} bytes; ${allowed} are allowed.`);
    this.name = 'MessageTooLarge';
  }
}

/** The broker did not acknowledge in time, or is not to be reached. */
export class BusUnavailable extends Error {
  constructor(topic: string, cause?: unknown) {
    super(`The bus did not take the message for '${topic}'; try again later.`, { cause });
    this.name = 'BusUnavailable';
  }
}

/** The broker is there and does not have us: an unknown login, or a certificate that is not trusted. Waiting changes nothing. */
export class BusRefused extends BusUnavailable {
  constructor(topic: string, reason: string, cause?: unknown) {
    super(topic, cause);
    this.message = `The broker at ${topic} cannot be used: ${reason}.`;
    this.name = 'BusRefused';
  }
}
