import openwhisk from 'openwhisk';
import { eventually } from '../eventually';
import { PlatformProcess } from '../platformProcess';

/** The `openwhisk` npm client, unmodified, in what api/clients.test.ts leaves out. */
let platform: PlatformProcess;
let client: ReturnType<typeof openwhisk>;
let auth: string;

// biome-ignore lint/suspicious/noExplicitAny: the client's types leave most fields out
type Any = any;
const any = async (value: Promise<unknown>): Promise<Any> => value;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
  client = openwhisk({ apihost: platform.apiHost, api_key: auth });
  await client.packages.create({ name: 'provider', package: { publish: true, parameters: [{ key: 'greeting', value: 'hello' }] } } as Any);
  await client.actions.create({ name: 'provider/greet', action: 'function main(a) { return { text: a.greeting + " " + a.name }; }' });
});
afterAll(() => platform.stop());

test('packages: get, list, update, count', async () => {
  expect(await any(client.packages.get({ name: 'provider' }))).toMatchObject({ publish: true, actions: [{ name: 'greet' }], feeds: [] });
  await client.packages.update({ name: 'provider', package: { publish: true, annotations: [{ key: 'a', value: 1 }] } } as Any);
  const listed = await any(client.packages.list({ limit: 1 } as Any));
  expect(listed).toMatchObject([{ name: 'provider', version: '0.0.2', publish: true, binding: false }]);
  expect(await any(client.packages.list({ count: true } as Any))).toEqual({ packages: 1 });
});

test('bindings: create, invoke through them, delete', async () => {
  await client.packages.create({
    name: 'bound',
    package: { binding: { namespace: 'guest', name: 'provider' }, parameters: [{ key: 'greeting', value: 'good day' }] },
  } as Any);
  const invoke = { name: 'bound/greet', params: { name: 'bob' }, blocking: true, result: true };
  expect(await client.actions.invoke(invoke)).toEqual({ text: 'good day bob' });
  expect(await any(client.actions.list({ packageName: 'bound' } as Any))).toHaveLength(1);
  await client.packages.delete({ name: 'bound' });
  await expect(client.actions.invoke(invoke)).rejects.toMatchObject({ statusCode: 404 });
});

test('a package of somebody else', async () => {
  const other = openwhisk({ apihost: platform.apiHost, api_key: (await platform.namespace('other')).auth });
  const invoke = { name: '/guest/provider/greet', params: { name: 'eve' }, blocking: true, result: true };
  expect(await other.actions.invoke(invoke)).toEqual({ text: 'hello eve' });
  await expect(other.actions.delete({ name: '/guest/provider/greet' })).rejects.toMatchObject({ statusCode: 403 });
});

test('sequences', async () => {
  await client.actions.create({ name: 'step', action: 'function main(a) { return { name: a.text || a.name }; }' });
  await client.actions.create({ name: 'both', sequence: ['/_/step', '/_/provider/greet'] } as Any);
  expect(await client.actions.invoke({ name: 'both', params: { name: 'seq' }, blocking: true, result: true })).toEqual({
    text: 'hello seq',
  });
  const record = await any(client.actions.invoke({ name: 'both', params: { name: 'seq' }, blocking: true }));
  expect(record.logs).toHaveLength(2);
  for (const id of record.logs) {
    const component = await eventually(() => any(client.activations.get({ name: id })));
    expect(component.cause).toBe(record.activationId);
  }
});

test('rules: create, disable, enable, update, delete', async () => {
  await client.triggers.create({ name: 'tick' });
  await client.triggers.create({ name: 'tock' });
  await client.rules.create({ name: 'on', trigger: '/_/tick', action: '/_/provider/greet' });
  const status = async () => (await any(client.rules.get({ name: 'on' }))).status;
  expect(await status()).toBe('active');
  await client.rules.disable({ name: 'on' });
  expect(await status()).toBe('inactive');
  await client.rules.enable({ name: 'on' });
  expect(await status()).toBe('active');
  await client.rules.update({ name: 'on', trigger: '/_/tock', action: '/_/provider/greet' });
  expect((await any(client.triggers.get({ name: 'tick' }))).rules).toEqual({});
  expect(await any(client.triggers.get({ name: 'tock' }))).toMatchObject({ rules: { 'guest/on': { status: 'active' } } });
  await client.rules.delete({ name: 'on' });
  await expect(client.rules.get({ name: 'on' })).rejects.toMatchObject({ statusCode: 404 });
});

test('feeds: create and delete are calls of the feed action', async () => {
  await client.actions.create({
    name: 'provider/feed',
    action: 'function main(a) { return { told: [a.lifecycleEvent, a.triggerName, a.authKey, a.cron] }; }',
    annotations: { feed: true },
  } as Any);
  const told = async (feed: Promise<unknown>) => (await any(feed)).response.result.told;
  const call = { name: '/guest/provider/feed', trigger: 'tick', params: { cron: '* * * * *' } };
  expect(await told(client.feeds.create(call as Any))).toEqual(
    ['CREATE', '/guest/tick', auth, '* * * * *'].map((v) => expect.stringContaining(v.replace('/guest', ''))),
  );
  expect(await told(client.feeds.delete(call as Any))).toEqual(['DELETE', expect.stringMatching(/\/tick$/), auth, '* * * * *']);
});

test('a failing feed rejects', async () => {
  await client.actions.create({ name: 'provider/badfeed', action: 'function main() { return { error: "no such thing" }; }' });
  await expect(client.feeds.create({ name: '/guest/provider/badfeed', trigger: 'tick' } as Any)).rejects.toMatchObject({ statusCode: 502 });
});

test('activations: list by name, count, logs and result', async () => {
  await client.actions.create({ name: 'said', action: 'function main() { console.log("out loud"); return { done: true }; }' });
  const { activationId } = await any(client.actions.invoke({ name: 'said', blocking: true }));
  const { logs } = await eventually(() => any(client.activations.logs({ name: activationId })));
  expect(logs[0]).toMatch(/out loud$/);
  expect(await any(client.activations.result({ name: activationId }))).toMatchObject({ result: { done: true }, success: true });
  expect(await any(client.activations.list({ name: 'said', limit: 5 } as Any))).toHaveLength(1);
  expect(await any(client.activations.list({ count: true, name: 'said' } as Any))).toEqual({ activations: 1 });
});

test('namespaces', async () => {
  expect(await any(client.namespaces.list())).toEqual(['guest']);
  expect(Object.keys(await any((client.namespaces as Any).get('guest'))).sort()).toEqual(['actions', 'packages', 'rules', 'triggers']);
});

test('a transaction id is handed on', async () => {
  process.env.__OW_TRANSACTION_ID = 'from-the-client';
  try {
    await expect(client.actions.get({ name: 'nosuch' })).rejects.toMatchObject({ error: { code: 'from-the-client' } });
  } finally {
    delete process.env.__OW_TRANSACTION_ID;
  }
});
