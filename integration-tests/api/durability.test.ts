import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually';
import { PlatformProcess } from '../platformProcess';

/** What the platform accepted outlives its process. */
let platform: PlatformProcess;
let auth: string;
const folder = mkdtempSync(join(tmpdir(), 'durability-'));
/** Where actions write down the id of each run. */
const runs = join(folder, 'runs');
appendFileSync(runs, '');
const ran = () => readFileSync(runs, 'utf8').split('\n').filter(Boolean);
const step = {
  kind: 'nodejs:20',
  code: `function main({ n = 0, wait }) {
    require('node:fs').appendFileSync(${JSON.stringify(runs)}, process.env.__OW_ACTIVATION_ID + '\\n');
    return new Promise((resolve) => setTimeout(resolve, wait, { n: n + 1, wait }));
  }`,
};
const idempotent = [{ key: 'idempotent', value: true }];

/** The record of an activation that ends behind its answer. */
function record(id: string) {
  return eventually(async () => {
    const answer = await platform.api(auth, 'GET', `activations/${id}`);
    if (answer.status !== 200) throw new Error(`${id} has no record yet`);
    return answer.json;
  });
}

beforeAll(async () => {
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
  await platform.api(auth, 'PUT', 'actions/echo', { exec: { kind: 'nodejs:20', code: 'function main(a) { return a; }' } });
});
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true });
});

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
  const begun = join(folder, 'begun');
  const code = `function main() {
    require('node:fs').appendFileSync(${JSON.stringify(begun)}, process.env.__OW_ACTIVATION_ID + '\\n');
    return new Promise(() => {});
  }`;
  await platform.api(auth, 'PUT', 'actions/endless', { exec: { kind: 'nodejs:20', code } });
  const accepted: string[] = [];
  for (let i = 0; i < 5; i++) accepted.push((await platform.api(auth, 'POST', 'actions/endless')).json.activationId);
  await eventually(async () => {
    const ids = readFileSync(begun, 'utf8').split('\n').filter(Boolean);
    if (ids.length < accepted.length) throw new Error(`${ids.length} of ${accepted.length} have begun`);
  });
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

test('what waited for a container when the platform was killed runs at the next start', async () => {
  await platform.api(auth, 'PUT', 'actions/waits', { exec: step });
  // they take all the memory there is
  for (let i = 0; i < 8; i++) await platform.api(auth, 'POST', 'actions/endless');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const late: string[] = [];
  for (let i = 0; i < 3; i++) late.push((await platform.api(auth, 'POST', 'actions/waits', { n: i, wait: 0 })).json.activationId);
  await platform.kill('SIGKILL');
  expect(ran()).toEqual([]);
  await platform.run();
  for (const [i, id] of late.entries()) expect((await record(id)).response).toMatchObject({ status: 'success', result: { n: i + 1 } });
  expect(ran().sort()).toEqual([...late].sort());
});

test('sequences, compositions and firings go on at the next start; a step runs again only where it may', async () => {
  const conductor = {
    kind: 'nodejs:20',
    code: `function main({ at = 0, n, wait }) {
      return at < 3 ? { action: 'step', params: { n, wait }, state: { at: at + 1 } } : { n };
    }`,
  };
  const sequence = (...names: string[]) => ({ exec: { kind: 'sequence', components: names.map((name) => `/guest/${name}`) } });
  await platform.api(auth, 'PUT', 'actions/step', { exec: step, annotations: idempotent });
  await platform.api(auth, 'PUT', 'actions/once', { exec: step });
  await platform.api(auth, 'PUT', 'actions/chain', sequence('step', 'step', 'step'));
  await platform.api(auth, 'PUT', 'actions/nested', sequence('chain', 'step'));
  await platform.api(auth, 'PUT', 'actions/onces', sequence('once', 'once', 'once'));
  await platform.api(auth, 'PUT', 'actions/composed', { exec: conductor, annotations: [{ key: 'conductor', value: true }, ...idempotent] });
  await platform.api(auth, 'PUT', 'triggers/fired', {});
  await platform.api(auth, 'PUT', 'rules/reacts', { trigger: '/_/fired', action: '/_/chain' });
  const begin = async (path: string) => (await platform.api(auth, 'POST', path, { wait: 1000 })).json.activationId as string;
  const before = ran().length;
  const [nested, onces, composed, fired] = await Promise.all(
    ['actions/nested', 'actions/onces', 'actions/composed', 'triggers/fired'].map(begin),
  );
  // each is in its second step
  await eventually(async () => expect(ran().length - before).toBeGreaterThanOrEqual(8));
  await platform.kill('SIGKILL');
  await platform.run();
  expect((await record(nested!)).response.result).toMatchObject({ n: 4 });
  const composition = await record(composed!);
  expect(composition.response.result).toMatchObject({ n: 3 });
  expect(composition.logs).toHaveLength(7);
  const [line] = (await record(fired!)).logs;
  expect((await record(JSON.parse(line).activationId)).response.result).toMatchObject({ n: 3 });
  const interrupted = await record(onces!);
  expect(interrupted.response).toMatchObject({
    status: 'whisk internal error',
    result: { error: expect.stringMatching(/platform stopped/) },
  });
  expect(interrupted.logs).toHaveLength(2);
  // of those that may not run twice, and of those that were over
  const times = (id: string) => ran().filter((one) => one === id).length;
  expect(interrupted.logs.map(times)).toEqual([1, 1]);
  expect(Math.max(...ran().map(times))).toBe(2);
  const total = await count();
  await platform.kill('SIGKILL');
  await platform.run();
  // what was over and not yet on disk has its record when it has run again
  await eventually(async () => expect(await count()).toBe(total));
});
