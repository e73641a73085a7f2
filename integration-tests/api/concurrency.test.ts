import { PlatformProcess } from '../platformProcess';

let platform: PlatformProcess;
let auth: string;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
});
afterAll(() => platform.stop());

test('two hundred parallel invocations of ten actions: every one answers, every one has exactly one record', async () => {
  for (let a = 0; a < 10; a++) {
    await platform.api(auth, 'PUT', `actions/a${a}`, {
      exec: { kind: 'nodejs:20', code: `function main(p) { return { action: ${a}, n: p.n }; }` },
    });
  }
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) => platform.api(auth, 'POST', `actions/a${n % 10}?blocking=true`, { n })),
  );
  expect(answers.map((a) => a.status)).toEqual(answers.map(() => 200));
  expect(answers.map((a) => a.json.response.result)).toEqual(answers.map((_, n) => ({ action: n % 10, n })));
  const ids = answers.map((a) => a.json.activationId as string);
  expect(new Set(ids).size).toBe(200);
  expect((await platform.api(auth, 'GET', 'activations?count=true')).json.activations).toBe(200);
  for (const id of ids) expect((await platform.api(auth, 'GET', `activations/${id}`)).json.activationId).toBe(id);
});

test('two hundred parallel writers of one action: one wins each round, the others are told of the conflict', async () => {
  const put = (i: number) =>
    platform.api(auth, 'PUT', 'actions/raced?overwrite=true', {
      exec: { kind: 'nodejs:20', code: `function main() { return { i: ${i} }; }` },
    });
  expect((await put(0)).status).toBe(200);
  const statuses = (await Promise.all(Array.from({ length: 200 }, (_, i) => put(i)))).map((a) => a.status);
  expect(new Set(statuses)).toEqual(new Set(statuses.includes(409) ? [200, 409] : [200]));
  expect(statuses).toContain(200);
  const { version } = (await platform.api(auth, 'GET', 'actions/raced')).json;
  expect(version).toBe(`0.0.${1 + statuses.filter((s) => s === 200).length}`);
});
