import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiHost, describeOnOwnPlatform, freshName, type Row, testRows } from './apiHost';

/** Reference invocation, sections 1 (POST an action), 2 (parameters), 3 (annotations) and 4 (records). */
let host: ApiHost;
const base = freshName('i');
const echo = 'function main(a) { return a; }';
beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction(base, echo);
  await host.putAction(`${base}slow`, 'function main() { return new Promise((r) => setTimeout(() => r({ slow: true }), 700)); }');
  await host.putAction(`${base}err`, 'function main() { return { error: "mine", more: 1 }; }');
  await host.putAction(`${base}dev`, 'function main() { return "text"; }');
  await host.putAction(`${base}list`, 'function main() { return [1, 2]; }');
  await host.putAction(`${base}final`, echo, {
    parameters: [
      { key: 'p', value: 1 },
      { key: 'n', value: null },
    ],
    annotations: [{ key: 'final', value: true }],
  });
});
afterAll(() => host.close());

const post = (name: string, query: string, more: Partial<Row>): Row => ({
  name,
  do: `POST /namespaces/_/actions/${base}?${query}`,
  with: { json: {} },
  status: 200,
  ...more,
});
const badQuery = (parameter: string, text: string) => ({
  status: 400,
  error: `The query parameter '${parameter}' was malformed:\n${text}`,
});
const badTimeout = badQuery('timeout', 'Timeout must be number of milliseconds up to 60000.');
const malformed = (detail: string) => ({ status: 400, error: `The request content was malformed:\n${detail}` });

describe('query', () => {
  testRows(
    () => host,
    [
      post('not blocking', '', { status: 202 }),
      post('blocking', 'blocking=true', { json: { response: { success: true } } }),
      post('result without blocking is ignored', 'result=true', { status: 202 }),
      post('blocking empty', 'blocking=', { status: 202 }),
      post('blocking without a value', 'blocking', { status: 202 }),
      post('blocking with another word', 'blocking=maybe', badQuery('blocking', "'maybe' is not a valid Boolean value")),
      post('timeout 1', 'blocking=true&timeout=60000', {}),
      post('timeout 0', 'blocking=true&timeout=0', badTimeout),
      post('timeout above 60000', 'blocking=true&timeout=60001', badTimeout),
      post('timeout no number', 'blocking=true&timeout=x', badTimeout),
      post('timeout empty, not blocking', 'timeout=', badTimeout),
    ],
  );
});

describe('body', () => {
  const body = (name: string, text: string, more: Partial<Row>) =>
    post(name, 'blocking=true&result=true', { with: { body: text, headers: { 'content-type': 'application/json' } }, ...more });
  testRows(
    () => host,
    [
      body('object', '{"a":1}', { json: { a: 1 } }),
      body('empty', '', { json: {} }),
      body('array', '[1]', malformed('JSON object expected')),
      body('string', '"a"', malformed('JSON object expected')),
      body('number', '1', malformed('JSON object expected')),
      body('null', 'null', malformed('JSON object expected')),
      {
        name: 'a broken body on a missing action',
        do: 'POST /namespaces/_/actions/nosuch',
        with: { body: '{', headers: { 'content-type': 'application/json' } },
        status: 400,
      },
      {
        name: 'a missing action',
        do: 'POST /namespaces/_/actions/nosuch',
        with: { json: {} },
        status: 404,
        error: 'The requested resource does not exist.',
      },
      {
        name: 'an Accept that excludes JSON',
        do: `POST /namespaces/_/actions/${base}`,
        with: { json: {}, headers: { accept: 'text/plain' } },
        status: 406,
        headers: { 'x-openwhisk-activation-id': null },
      },
    ],
  );
});

describe('outcomes', () => {
  const at = (name: string, query: string, more: Partial<Row>): Row => ({
    name: `${name} ${query}`,
    do: `POST /namespaces/_/actions/${base}${name}?${query}`,
    with: { json: {} },
    status: 200,
    ...more,
  });
  const id = { headers: { 'x-openwhisk-activation-id': /^[0-9a-f]{32}$/ } };
  testRows(
    () => host,
    [
      at('slow', 'blocking=true&timeout=100', { status: 202, ...id }),
      at('err', 'blocking=true', {
        status: 502,
        json: { response: { status: 'application error', success: false, result: { error: 'mine' } } },
        ...id,
      }),
      at('err', 'blocking=true&result=true', { status: 502, json: { error: 'mine' }, ...id }),
      at('dev', 'blocking=true', {
        status: 502,
        json: { response: { status: 'action developer error', result: { error: 'The action did not return a dictionary or array.' } } },
        ...id,
      }),
      at('dev', 'blocking=true&result=true', { status: 502, error: 'The action did not return a dictionary or array.', ...id }),
      at('list', 'blocking=true', { json: [1, 2], ...id }),
      at('list', 'blocking=true&result=true', { json: [1, 2], ...id }),
    ],
  );
  test('the wait elapsed: the activation goes on', async () => {
    const { json } = await host.invoke(`${base}slow`, {}, 'blocking=true&timeout=100');
    expect(Object.keys(json)).toEqual(['activationId']);
    expect((await host.record(json.activationId)).json.response.result).toEqual({ slow: true });
  });
  test('logs are left out of a blocking answer', async () => {
    expect((await host.invoke(base)).json.logs).toEqual([]);
  });
  test('an error result loses its other fields', async () => {
    expect((await host.invoke(`${base}err`)).json.response.result).toEqual({ error: 'mine' });
  });
  test('a result too large is cut', async () => {
    await host.putAction(`${base}big`, 'function main() { return { a: "x".repeat(2 * 1024 * 1024) }; }');
    const { status, json } = await host.invoke(`${base}big`);
    expect([status, json.response.status]).toEqual([502, 'application error']);
    expect(json.response.result.error).toMatch(/^The action produced a response that exceeded the allowed length: \d+ > 1048576 bytes\./);
  });
});

describe('parameters', () => {
  test('package, binding, action, payload', async () => {
    const all = (value: string, ...keys: string[]) => keys.map((key) => ({ key, value }));
    await host.put(`packages/${base}p`, { parameters: all('package', 'a', 'b', 'c', 'd') });
    await host.putAction(`${base}p/act`, echo, { parameters: all('action', 'c', 'd') });
    await host.put(`packages/${base}b`, { binding: { namespace: '_', name: `${base}p` }, parameters: all('binding', 'b', 'c', 'd') });
    const { json } = await host.invoke(`${base}b/act`, { d: 'payload' }, 'blocking=true&result=true');
    expect(json).toEqual({ a: 'package', b: 'binding', c: 'action', d: 'payload' });
  });
  test('the merge is shallow', async () => {
    await host.putAction(`${base}sh`, echo, { parameters: [{ key: 'o', value: { x: 1, y: 1 } }] });
    expect((await host.invoke(`${base}sh`, { o: { x: 2 } }, 'blocking=true&result=true')).json).toEqual({ o: { x: 2 } });
  });
  test('init parameters go to the environment alone', async () => {
    const code = 'function main(a) { return { a, text: process.env.text, object: process.env.object, none: process.env.none }; }';
    const init = (key: string, value: unknown) => ({ key, value, init: true });
    await host.putAction(`${base}init`, code, {
      parameters: [init('text', 'x'), init('object', { a: 1 }), init('none', null), { key: 'plain', value: 1 }],
    });
    expect((await host.invoke(`${base}init`, {}, 'blocking=true&result=true')).json).toEqual({
      a: { plain: 1 },
      text: 'x',
      object: '{"a":1}',
      none: '',
    });
  });
  test('numbers keep their digits where nothing looks into them', async () => {
    await host.put(`triggers/${base}t`, {});
    await host.put(`rules/${base}r`, { trigger: `/_/${base}t`, action: `/_/${base}` });
    const { json } = await host.call('POST', `/namespaces/_/triggers/${base}t`, {
      body: '{"a":12345678901234567890}',
      headers: { 'content-type': 'application/json' },
    });
    expect((await host.record(json.activationId)).text).toContain('"result":{"a":12345678901234567890}');
  });
});

describe('final', () => {
  const refused = { status: 400, error: 'Request defines parameters that are not allowed (e.g., reserved properties).' };
  const call = (name: string, json: object, more: Partial<Row>): Row => ({
    name,
    do: `POST /namespaces/_/actions/${base}final?blocking=true&result=true`,
    with: { json },
    status: 200,
    ...more,
  });
  testRows(
    () => host,
    [
      call('others may be given', { q: 1 }, { json: { p: 1, n: null, q: 1 } }),
      call('a defined one may not', { p: 2 }, refused),
      call('one that is null may', { n: 2 }, { json: { n: 2 } }),
      call('__ow_ names are reserved for web actions only', { __ow_method: 'x' }, { json: { __ow_method: 'x' } }),
    ],
  );
});

describe('annotations', () => {
  const key = 'function main() { return { key: process.env.__OW_API_KEY || null }; }';
  const rows: [string, object[], boolean][] = [
    ['provide-api-key true', [{ key: 'provide-api-key', value: true }], true],
    ['provide-api-key "yes": truthy', [{ key: 'provide-api-key', value: 'yes' }], true],
    ['provide-api-key false', [{ key: 'provide-api-key', value: false }], false],
    ['provide-api-key 0', [{ key: 'provide-api-key', value: 0 }], false],
    ['provide-api-key ""', [{ key: 'provide-api-key', value: '' }], false],
    ['provide-api-key null', [{ key: 'provide-api-key', value: null }], false],
    ['not given at creation: the server adds false', [], false],
  ];
  test.each(rows)('%s', async (_, annotations, given) => {
    const name = freshName('key');
    await host.putAction(name, key, { annotations });
    const { json } = await host.invoke(name, {}, 'blocking=true&result=true');
    expect(json.key).toBe(given ? host.guest.auth : null);
  });
  test('provide-api-key absent counts as true', async () => {
    const name = freshName('key');
    await host.putAction(name, key);
    await host.put(`actions/${name}`, { delAnnotations: ['provide-api-key'] });
    expect((await host.invoke(name, {}, 'blocking=true&result=true')).json.key).toBe(host.guest.auth);
  });
});

describe('records', () => {
  type Record = { annotations: { key: string; value: unknown }[] };
  const annotations = ({ annotations: all }: Record) => Object.fromEntries(all.map(({ key, value }) => [key, value]));
  test('the first in a container, and one in a warm container', async () => {
    const name = freshName('cold');
    await host.putAction(name, echo);
    const cold = annotations((await host.invoke(name)).json);
    expect(cold).toMatchObject({
      path: host.named(`NS/${name}`),
      kind: expect.stringMatching(/^nodejs:/),
      timeout: false,
      limits: { concurrency: 1, logs: 10, memory: 256, timeout: 60_000 },
      waitTime: expect.any(Number),
      initTime: expect.any(Number),
    });
    const warm = annotations((await host.invoke(name)).json);
    expect(Object.keys(warm).sort()).toEqual(['kind', 'limits', 'path', 'timeout', 'waitTime']);
  });
  test('through a binding', async () => {
    await host.put(`packages/${base}rp`, {});
    await host.putAction(`${base}rp/act`, echo);
    await host.put(`packages/${base}rb`, { binding: { namespace: '_', name: `${base}rp` } });
    const found = annotations((await host.invoke(`${base}rb/act`)).json);
    expect([found.path, found.binding]).toEqual([host.named(`NS/${base}rp/act`), host.named(`NS/${base}rb`)]);
  });
  test('a timeout says so', async () => {
    await host.putAction(`${base}to`, 'function main() { return new Promise(() => {}); }', { limits: { timeout: 2000 } });
    const { status, json } = await host.invoke(`${base}to`);
    expect([status, annotations(json).timeout, json.response.result.error]).toEqual([
      502,
      true,
      'The action exceeded its time limits of 2000 milliseconds.',
    ]);
  });
  test('start, end and duration fit', async () => {
    const { json } = await host.invoke(`${base}slow`);
    expect(json.duration).toBeGreaterThanOrEqual(690);
    expect(json.end - json.start).toBe(json.duration);
  });
});

describeOnOwnPlatform('a deprecated kind', () => {
  const directory = mkdtempSync(join(tmpdir(), 'manifest-'));
  const manifest = join(directory, 'runtimes.json');
  const image = { prefix: 'x', name: 'y', tag: 'z' };
  const write = (deprecated: boolean) =>
    writeFileSync(manifest, JSON.stringify({ runtimes: { nodejs: [{ kind: 'nodejs:20', default: true, deprecated, image }] } }));
  let old: ApiHost;
  const text = "The 'nodejs:20' runtime is no longer supported. You may read and delete but not update or invoke this action.";
  beforeAll(async () => {
    write(false);
    old = await ApiHost.open({ OPENWHISK_RUNTIMES_MANIFEST: manifest });
    await old.putAction('a', echo);
    await old.platform.kill('SIGTERM');
    write(true);
    await old.platform.run();
  });
  afterAll(async () => {
    await old.close();
    rmSync(directory, { recursive: true });
  });
  testRows(
    () => old,
    [
      { name: 'GET', do: 'GET /namespaces/_/actions/a', status: 200, json: { exec: { kind: 'nodejs:20' } } },
      { name: 'POST', do: 'POST /namespaces/_/actions/a?blocking=true', with: { json: {} }, status: 400, error: text },
      { name: 'update', do: 'PUT /namespaces/_/actions/a?overwrite=true', with: { json: {} }, status: 400, error: text },
      {
        name: 'create',
        do: 'PUT /namespaces/_/actions/b',
        with: { json: { exec: { kind: 'nodejs:20', code: '' } } },
        status: 400,
        error: text,
      },
      { name: 'DELETE', do: 'DELETE /namespaces/_/actions/a', status: 200 },
    ],
  );
});
