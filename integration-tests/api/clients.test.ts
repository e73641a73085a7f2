import openwhisk from 'openwhisk';
import { eventually } from '../eventually';
import { PlatformProcess } from '../platformProcess';

/** Clients made for Apache OpenWhisk, unmodified. */
let platform: PlatformProcess;
let client: ReturnType<typeof openwhisk>;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  client = openwhisk({ apihost: platform.apiHost, api_key: (await platform.namespace('guest')).auth });
});
afterAll(() => platform.stop());

test('the openwhisk npm client deploys, invokes, fires and lists', async () => {
  await client.packages.create({ name: 'pkg' });
  await client.actions.create({
    name: 'pkg/hello',
    action: 'function main({ name }) { console.log("said"); return { greeting: "hello " + name }; }',
  });
  expect(await client.actions.invoke({ name: 'pkg/hello', params: { name: 'bob' }, blocking: true, result: true })).toEqual({
    greeting: 'hello bob',
  });
  await client.triggers.create({ name: 'tick' });
  await client.rules.create({ name: 'on-tick', trigger: '/_/tick', action: '/_/pkg/hello' });
  const { activationId } = (await client.triggers.invoke({ name: 'tick', params: { name: 'eve' } })) as { activationId: string };
  const fired = (await eventually(() => client.activations.get({ name: activationId }))) as unknown as { logs: string[] };
  const outcome = JSON.parse(fired.logs[0]!);
  expect(outcome).toMatchObject({ statusCode: 0, success: true, rule: 'guest/on-tick', action: 'guest/pkg/hello' });
  expect(await client.actions.list()).toHaveLength(1);
  await expect(client.actions.invoke({ name: 'nosuch', blocking: true })).rejects.toMatchObject({ statusCode: 404 });
  await client.rules.disable({ name: 'on-tick' });
  expect(((await client.rules.get({ name: 'on-tick' })) as { status: string }).status).toBe('inactive');
});
