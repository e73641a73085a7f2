import { PlatformProcess } from '../platformProcess';

/** What the platform accepted outlives its process. */
let platform: PlatformProcess;
let auth: string;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
  await platform.api(auth, 'PUT', 'actions/echo', { exec: { kind: 'nodejs:20', code: 'function main(a) { return a; }' } });
});
afterAll(() => platform.stop());

const count = async () => (await platform.api(auth, 'GET', 'activations?count=true')).json.activations as number;

test('entities, keys and activations are intact after kill -9', async () => {
  const before = await platform.api(auth, 'POST', 'actions/echo?blocking=true', { n: 1 });
  expect(before.status).toBe(200);
  await platform.api(auth, 'PUT', 'triggers/t', {});
  await platform.api(auth, 'PUT', 'rules/r', { trigger: '/_/t', action: '/_/echo' });
  // the record is written at most 20 ms behind the answer
  await new Promise((resolve) => setTimeout(resolve, 200));
  await platform.kill('SIGKILL');
  await platform.run();
  const record = await platform.api(auth, 'GET', `activations/${before.json.activationId}`);
  expect(record.json.response.result).toEqual({ n: 1 });
  expect((await platform.api(auth, 'GET', 'rules/r')).json.status).toBe('active');
  expect((await platform.api(auth, 'POST', 'actions/echo?blocking=true&result=true', { n: 2 })).json).toEqual({ n: 2 });
});

test('a stop waits for the activation under way, and its record is kept', async () => {
  await platform.api(auth, 'PUT', 'actions/slow', {
    exec: { kind: 'nodejs:20', code: 'function main() { return new Promise((r) => setTimeout(() => r({ done: true }), 1500)); }' },
  });
  const { json } = await platform.api(auth, 'POST', 'actions/slow');
  await platform.kill('SIGTERM');
  expect(platform.child.exitCode).toBe(0);
  await platform.run();
  expect((await platform.api(auth, 'GET', `activations/${json.activationId}/result`)).json.result).toEqual({ done: true });
});

test('an activation accepted and not finished when the platform is killed ends in one record that says so', async () => {
  await platform.api(auth, 'PUT', 'actions/endless', {
    exec: { kind: 'nodejs:20', code: 'function main() { return new Promise(() => {}); }' },
  });
  const accepted: string[] = [];
  for (let i = 0; i < 5; i++) accepted.push((await platform.api(auth, 'POST', 'actions/endless')).json.activationId);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = await count();
  await platform.kill('SIGKILL');
  await platform.run();
  for (const id of accepted) {
    const record = await platform.api(auth, 'GET', `activations/${id}`);
    expect(record.status).toBe(200);
    expect(record.json.response.status).toBe('whisk internal error');
    expect(record.json.response.result.error).toMatch(/platform stopped/);
  }
  expect(await count()).toBe(before + accepted.length);
});
