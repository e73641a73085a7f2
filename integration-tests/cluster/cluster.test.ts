import { eventually } from '../eventually';
import { call } from '../httpCall';
import { Cluster } from './cluster';

/** What several controllers know of each other. */
let cluster: Cluster;
let first: string;
let second: string;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.settled();
  [first, second] = cluster.controllers.map(({ api }) => api) as [string, string];
});
afterAll(() => cluster?.stop());

const exec = (code: string) => ({ exec: { kind: 'nodejs:default', code } });

test('an action runs, through nginx', async () => {
  const { auth } = await cluster.namespace('plain');
  const put = await cluster.api(auth, 'PUT', 'actions/hello', exec('function main(args) { return { hello: args.name }; }'));
  expect([put.status, put.text]).toEqual([200, expect.anything()]);
  const answer = await cluster.api(auth, 'POST', 'actions/hello?blocking=true&result=true', { name: 'you' });
  expect([answer.status, answer.json]).toEqual([200, { hello: 'you' }]);
});

test('what was written through one controller is seen at once through the other', async () => {
  const { auth } = await cluster.namespace('writer');
  for (let i = 0; i < 10; i++) {
    const [writer, reader] = i % 2 === 0 ? [first, second] : [second, first];
    const put = await cluster.api(auth, 'PUT', 'actions/changing?overwrite=true', exec(`function main() { return { i: ${i} }; }`), writer);
    expect(put.status).toBe(200);
    const answer = await cluster.api(auth, 'POST', 'actions/changing?blocking=true&result=true', {}, reader);
    expect([answer.status, answer.json]).toEqual([200, { i }]);
  }
  expect((await cluster.api(auth, 'DELETE', 'actions/changing', undefined, first)).status).toBe(200);
  expect((await cluster.api(auth, 'POST', 'actions/changing', {}, second)).status).toBe(404);
});

test('keys and limits count everywhere as soon as they are changed', async () => {
  const { auth } = await cluster.namespace('keyed');
  for (const api of [first, second]) expect((await cluster.api(auth, 'GET', 'actions', undefined, api)).status).toBe(200);
  await cluster.admin('PUT', '/v1/namespaces/keyed?overwrite=true', { limits: { invocationsPerMinute: 77 } });
  expect((await cluster.api(auth, 'GET', 'limits', undefined, second)).json.invocationsPerMinute).toBe(77);
  const rotated = await cluster.admin('POST', '/v1/namespaces/keyed/keys', {});
  expect((await cluster.api(auth, 'GET', 'actions', undefined, second)).status).toBe(401);
  expect((await cluster.api(rotated.json.auth, 'GET', 'actions', undefined, second)).status).toBe(200);
  await cluster.admin('PUT', '/v1/namespaces/keyed?overwrite=true', { blocked: true }, 1);
  expect((await cluster.api(rotated.json.auth, 'GET', 'actions', undefined, first)).status).toBe(401);
});

test('a limit is that of the cluster, whichever controllers are asked', async () => {
  const { auth } = await cluster.namespace('limited', { invocationsPerMinute: 10 });
  await cluster.api(auth, 'PUT', 'actions/a', exec('function main() { return {}; }'));
  // all within one minute of the clock
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 20_000) await new Promise((resolve) => setTimeout(resolve, left));
  const invoke = async (api: string) => (await cluster.api(auth, 'POST', 'actions/a', {}, api)).status;
  for (let i = 0; i < 8; i++) expect(await invoke(first)).toBe(202);
  await eventually(async () => expect(await invoke(second)).toBe(429));
  await eventually(async () => expect(await invoke(first)).toBe(429));
});

test('without invokers no controller is ready, and reading goes on', async () => {
  const { auth } = await cluster.namespace('reader');
  await cluster.api(auth, 'PUT', 'actions/kept', exec('function main() { return {}; }'));
  await Promise.all(cluster.invokers.map(({ process }) => process.kill('SIGTERM')));
  for (const { admin } of cluster.controllers) {
    await eventually(async () => {
      const answer = await call(`${admin}/ready`);
      expect(answer.status).toBe(503);
      expect(answer.json).toMatchObject({ ready: false, reason: 'There is no healthy invoker.' });
    });
  }
  expect((await cluster.api(auth, 'GET', 'actions/kept')).status).toBe(200);
  await Promise.all(cluster.invokers.map(({ process }) => process.run()));
  await cluster.settled();
  for (const { admin } of cluster.controllers) expect((await call(`${admin}/ready`)).json).toMatchObject({ ready: true });
  expect((await cluster.api(auth, 'POST', 'actions/kept?blocking=true', {})).status).toBe(200);
});
