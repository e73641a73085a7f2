import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpsFront } from '../httpsFront';
import { PlatformProcess } from '../platformProcess';

/** The commands of OpenWhisk's wskadmin, in its words, as a process of its own over the admin API. */
const program = join(__dirname, '../../platform/dist/main/wskadmin.js');
let platform: PlatformProcess;

beforeAll(async () => {
  platform = await PlatformProcess.start();
});
afterAll(() => platform?.stop());

type Said = { code: number; lines: string[]; error: string };

const wskadmin = (...args: string[]) => wskadminWith({}, args);

function wskadminWith(settings: NodeJS.ProcessEnv, args: string[]): Promise<Said> {
  const env = {
    PATH: process.env.PATH,
    OPENWHISK_ADMIN_URL: `http://127.0.0.1:${platform.adminPort}`,
    OPENWHISK_ADMIN_KEY: platform.adminKey,
    ...settings,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) => {
      const lines = stdout.split('\n').slice(0, -1);
      resolve({ code: error ? (error.code as unknown as number) : 0, lines, error: stderr });
    });
  });
}

const said = async (...args: string[]) => {
  const { code, lines, error } = await wskadmin(...args);
  return [code, ...lines, ...(error === '' ? [] : [`stderr: ${error}`])];
};

const uuid = '0f3bc46b-1a2f-4c3d-8e4f-aabbccddeeff';
const auth = `${uuid}:${'k'.repeat(64)}`;
const missing = '({"error":"not_found","reason":"missing"})';

test('user create, get, list, whois', async () => {
  expect(await said('user', 'create', 'alice', '-u', auth)).toEqual([0, auth]);
  expect(await said('user', 'create', 'alice')).toEqual([1, 'Namespace already exists']);
  const { code, lines } = await wskadmin('user', 'create', 'alice', '-ns', 'team');
  expect([code, lines[0]]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}:[A-Za-z0-9]{64}$/)]);
  expect(await said('user', 'get', 'alice')).toEqual([0, auth]);
  expect(await said('user', 'get', 'alice', '--namespace', 'team')).toEqual([0, lines[0]]);
  expect(await said('user', 'get', 'alice', '-a')).toEqual([0, `alice\t${auth}`, `team\t${lines[0]}`]);
  expect(await said('user', 'get', 'alice', '-ns', 'none')).toEqual([1, 'namespace "none" not found for "alice"']);
  expect(await said('user', 'list', 'alice')).toEqual([0, `${auth}\talice`]);
  expect(await said('user', 'list', 'team', '-k', '-a')).toEqual([0, lines[0]]);
  expect(await said('user', 'whois', auth)).toEqual([0, 'subject: alice', 'namespace: alice']);
  expect(await said('user', 'whois', `${uuid}:${'x'.repeat(64)}`)).toEqual([0, 'Subject id is not recognized']);
});

test('a new key, no key, and a key that is only shown', async () => {
  expect(await said('user', 'create', 'quiet', '-s')).toEqual([0]);
  const before = await said('user', 'get', 'quiet');
  const changed = await said('user', 'create', 'quiet', '-r');
  expect(changed[1]).not.toBe(before[1]);
  expect(await said('user', 'get', 'quiet')).toEqual(changed);
  expect((await said('user', 'create', 'shown', '-g'))[1]).toMatch(/^[0-9a-f-]{36}:[A-Za-z0-9]{64}$/);
  expect(await said('user', 'get', 'shown')).toEqual([1, `Failed to get subject ${missing}`]);
});

test('user block and unblock: keys are dead at once, and alive again', async () => {
  const [, key] = await said('user', 'create', 'blocky');
  const status = async () => (await platform.api(String(key), 'GET', 'actions')).status;
  expect(await status()).toBe(200);
  expect(await said('user', 'block', 'blocky', 'nobody')).toEqual([
    1,
    '"blocky" blocked successfully',
    `Failed to block "nobody" ${missing}`,
  ]);
  expect(await status()).toBe(401);
  expect(await said('user', 'create', 'blocky', '-ns', 'other')).toEqual([1, 'The subject you want to edit is blocked']);
  expect(await said('user', 'list', 'blocky')).toEqual([0, 'no identities found for namespace "blocky"']);
  expect(await said('user', 'unblock', 'blocky')).toEqual([0, '"blocky" unblocked successfully']);
  expect(await status()).toBe(200);
});

test('user delete', async () => {
  await said('user', 'create', 'leaver');
  await said('user', 'create', 'leaver', '-ns', 'second');
  expect(await said('user', 'delete', 'leaver', '-ns', 'third')).toEqual([1, 'Namespace "third" does not exist for "leaver"']);
  expect(await said('user', 'delete', 'leaver', '-ns', 'second')).toEqual([0, 'Namespace deleted']);
  expect(await said('user', 'delete', 'leaver')).toEqual([0, 'Subject deleted']);
  expect(await said('user', 'delete', 'leaver')).toEqual([1, `Failed to delete subject ${missing}`]);
});

test('limits set, get and delete', async () => {
  const [, key] = await said('user', 'create', 'limited');
  expect(await said('limits', 'get', 'limited')).toEqual([1, 'No limits found, default system limits apply']);
  const set = ['--invocationsPerMinute', '7', '--allowedKinds', 'nodejs:20', 'python:3.11', '--disableStoreActivations'];
  expect(await said('limits', 'set', 'limited', ...set)).toEqual([0, 'Limits successfully set for "limited"']);
  expect(await said('limits', 'set', 'limited', '--maxActionMemory=384')).toEqual([0, 'Limits successfully set for "limited"']);
  expect(await said('limits', 'get', 'limited')).toEqual([
    0,
    'invocationsPerMinute = 7',
    "allowedKinds = ['nodejs:20', 'python:3.11']",
    'storeActivations = False',
    'maxActionMemory = 384',
  ]);
  expect((await platform.api(String(key), 'GET', 'limits')).json).toMatchObject({ invocationsPerMinute: 7, maxActionMemory: 384 });
  expect(await said('limits', 'delete', 'limited')).toEqual([0, 'Limits deleted']);
  expect(await said('limits', 'delete', 'limited')).toEqual([1, `Failed to delete limits ${missing}`]);
});

test('db get', async () => {
  const [, key] = await said('user', 'create', 'keeper');
  await platform.api(String(key), 'PUT', 'triggers/bell', {});
  const { code, lines } = await wskadmin('db', 'get', 'whisks', '--docs');
  expect([code, lines[0]]).toEqual([0, 'getting contents for whisks (primary index)']);
  const { rows, total_rows } = JSON.parse(lines.slice(1).join('\n'));
  expect(total_rows).toBe(rows.length);
  expect(rows.map((r: { id: string }) => r.id)).toContain('keeper/bell');
  expect(rows.find((r: { id: string }) => r.id === 'keeper/bell').doc).toMatchObject({ name: 'bell', namespace: 'keeper' });
  const subjects = await wskadmin('db', 'get', 'subjects');
  expect(subjects.lines.join('\n')).toContain('"id": "keeper"');
  expect(subjects.lines.join('\n')).not.toContain(String(key).split(':')[1]);
  expect(await said('db', 'get', 'nothing')).toEqual([
    1,
    'getting contents for nothing (primary index)',
    "Failed to get database (There is no database 'nothing'; there are subjects, whisks and activations.)",
  ]);
  expect(await said('db', 'get', 'whisks', '-w', 'actions')).toEqual([
    2,
    'view name "actions" is not formatted correctly, should be design/view',
  ]);
});

test.each([
  [['user', 'create', 'bob'], 'Subject name must be at least 5 characters'],
  [['user', 'create', 'robert', '-u', 'x:y'], 'authorization id is not a valid UUID'],
  [['user', 'create', 'robert', '-u', `${uuid}:short`], 'authorization key must be at least 64 characters long'],
  [['user', 'create', 'robert', '-ns', ' '], 'Namespace must not be empty'],
  [['user', 'list', 'alice', '-p', '0'], 'pick at least 1 identity to show'],
  [['user', 'rename', 'alice'], 'unknown command'],
  [['user', 'get'], 'wskadmin user get: missing: subject'],
  [['limits', 'set', 'alice', '--firesPerMinute', 'many'], "wskadmin limits set: --firesPerMinute: 'many' is not a whole number"],
  [['user', 'get', 'alice', '--colour'], 'wskadmin user get: unrecognized option: --colour'],
])('%j is refused', async (args, first) => {
  const { code, lines } = await wskadmin(...args);
  expect([code, lines[0]]).toEqual([2, first]);
});

test('help names every command, and each explains its options', async () => {
  const whole = await wskadmin('--help');
  expect(whole.code).toBe(0);
  for (const command of ['user create', 'user whois', 'limits set', 'db get']) expect(whole.lines.join('\n')).toContain(command);
  const { code, lines } = await wskadmin('user', 'create', '--help');
  expect(code).toBe(0);
  expect(lines[0]).toBe('usage: wskadmin user create [options] subject');
  expect(lines.join('\n')).toMatch(/-ns, --namespace VALUE +create the key for this namespace/);
});

test('HTTPS: an authority of the platform itself is trusted with OPENWHISK_ADMIN_CA, and only with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const front = await HttpsFront.start(platform.adminPort);
  try {
    const url = front.urls[0]!;
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, front.caCertificate);
    await wskadmin('user', 'create', 'secure', '-u', auth.replace('0f3b', '1f3b'));
    const get = (settings: NodeJS.ProcessEnv) => wskadminWith({ OPENWHISK_ADMIN_URL: url, ...settings }, ['user', 'get', 'secure']);
    expect(await get({ OPENWHISK_ADMIN_CA: ca })).toEqual({ code: 0, lines: [auth.replace('0f3b', '1f3b')], error: '' });
    expect(await get({})).toEqual({
      code: 1,
      lines: [],
      error: expect.stringMatching(/does not answer: .*certificate.* \(OPENWHISK_ADMIN_CA names a file with the authority to trust\)/),
    });
    expect(await get({ OPENWHISK_ADMIN_CA: join(folder, 'none.pem') })).toEqual({
      code: 1,
      lines: [],
      error: expect.stringContaining("OPENWHISK_ADMIN_CA names a file that can't be read"),
    });
  } finally {
    await front.stop();
    rmSync(folder, { recursive: true });
  }
});
