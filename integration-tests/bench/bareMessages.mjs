// The floor of anything that goes over the broker: a message from its sender to its reader by the bare client, acknowledged by all replicas.
import { performance } from 'node:perf_hooks';
import { Kafka, logLevel, Partitioners } from 'kafkajs';

const value = 'x'.repeat(500);

/** Measures again and again over the same sender and reader. */
export async function bareMessages(brokers) {
  const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'bench', logLevel: logLevel.NOTHING });
  const topic = `bench${Date.now()}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true, maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  const waiting = new Map();
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  const eachMessage = async ({ message }) => waiting.get(String(message.key))?.();
  await consumer.run({ autoCommit: false, eachMessage });
  await joined;
  let sent = 0;
  const trip = async () => {
    const key = String(sent++);
    const arrived = new Promise((resolve) => waiting.set(key, resolve));
    await Promise.all([producer.send({ topic, acks: -1, messages: [{ key, value }] }), arrived]);
    waiting.delete(key);
  };
  return {
    /** `count` trips with so many under way at a time: p50 in ms, trips per second. */
    measure: async (inFlight, count) => {
      const latencies = [];
      const begin = performance.now();
      const one = async () => {
        for (let i = 0; i < count / inFlight; i++) {
          const sentAt = performance.now();
          await trip();
          latencies.push(performance.now() - sentAt);
        }
      };
      await Promise.all(Array.from({ length: inFlight }, one));
      const rate = latencies.length / ((performance.now() - begin) / 1000);
      latencies.sort((a, b) => a - b);
      return { p50Ms: latencies[Math.floor(latencies.length / 2)], rate };
    },
    close: async () => {
      await consumer.disconnect();
      await producer.disconnect();
      await admin.disconnect();
    },
  };
}
