import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';

/** Without a word of the broker for this long (ms) a search has failed. */
const patience = 30_000;

/**
 * Reads everything that topics got from `since` (epoch ms by the broker's clock) until now, once, and leaves no trace. Resolves when all of
 * it was visited; rejects when the broker does not answer.
 */
export async function visitSince(
  kafka: Kafka,
  admin: Admin,
  topics: readonly string[],
  since: number,
  visit: (topic: string, value: string) => void,
): Promise<void> {
  const ranges = await rangesOf(admin, topics, since);
  if (ranges.size === 0) return;
  const groupId = `search-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
  const open = new Set(ranges.keys());
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...new Set([...ranges.values()].map(({ topic }) => topic))], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      let timer = setTimeout(reject, patience, new Error('the broker does not answer'));
      const heard = () => {
        clearTimeout(timer);
        timer = setTimeout(reject, patience, new Error('the broker does not answer'));
      };
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch, heartbeat }) => {
            heard();
            const key = `${batch.topic} ${batch.partition}`;
            const range = ranges.get(key);
            if (!range) return;
            for (const { offset, value } of batch.messages) {
              const at = Number(offset);
              if (at >= range.from && at < range.end && value) visit(batch.topic, value.toString('utf8'));
            }
            await heartbeat();
            if (Number(batch.lastOffset()) + 1 >= range.end) open.delete(key);
            if (open.size > 0) return;
            clearTimeout(timer);
            resolve();
          },
        })
        .then(() => {
          for (const { topic, partition, from } of ranges.values()) consumer.seek({ topic, partition, offset: String(from) });
        }, reject);
    });
  } finally {
    await consumer.disconnect().catch(() => {});
    await admin.deleteGroups([groupId]).catch(() => {});
  }
}

interface Range {
  topic: string;
  partition: number;
  from: number;
  end: number;
}

/** By topic and partition; those with nothing to read are left out. */
async function rangesOf(admin: Admin, topics: readonly string[], since: number): Promise<Map<string, Range>> {
  const ranges = new Map<string, Range>();
  await Promise.all(
    topics.map(async (topic) => {
      const ends = await admin.fetchTopicOffsets(topic);
      const begins = await admin.fetchTopicOffsetsByTimestamp(topic, since);
      for (const { partition, high } of ends) {
        const from = Number(begins.find((begin) => begin.partition === partition)?.offset ?? 0);
        if (from < Number(high)) ranges.set(`${topic} ${partition}`, { topic, partition, from, end: Number(high) });
      }
    }),
  );
  return ranges;
}
