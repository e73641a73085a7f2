import { Kafka, logLevel } from 'kafkajs';
import { eventually } from '../eventually';
import { call } from '../httpCall';
import { basic } from '../platformProcess';
import { type CouchServer, startCouchServer } from './couchServer';
import { type KafkaBroker, startKafkaBroker } from './kafkaBroker';

/** The real parts below the platform keep what they acknowledged, whatever happens to them: else no test above them means anything. */
let broker: KafkaBroker;
let couch: CouchServer;

beforeAll(async () => {
  broker = await startKafkaBroker();
  couch = await startCouchServer();
});
afterAll(async () => {
  await broker?.close();
  await couch?.close();
});

test('the broker keeps its topics when it is killed and started again', async () => {
  const kafka = new Kafka({ brokers: broker.address.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const topic = `infrastructure-${process.pid}`;
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
  if (broker.process) {
    await broker.process.kill();
    await broker.process.run();
  }
  await eventually(async () => expect(await admin.listTopics()).toContain(topic));
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
});

test('the database keeps its documents when it is killed and started again', async () => {
  const headers = { authorization: basic(`${couch.username}:${couch.password}`) };
  const database = `${couch.url}/infrastructure-${process.pid}`;
  expect((await call(database, { method: 'PUT', headers })).status).toBe(201);
  expect((await call(`${database}/a%2Fb`, { method: 'PUT', headers, json: { x: 1 } })).status).toBe(201);
  if (couch.process) {
    await couch.process.kill();
    await couch.process.run();
  }
  expect((await call(`${database}/a%2Fb`, { headers })).json).toMatchObject({ _id: 'a/b', x: 1 });
  await call(database, { method: 'DELETE', headers });
});
