import { connect } from 'node:net';
import { call } from '../httpCall';
import { basic, PlatformProcess } from '../platformProcess';

/** A user's or an attacker's mistakes: the exact answer, and a platform that goes on. */
let platform: PlatformProcess;
let auth: string;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
});
afterEach(async () => {
  const alive = await platform.api(auth, 'GET', 'actions?limit=1');
  expect(alive.status).toBe(200);
});
afterAll(() => platform.stop());

const put = (name: string, exec: object, more: object = {}) =>
  platform.api(auth, 'PUT', `actions/${name}?overwrite=true`, { exec, ...more });
const node = (code: string) => ({ kind: 'nodejs:20', code });
const invoke = (name: string, body: object = {}) => platform.api(auth, 'POST', `actions/${name}?blocking=true`, body);
const wire = (path: string, options: Parameters<typeof call>[1] = {}) =>
  call(`${platform.apiHost}/api/v1/namespaces/_/${path}`, { ...options, headers: { authorization: basic(auth), ...options.headers } });

test('wrong key', async () => {
  const answer = await platform.api(`${auth.slice(0, 36)}:${'x'.repeat(64)}`, 'GET', 'actions');
  expect(answer.status).toBe(401);
  expect(answer.json.error).toBe('The supplied authentication is invalid');
  expect(answer.json.code).toBe(answer.headers['x-request-id']);
});

test('unknown action', async () => {
  const answer = await invoke('nosuch');
  expect([answer.status, answer.json.error]).toEqual([404, 'The requested resource does not exist.']);
});

test('malformed JSON', async () => {
  const answer = await wire('actions/x', { method: 'PUT', body: '{"exec":', headers: { 'content-type': 'application/json' } });
  expect(answer.status).toBe(400);
  expect(answer.json.error).toMatch(/^The request content was malformed:\n./);
});

test('oversize payload', async () => {
  await put('echo', node('function main(a) { return a; }'));
  const answer = await invoke('echo', { s: 'x'.repeat(1024 * 1024) });
  expect([answer.status, answer.json.error]).toEqual([413, `Request larger than allowed: ${1024 * 1024 + 8} > 1048576 bytes.`]);
});

test('a body above the bound of the server is refused without being read', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(platform.port, '127.0.0.1', () => {
      socket.write(
        `PUT /api/v1/namespaces/_/actions/big HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(auth)}\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{`,
      );
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    socket.setTimeout(60_000, () => reject(new Error('no answer')));
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toMatch(/Request too large$/);
});

test('bad name', async () => {
  const answer = await wire('actions/a$b', {
    method: 'PUT',
    body: JSON.stringify({ exec: node('') }),
    headers: { 'content-type': 'application/json' },
  });
  expect([answer.status, answer.json.error]).toEqual([400, 'The name of the entity contains illegal characters.']);
});

test('unknown kind', async () => {
  const answer = await put('x', { kind: 'cobol:1', code: '' });
  expect(answer.status).toBe(400);
  expect(answer.json.error).toMatch(
    /^The request content was malformed:\nThe specified runtime 'cobol:1' is not supported by this platform. Valid values are: 'nodejs:20'/,
  );
});

test.each([
  [{ memory: 64 }, 'requirement failed: memory size 64 MB below allowed threshold of 128 MB'],
  [{ timeout: 1_000_000 }, 'requirement failed: duration 1000000 milliseconds exceeds allowed threshold of 300000 milliseconds'],
  [{ logs: 11 }, 'requirement failed: log size 11 MB exceeds allowed threshold of 10 MB'],
  [{ concurrency: 2 }, 'requirement failed: concurrency 2 exceeds allowed threshold of 1'],
])('wrong limits %j', async (limits, error) => {
  const answer = await put('x', node(''), { limits });
  expect([answer.status, answer.json.error]).toEqual([400, error]);
});

test('init that throws', async () => {
  await put('bad', node('throw new Error("at load")'));
  const answer = await invoke('bad');
  expect([answer.status, answer.json.response.status]).toEqual([502, 'action developer error']);
  expect(answer.json.response.result.error).toMatch(/^Initialization has failed due to: Error: at load/);
});

test('run that never returns', async () => {
  await put('endless', node('function main() { return new Promise(() => {}); }'), { limits: { timeout: 2000 } });
  const answer = await invoke('endless');
  expect([answer.status, answer.json.response.result.error]).toEqual([502, 'The action exceeded its time limits of 2000 milliseconds.']);
});

test('run that blocks its process', async () => {
  await put('busy', node('function main() { for (;;); }'), { limits: { timeout: 2000 } });
  const answer = await invoke('busy');
  expect([answer.status, answer.json.response.result.error]).toEqual([502, 'The action exceeded its time limits of 2000 milliseconds.']);
});

test('run that exits', async () => {
  await put('exits', node('function main() { process.exit(3); }'));
  const answer = await invoke('exits');
  expect([answer.status, answer.json.response.result.error]).toEqual([
    502,
    'The action did not produce a valid response and exited unexpectedly.',
  ]);
});

test('run that takes more memory than it may', async () => {
  await put('hungry', node('function main() { const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1)); }'), {
    limits: { memory: 128 },
  });
  const answer = await invoke('hungry');
  expect([answer.status, answer.json.response.result.error]).toEqual([502, 'The action exhausted its memory and was aborted.']);
});

test('result that is not an object', async () => {
  await put('text', node('function main() { return "text"; }'));
  const answer = await invoke('text');
  expect([answer.status, answer.json.response.result.error]).toEqual([502, 'The action did not return a dictionary or array.']);
});

test('path tricks lead nowhere', async () => {
  for (const path of [
    '/api/v1/namespaces/_/actions/..%2f..%2fx',
    '/api/v1/namespaces/_//actions',
    '/api/v1/../../etc/passwd',
    '/api/v1/namespaces/_/actions/%2e%2e',
  ]) {
    const answer = await call(platform.apiHost + path, { headers: { authorization: basic(auth) } });
    expect([400, 404, 405]).toContain(answer.status);
  }
});

test('deep JSON is an answer and no crash', async () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const answer = await wire('triggers/deep', {
    method: 'PUT',
    body: `{"annotations":[{"key":"a","value":${deep}}]}`,
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBeLessThan(500);
});

test('the admin API refuses a wrong key', async () => {
  const answer = await call(`http://127.0.0.1:${platform.adminPort}/v1/namespaces`, { headers: { authorization: 'Bearer wrong' } });
  expect(answer.status).toBe(401);
  expect(answer.text).not.toContain(platform.adminKey);
});
