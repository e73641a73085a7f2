import { Cluster } from './cluster';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.settled();
});
afterAll(() => cluster?.stop());

test('an action runs', async () => {
  const { auth } = await cluster.namespace('first');
  const code = 'function main(args) { return { hello: args.name }; }';
  const put = await cluster.api(auth, 'PUT', 'actions/hello', { exec: { kind: 'nodejs:default', code } });
  expect([put.status, put.text]).toEqual([200, expect.anything()]);
  const answer = await cluster.api(auth, 'POST', 'actions/hello?blocking=true&result=true', { name: 'you' });
  expect([answer.status, answer.json]).toEqual([200, { hello: 'you' }]);
});
