/** How a topic is kept, and what its messages may cost. Durations are ms, sizes bytes. */
export interface TopicSettings {
  retention: number;
  /** Whether its messages carry arguments or results, and so may be as large as a payload. */
  large: boolean;
  /** Sent by the idempotent producer with acks=all: what is accepted must not vanish. Others are acknowledged by the leader alone. */
  work: boolean;
  /** Where a reader starts: with what it has not settled yet, or with what is sent from now on. */
  start: 'position' | 'end';
}

/** Of every topic, as in OpenWhisk. */
export const segmentBytes = 536_870_912;
export const retentionBytes = 1_073_741_824;

const minute = 60_000;
const hour = 60 * minute;
const notice: TopicSettings = { retention: hour, large: false, work: false, start: 'position' };

/** By the topic's name (reference messaging, section 1); `accepted<C>` and `controllers` are our own. */
const table: readonly [RegExp, TopicSettings][] = [
  [/^invoker\d+$/, { retention: 48 * hour, large: true, work: true, start: 'position' }],
  [/^accepted/, { retention: 48 * hour, large: true, work: true, start: 'position' }],
  [/^completed/, { ...notice, large: true }],
  // who starts anew has nothing to undo and nobody to remember: old notices would only mislead it
  [/^health$/, { ...notice, start: 'end' }],
  [/^cacheInvalidation$/, { ...notice, retention: 5 * minute, start: 'end' }],
  [/^controllers$/, { ...notice, retention: 5 * minute, start: 'end' }],
];

export function topicSettings(name: string): TopicSettings {
  return table.find(([pattern]) => pattern.test(name))?.[1] ?? notice;
}

/** Kafka's default of `max.message.bytes`, which holds for topics that carry no payloads. */
export const defaultMaxMessageBytes = 1_048_588;

/** A batch is what `max.message.bytes` bounds: what Kafka adds to it, and to each message in it. */
export const batchOverhead = 61;
export const recordOverhead = 32;
