import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../tooling/src/command';
import { PlatformProcess } from '../platformProcess';

/** The integrity check of the store, with bytes damaged on disk. */
const program = join(__dirname, '../../platform/dist/main/checkStore.js');
let platform: PlatformProcess;
let auth: string;

beforeEach(async () => {
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
  await platform.api(auth, 'PUT', 'packages/pack', { parameters: [{ key: 'marker', value: 'in-the-document' }] });
  for (const name of ['one', 'two', 'pack/three']) {
    const code = `function main() { return { marker: "in-the-code-of-${name}" }; }`;
    await platform.api(auth, 'PUT', `actions/${name}`, { exec: { kind: 'nodejs:20', code } });
    expect((await platform.api(auth, 'POST', `actions/${name}?blocking=true`)).status).toBe(200);
  }
  await platform.kill('SIGTERM');
});
afterEach(() => platform.stop());

async function check(...options: string[]): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env.PATH, OPENWHISK_DATA_DIR: platform.dataDir };
  const { code, stdout, stderr } = await runCommand(process.execPath, [program, ...options], { env });
  return { code, output: stdout + stderr };
}

/** Replaces text in a file of the store, wherever it occurs, by text of the same length. */
function damage(file: string, from: string, to: string): void {
  const path = join(platform.dataDir, file);
  const bytes = readFileSync(path);
  let found = 0;
  for (let at = bytes.indexOf(from, 0, 'latin1'); at >= 0; at = bytes.indexOf(from, at + 1, 'latin1')) {
    bytes.write(to, at, 'latin1');
    found++;
  }
  expect(found).toBeGreaterThan(0);
  writeFileSync(path, bytes);
}

const whole = { code: 0, output: 'The store is whole.\n' };

test('a store after a stop, and after kill -9', async () => {
  expect(await check()).toEqual(whole);
  await platform.run();
  expect((await check('--repair')).code).toBe(2);
  await platform.api(auth, 'POST', 'actions/one');
  await platform.kill('SIGKILL');
  expect(await check()).toEqual(whole);
});

test('a changed byte in a document', async () => {
  damage('entities/data.mdb', 'in-the-document', 'in-the-d0cument');
  const { code, output } = await check();
  expect([code, output]).toEqual([1, expect.stringContaining('entity guest/pack: its document is damaged')]);
  expect((await check('--repair')).code).toBe(1);
});

test('a document that is no JSON any more', async () => {
  damage('entities/data.mdb', '"value":"in-the-document"', '"value":"in-the-document\'');
  const { code, output } = await check();
  expect([code, output]).toEqual([1, expect.stringContaining('entity guest/pack: its document cannot be read')]);
});

test('a changed byte in code', async () => {
  damage('entities/data.mdb', 'in-the-code-of-two', 'in-the-c0de-of-two');
  const { code, output } = await check();
  expect([code, output]).toEqual([1, expect.stringMatching(/^entity guest\/two: its code is damaged.*\n1 problem left\.\n$/)]);
});

test('a changed key in the index is repaired', async () => {
  const path = join(platform.dataDir, 'entities/data.mdb');
  const bytes = readFileSync(path);
  const begin = Buffer.from('actions\0guest\0');
  for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, at + 1)) {
    const id = bytes.indexOf('guest/two', at + begin.length);
    if (id > 0 && id < at + 40) bytes.write('guest/twp', id);
  }
  writeFileSync(path, bytes);
  const { code, output } = await check();
  expect(code).toBe(1);
  expect(output).toContain('entity guest/two: it is missing in the listing of guest. It can be repaired.');
  expect(output).toContain('it leads to no entity');
  expect((await check('--repair')).code).toBe(0);
  expect(await check()).toEqual(whole);
  await platform.run();
  expect((await platform.api(auth, 'GET', 'actions')).json.map((a: { name: string }) => a.name).sort()).toEqual(['one', 'three', 'two']);
});

test('a damaged activation record is taken out, the others stay', async () => {
  const [segment] = readdirSync(join(platform.dataDir, 'activations')).filter((file) => file.endsWith('.seg'));
  damage(`activations/${segment}`, '{"marker":"in-the-code-of-one"}', '{"marker":"in-the-c0de-of-one"}');
  const { code, output } = await check();
  expect([code, output]).toEqual([1, expect.stringContaining('activation records are damaged in 1 place, 2 are intact.')]);
  expect((await check('--repair')).code).toBe(0);
  expect(await check()).toEqual(whole);
  await platform.run();
  const names = (await platform.api(auth, 'GET', 'activations')).json.map((a: { name: string }) => a.name);
  expect(names.sort()).toEqual(['three', 'two']);
});

test('a journal that cannot be read', async () => {
  appendFileSync(join(platform.dataDir, 'journal', '9.journal'), '{"activationId":"x","namespace":"guest"}\nnonsense\n{"torn');
  const { code, output } = await check();
  expect([code, output]).toEqual([1, expect.stringMatching(/9\.journal, line 2: 1 of 2 accepted activations cannot be read/)]);
});

test('no store, no directory, a wrong option', async () => {
  const run = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    runCommand(process.execPath, [program, ...args], { env: { PATH: process.env.PATH, ...env } });
  expect(await run({})).toMatchObject({ code: 2, stderr: expect.stringContaining('OPENWHISK_DATA_DIR') });
  expect(await run({ OPENWHISK_DATA_DIR: '/nowhere' })).toMatchObject({ code: 2, stderr: expect.stringContaining('no store') });
  expect(await run({}, '--fix')).toMatchObject({ code: 2, stderr: expect.stringContaining('--fix') });
});
