import { join } from 'node:path';
import { type CouchServer, startCouchServer } from '../cluster/couchServer';
import { type KafkaBroker, startKafkaBroker } from '../cluster/kafkaBroker';
import { dockerEngine } from '../docker/engine';
import { buildImage } from '../docker/images';
import { exampleProgram } from '../exampleProgram';
import { call } from '../httpCall';
import { basic, freePort } from '../platformProcess';
import { TestStack } from '../provider/testStack';
import { dockerPluginFolder } from './dockerPlugin';
import { type EngineListing, listEngine } from './engineListing';

/**
 * A platform of containers that uses what is there already: a Kafka behind TLS and a password and a CouchDB, both on the engine's host, and an
 * image of Apache OpenWhisk's kind as a further kind of actions.
 */
const docker = dockerEngine();
const STOCK = 'openwhisk/action-nodejs-v20:for-tests';

let broker: KafkaBroker;
let couch: CouchServer;
let stack: TestStack;
let before: EngineListing;
let apiPort: number;

beforeAll(async () => {
  stack = await TestStack.create(exampleProgram('containers'));
  const folder = dockerPluginFolder();
  if (folder !== undefined) process.env.PATH = `${folder}:${process.env.PATH}`;
  const host = await hostAddress();
  [broker, couch] = await Promise.all([startKafkaBroker({ host }), startCouchServer(host)]);
  await buildImage(STOCK, join(__dirname, '../docker/apacheStyle'));
  before = await listEngine(docker);
  apiPort = await freePort();
});
afterAll(async () => {
  await stack?.remove();
  await Promise.all([broker?.close(), couch?.close()]);
});

/** Where the host of the engine is reached from itself and from all of its containers: the gateway of the network every engine has. */
async function hostAddress(): Promise<string> {
  const { IPAM } = (await docker.getNetwork('bridge').inspect()) as { IPAM: { Config: { Gateway?: string }[] } };
  const gateway = IPAM.Config[0]?.Gateway;
  if (gateway === undefined) throw new Error('The default network of the Docker engine has no gateway.');
  return gateway;
}

async function configure(saslPassword?: string): Promise<void> {
  const { address, ca, username, password } = broker.secure!;
  const sasl = { mechanism: 'plain', username, password: saslPassword ?? password };
  const { url, username: couchUser, password: couchPassword } = couch;
  const parts = {
    kafka: { hosts: address, caCertificate: ca, sasl },
    couchdb: { url, username: couchUser, password: couchPassword },
  };
  const images = { runtimes: { 'nodejs:stock': STOCK } };
  const docker = { ...parts, images, kinds: ['nodejs:20'], invokerPort: await freePort() };
  await stack.setConfig('life:platform', JSON.stringify({ apiPort, adminPort: await freePort(), userMemory: 512, docker }));
}

async function request(method: 'PUT' | 'POST', action: string, json: object) {
  const { auth } = await stack.outputs();
  const url = `http://127.0.0.1:${apiPort}/api/v1/namespaces/_/actions/${action}?blocking=true&result=true`;
  return call(url, { method, headers: { authorization: basic(auth!.value as string) }, json });
}

const invoke = async (action: string) => (await request('POST', action, { name: 'bob' })).json as unknown;

test('a password that Kafka refuses is one error that shows what was refused', async () => {
  await configure('not the password');
  const error = await stack.up().catch((failed: Error) => failed);
  expect(String(error)).toContain('The service "invoker0" ends with code 1 whenever it starts');
  expect(String(error)).toMatch(/The broker at .* cannot be used: .*authentication failed/);
  expect(String(error)).not.toContain('not the password');
});

test('with the right one an action runs, and no Kafka and no CouchDB are made', async () => {
  await configure();
  await stack.up();
  expect(await invoke('hello')).toEqual({ greeting: 'hello bob' });
  const { containers, volumes } = await listEngine(docker);
  expect([...containers, ...volumes].filter((name) => /life-test.*(kafka|couchdb)/.test(name))).toEqual([]);
});

test('an image of Apache OpenWhisk runs the actions of the kind it was given for, and may write anywhere in itself', async () => {
  const code = `function main({ name }) { process.getBuiltinModule('fs').writeFileSync('/nodejsAction/note', name); return { noted: name }; }`;
  await request('PUT', 'stock', { exec: { kind: 'nodejs:stock', code } });
  expect(await invoke('stock')).toEqual({ noted: 'bob' });
});

test('their passwords are in no state', async () => {
  const state = await stack.state();
  for (const password of [broker.secure!.password, couch.password]) expect(state).not.toContain(password);
});

test('destroy leaves the engine as it was found, and the data where they are', async () => {
  await stack.destroy();
  expect(await listEngine(docker)).toEqual(before);
  const authorization = basic(`${couch.username}:${couch.password}`);
  expect((await call(`${couch.url}/_all_dbs`, { headers: { authorization } })).json).toContain('whisks');
});
