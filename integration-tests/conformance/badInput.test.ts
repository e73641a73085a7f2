import type { HttpAnswer } from '../httpCall';
import { ApiHost, expectAnswer, testRows } from './apiHost';

/** What a client may do wrong, or wickedly: the right 4xx or a closed connection, and a platform that goes on for everybody else. */
let host: ApiHost;
const json = { 'content-type': 'application/json' };

beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction('echo', 'function main(a) { return a; }');
  await host.put('triggers/t', {});
  await host.put('rules/r', { trigger: '/NS/t', action: '/NS/echo' });
});
afterAll(() => host.close());
afterEach(async () => {
  const alive = await host.call('GET', '/namespaces/_/actions?limit=1', { as: 'other' });
  expect(alive.status).toBe(200);
});

const malformed = /^The request content was malformed:\n./;

describe('bodies that are no JSON', () => {
  const bodies: [string, string | Buffer][] = [
    ['truncated object', '{"exec":'],
    ['truncated string', '{"a":"b'],
    ['truncated escape', '{"a":"\\u12'],
    ['no quotes', '{a:1}'],
    ['trailing comma', '{"a":1,}'],
    ['two values', '{} {}'],
    ['comment', '{/* */}'],
    ['NaN', '{"a":NaN}'],
    ['control character in a string', '{"a":"\u0001"}'],
    ['byte order mark', '\ufeff{}'],
    ['zero bytes', Buffer.alloc(16)],
    ['a number with a leading zero', '{"a":01}'],
    ['deep arrays', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['deep objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['deep and truncated', '['.repeat(500_000)],
  ];
  const targets: [string, string][] = [
    ['PUT', 'actions/x'],
    ['PUT', 'packages/x'],
    ['PUT', 'triggers/x'],
    ['PUT', 'rules/x'],
    ['POST', 'actions/echo'],
    ['POST', 'triggers/t'],
    ['POST', 'rules/r'],
  ];
  const rows = targets.flatMap(([method, path]) => bodies.map(([name, body]) => [method, path, name, body] as const));
  test.each(rows)('%s %s: %s', async (method, path, _, body) => {
    const answer = await host.call(method, `/namespaces/_/${path}`, { body, headers: json });
    expectAnswer(host, answer, { status: 400, error: malformed });
    expect(answer.json.code).toBe(answer.headers['x-request-id']);
  });
  test.each(bodies)('web action: %s', async (_, body) => {
    await host.putAction('web', 'function main(a) { return { body: a }; }', { annotations: [{ key: 'web-export', value: true }] });
    const answer = await host.call('POST', '/web/NS/default/web', { body, headers: json, as: 'none' });
    expectAnswer(host, answer, { status: 400, error: malformed });
  });
});

describe('wrong types in every field', () => {
  const wrong: [string, unknown[]][] = [
    ['exec', ['x', 1, true, [], {}, { kind: 1 }, { kind: 'nodejs:default' }, { kind: 'nodejs:default', code: 1 }]],
    ['exec.main', [{ kind: 'nodejs:default', code: '', main: 1 }]],
    ['exec.image', [{ kind: 'blackbox' }, { kind: 'blackbox', image: 1 }, { kind: 'blackbox', image: 'A B' }]],
    ['exec.components', [{ kind: 'sequence' }, { kind: 'sequence', components: 'a' }, { kind: 'sequence', components: [1] }]],
    ['parameters', ['x', 1, true, {}, [1], ['a'], [{}], [{ key: 'a' }], [{ key: 1, value: 1 }], [{ value: 1 }]]],
    ['annotations', ['x', 1, true, {}, [1], [{}], [{ key: 'a' }], [{ key: 1, value: 1 }]]],
    ['limits', ['x', 1, true]],
    ['limits.timeout', [{ timeout: 'x' }, { timeout: true }, { timeout: 1.5 }, { timeout: {} }]],
    ['limits.memory', [{ memory: 'x' }, { memory: -1 }, { memory: 128.5 }, { memory: [] }]],
    ['limits.logs', [{ logs: 'x' }, { logs: -1 }, { logs: 0.5 }]],
    ['limits.concurrency', [{ concurrency: 'x' }, { concurrency: 1.5 }]],
    ['limits.instances', [{ instances: 'x' }, { instances: -1 }]],
    ['version', [1, true, [], {}, '', 'x', '1.x', '-1.0.0', '0.0.0']],
    ['publish', ['x', 1, [], {}]],
    ['delAnnotations', ['x', 1, {}, [1]]],
    ['trigger', [1, true, [], {}, '', 'bare', '/a b c/$', { path: 1, name: 'x' }]],
    ['action', [1, true, [], {}, '', 'bare', { path: 'ns' }]],
    ['binding', [1, 'x', true, [], { namespace: 1, name: 'x' }, { namespace: 'a/b', name: 'x' }, { name: 'x' }, null]],
  ];
  const only: Record<string, string[]> = {
    exec: ['actions', 'packages', 'triggers', 'rules'],
    parameters: ['actions', 'packages', 'triggers', 'rules'],
    annotations: ['actions', 'packages', 'triggers', 'rules'],
    version: ['actions', 'packages', 'triggers', 'rules'],
    publish: ['actions', 'packages', 'triggers', 'rules'],
    trigger: ['rules'],
    action: ['rules'],
    binding: ['packages'],
  };
  const good: Record<string, object> = {
    actions: { exec: { kind: 'nodejs:default', code: '' } },
    packages: {},
    triggers: {},
    rules: { trigger: '/_/t', action: '/_/echo' },
  };
  const rows = wrong.flatMap(([field, values]) => {
    const top = field.split('.')[0]!;
    const collections = field.includes('.') && top === 'exec' ? ['actions'] : (only[top] ?? ['actions']);
    return collections.flatMap((collection) => values.map((value) => [collection, field, JSON.stringify(value), value] as const));
  });
  test.each(rows)('%s %s: %s', async (collection, field, _, value) => {
    const body = { ...good[collection], [field.split('.')[0]!]: value };
    const answer = await host.call('PUT', `/namespaces/_/${collection}/wrong?overwrite=true`, { json: body });
    expect([answer.status, typeof answer.json?.error, answer.json?.code]).toEqual([400, 'string', answer.headers['x-request-id']]);
    expect((await host.call('GET', `/namespaces/_/${collection}/wrong`)).status).toBe(404);
  });
  const bodies = ['[]', '"x"', '1', 'true', 'null'];
  test.each(
    bodies.flatMap((body) => [
      ['PUT', 'actions/x', body],
      ['PUT', 'triggers/x', body],
      ['POST', 'actions/echo', body],
      ['POST', 'triggers/t', body],
      ['POST', 'rules/r', body],
    ]),
  )('%s %s with %s as the body', async (method, path, body) => {
    const answer = await host.call(method!, `/namespaces/_/${path}`, { body: body!, headers: json });
    expectAnswer(host, answer, { status: 400, error: malformed });
  });
});

describe('huge strings', () => {
  const long = 'x'.repeat(2 * 1024 * 1024);
  testRows(
    () => host,
    [
      {
        name: 'parameters',
        do: 'PUT /namespaces/_/packages/x',
        with: { json: { parameters: [{ key: 'a', value: long }] } },
        status: 413,
        error: /^parameters larger than allowed: 2097155 > 1048576 bytes\.$/,
      },
      {
        name: 'annotations',
        do: 'PUT /namespaces/_/triggers/x',
        with: { json: { annotations: [{ key: long, value: 1 }] } },
        status: 413,
        error: /^annotations larger than allowed: /,
      },
      {
        name: 'payload',
        do: 'POST /namespaces/_/actions/echo',
        with: { json: { long } },
        status: 413,
        error: /^Request larger than allowed: 2097163 > 1048576 bytes\.$/,
      },
      {
        name: 'payload of a trigger',
        do: 'POST /namespaces/_/triggers/t',
        with: { json: { long } },
        status: 413,
        error: /^Request larger than allowed: /,
      },
      { name: 'version', do: 'PUT /namespaces/_/packages/x', with: { json: { version: long } }, status: 400, error: malformed },
      { name: 'kind', do: 'PUT /namespaces/_/actions/x', with: { json: { exec: { kind: long, code: '' } } }, status: 400 },
      {
        name: 'name in the path',
        do: `GET /namespaces/_/actions/${'x'.repeat(257)}`,
        status: 400,
        error: 'Name segement longer than allowed: 257 > 256.',
      },
      {
        name: 'namespace in the path',
        do: `GET /namespaces/${'x'.repeat(257)}/actions`,
        status: 400,
        error: 'Namespace longer than allowed: 257 > 256.',
      },
      { name: 'target', do: `GET /namespaces/_/actions?x=${'y'.repeat(9000)}`, status: 414 },
      {
        name: 'query value',
        do: `GET /namespaces/_/actions?limit=${'9'.repeat(5000)}`,
        status: 400,
        error: /^The query parameter 'limit' was malformed/,
      },
    ],
  );
  test('code above its bound', async () => {
    const answer = await host.call('PUT', '/namespaces/_/actions/x', {
      json: { exec: { kind: 'nodejs:default', code: 'x'.repeat(48 * 1024 * 1024 + 1) } },
    });
    expectAnswer(host, answer, { status: 413, error: 'exec larger than allowed: 50331649 > 50331648 bytes.' });
  });
  test('a body above the bound of the server', async () => {
    const answer = await host
      .call('PUT', '/namespaces/_/actions/x', { body: Buffer.alloc(51 * 1024 * 1024, 'x'), headers: json })
      .catch((error: NodeJS.ErrnoException): Partial<HttpAnswer> => ({ text: error.code ?? '' }));
    // the connection may be cut while the client still writes
    expect(['Request too large', 'ECONNRESET', 'EPIPE']).toContain(answer.text);
  });
});

describe('invalid UTF-8', () => {
  test('in a payload: replaced, as Apache OpenWhisk does', async () => {
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const answer = await host.call('POST', '/namespaces/_/actions/echo?blocking=true&result=true', { body, headers: json });
    expect([answer.status, answer.json]).toEqual([200, { a: '\ufffd\ufffd' }]);
  });
  test.each(['/namespaces/_/actions/%ff', '/namespaces/%c3%28/actions', '/namespaces/_/actions/%', '/namespaces/_/actions/%zz'])(
    'in the path: %s',
    async (path) => {
      expect((await host.call('GET', path)).status).toBe(400);
    },
  );
  test.each(['?limit=%ff', '?%ff=1', '?limit=%', '?a=%e0%80'])('in the query: %s', async (query) => {
    expect((await host.call('GET', `/namespaces/_/actions${query}`)).status).toBe(400);
  });
});

describe('path tricks', () => {
  test.each([
    ['/namespaces/_/actions/..', 400],
    ['/namespaces/_/actions/%2e%2e', 400],
    ['/namespaces/_/actions/..%2f..%2fx', 400],
    ['/namespaces/_/actions/a%2fb', 400],
    ['/namespaces/_/actions/a%00', 400],
    ['/namespaces/_/actions/a%0a', 400],
    ['/namespaces/_//actions', 404],
    ['//api/v1//namespaces/_/actions', 404],
    ['/namespaces/_/actions/a/b/c', 404],
    ['/namespaces/_/actions//a', 404],
    ['/namespaces/_/activations/../actions', 400],
    ['/namespaces/_/__proto__', 404],
    ['/namespaces/_/constructor/x', 404],
    ['/namespaces/_/actions/__proto__', 404],
    ['/namespaces/../../etc/passwd', 404],
    ['//../../etc/passwd', 405],
    ['//%2e%2e/%2e%2e/etc/passwd', 405],
    ['//.git/config', 405],
  ])('%s', async (path, status) => {
    const answer = await host.call('GET', path, { exactPath: true });
    expect([answer.status, answer.json?.code]).toEqual([status, answer.headers['x-request-id']]);
  });
  test('names of JavaScript are names like any other', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      await host.putAction(name, 'function main(a) { return a; }', { parameters: [{ key: name, value: 1 }] });
      const body = `{"__proto__":{"polluted":true},"${name}":2}`;
      const answer = await host.call('POST', `/namespaces/_/actions/${name}?blocking=true&result=true`, { body, headers: json });
      expect(answer.status).toBe(200);
      expect(answer.text).toContain(`"${name}":2`);
      expect((await host.call('DELETE', `/namespaces/_/actions/${name}`)).status).toBe(200);
    }
    expect((await host.call('GET', '/namespaces/_/actions?limit=1')).json[0].polluted).toBeUndefined();
  });
});
