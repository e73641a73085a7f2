import { ApiHost, freshName, type Row, testRows } from './apiHost';

/** Reference rest-api, sections 1.5 (namespaces, names, versions), 1.7 (sizes) and 1.9 (PUT, GET, DELETE). */
let host: ApiHost;
const base = freshName('n');
beforeAll(async () => {
  host = await ApiHost.open();
  await host.put(`triggers/${base}t`, {});
  await host.putAction(`${base}a`, 'function main() {}');
});
afterAll(() => host.close());

const put = (name: string, more: Partial<Row> = {}): Row => ({
  name,
  do: `PUT /namespaces/_/triggers/${encodeURIComponent(name)}?overwrite=true`,
  with: { json: {} },
  status: 200,
  ...more,
});

describe('entity names', () => {
  const illegal = { status: 400, error: 'The name of the entity contains illegal characters.' };
  testRows(
    () => host,
    [
      ...['a', 'A', '7', '_x', 'a b', 'a@b.c', 'a-b', 'a&b', 'a.', 'a-', 'x'.repeat(256)].map((name) =>
        put(name, { name: `good: ${name.slice(0, 20)}`, json: { name } }),
      ),
      ...[' a', 'a ', '-a', '.a', '@a', '&a', 'a$', 'a:b', 'a,b', 'a\tb', 'ä', 'a*', 'a"'].map((name) =>
        put(name, { name: `bad: ${JSON.stringify(name)}`, ...illegal }),
      ),
      put('x'.repeat(257), { name: 'too long', status: 400, error: 'Name segement longer than allowed: 257 > 256.' }),
    ],
  );
});

describe('namespaces', () => {
  testRows(
    () => host,
    [
      { name: '_ is the own one', do: 'GET /namespaces/_/limits', status: 200 },
      { name: 'the own one by name', do: 'GET /namespaces/NS/limits', status: 200 },
      { name: 'illegal', do: 'GET /namespaces/a$b/actions', status: 400, error: 'The namespace contains illegal characters.' },
      {
        name: 'too long',
        do: `GET /namespaces/${'x'.repeat(257)}/actions`,
        status: 400,
        error: 'Namespace longer than allowed: 257 > 256.',
      },
      { name: 'a namespace alone has no route', do: 'GET /namespaces/_', status: 404, error: 'The requested resource could not be found.' },
    ],
  );
});

describe('path strings in bodies', () => {
  const rule = (trigger: unknown, more: Partial<Row>): Row => ({
    name: JSON.stringify(trigger),
    do: `PUT /namespaces/_/rules/${base}r?overwrite=true`,
    with: { json: { trigger, action: `/_/${base}a` } },
    status: 200,
    ...more,
  });
  const detail = (text: string) => ({ status: 400, error: `The request content was malformed:\n${text}` });
  const found = { json: { trigger: { path: 'NS', name: `${base}t` } } };
  testRows(
    () => host,
    [
      rule(`/NS/${base}t`, found),
      rule(`NS/${base}t`, found),
      rule(`/NS//${base}t`, found),
      rule(`/_/${base}t`, found),
      rule({ path: 'NS', name: `${base}t` }, found),
      rule(
        'bare',
        detail(
          'requirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity.',
        ),
      ),
      rule('', detail('requirement failed: path undefined')),
      rule('/NS/a$b', { status: 400, error: /requirement failed: path contains invalid parts / }),
    ],
  );
});

describe('versions', () => {
  const version = (given: unknown, more: Partial<Row>): Row =>
    put(`${base}v${JSON.stringify(given).replace(/\W/g, '-')}x`, {
      name: JSON.stringify(given),
      with: { json: { version: given } },
      ...more,
    });
  const bad = { status: 400, error: 'The request content was malformed:\nsemantic version malformed' };
  testRows(
    () => host,
    [
      version('1.2.3', { json: { version: '1.2.3' } }),
      version('1', { json: { version: '1.0.0' } }),
      version('1.2', { json: { version: '1.2.0' } }),
      version('1.2.3.4', { json: { version: '1.2.3' } }),
      version('01.002.3', { json: { version: '1.2.3' } }),
      version('0.0.0', bad),
      version('x', bad),
      version(1, bad),
    ],
  );
  test('default, bump, down', async () => {
    const name = freshName('v');
    const at = async (json: object) => (await host.put(`triggers/${name}`, json)).json.version;
    expect([await at({}), await at({}), await at({ version: '2.0.0' }), await at({}), await at({ version: '1.0.0' })]).toEqual([
      '0.0.1',
      '0.0.2',
      '2.0.0',
      '2.0.1',
      '1.0.0',
    ]);
  });
});

describe('one key space', () => {
  const conflict = { status: 409, error: 'Resource by this name exists but is not in this collection.' };
  const named: [string, object][] = [
    ['actions', { exec: { kind: 'nodejs:default', code: '' } }],
    ['packages', {}],
    ['rules', { trigger: `/_/${base}t`, action: `/_/${base}a` }],
  ];
  testRows(
    () => host,
    [
      ...named.map(
        ([collection, json]): Row => ({
          name: `PUT ${collection}`,
          do: `PUT /namespaces/_/${collection}/${base}t?overwrite=true`,
          with: { json },
          ...conflict,
        }),
      ),
      ...['actions', 'packages', 'rules'].flatMap((c) =>
        ['GET', 'DELETE'].map((m): Row => ({ name: `${m} ${c}`, do: `${m} /namespaces/_/${c}/${base}t`, ...conflict })),
      ),
    ],
  );
});

describe('parameters and annotations', () => {
  const parameters = (given: unknown, stored: unknown): Row => ({
    name: JSON.stringify(given),
    do: `PUT /namespaces/_/packages/${base}p?overwrite=true`,
    with: { json: { parameters: given } },
    ...(stored === undefined
      ? { status: 400, error: 'The request content was malformed:\nparameters malformed!' }
      : { status: 200, json: { parameters: stored } }),
  });
  testRows(
    () => host,
    [
      parameters(
        [
          { key: 'a', value: 1 },
          { key: 'a', value: 2 },
        ],
        [{ key: 'a', value: 2 }],
      ),
      parameters([{ key: '', value: null }], [{ key: '', value: null }]),
      parameters([{ key: 'a', value: 1, init: true }], [{ key: 'a', value: 1, init: true }]),
      parameters([{ key: 'a', value: 1, init: false, more: 1 }], [{ key: 'a', value: 1 }]),
      parameters(null, [{ key: 'a', value: 1 }]),
      parameters([{ key: 'a' }], undefined),
      parameters([{ value: 1 }], undefined),
      parameters({}, undefined),
    ],
  );
});

describe('sizes', () => {
  const over = 'x'.repeat(1024 * 1024);
  testRows(
    () => host,
    [
      {
        name: 'parameters: key bytes and compact JSON',
        do: `PUT /namespaces/_/packages/${base}s?overwrite=true`,
        with: { json: { parameters: [{ key: 'k', value: over.slice(3) }] } },
        status: 200,
      },
      {
        name: 'parameters, one more',
        do: `PUT /namespaces/_/packages/${base}s`,
        with: { json: { parameters: [{ key: 'k', value: over.slice(2) }] } },
        status: 413,
        error: 'parameters larger than allowed: 1048577 > 1048576 bytes.',
      },
      {
        name: 'UTF-8 counts, not characters',
        do: `PUT /namespaces/_/packages/${base}s`,
        with: { json: { parameters: [{ key: 'k', value: 'ä'.repeat(600_000) }] } },
        status: 413,
        error: 'parameters larger than allowed: 1200003 > 1048576 bytes.',
      },
      {
        name: 'annotations',
        do: `PUT /namespaces/_/packages/${base}s`,
        with: { json: { annotations: [{ key: 'k', value: over }] } },
        status: 413,
        error: 'annotations larger than allowed: 1048579 > 1048576 bytes.',
      },
      {
        name: 'before reserved names',
        do: 'PUT /namespaces/_/packages/default',
        with: { json: { annotations: [{ key: 'k', value: over }] } },
        status: 413,
      },
      {
        name: 'unknown fields do not count',
        do: `PUT /namespaces/_/packages/${base}s?overwrite=true`,
        with: { json: { what: over } },
        status: 200,
      },
      {
        name: 'body of a call',
        do: `POST /namespaces/_/actions/${base}a`,
        with: { json: { a: over } },
        status: 413,
        error: 'Request larger than allowed: 1048584 > 1048576 bytes.',
      },
      {
        name: 'body of a firing',
        do: `POST /namespaces/_/triggers/${base}t`,
        with: { json: { a: over } },
        status: 413,
        error: 'Request larger than allowed: 1048584 > 1048576 bytes.',
      },
      {
        name: 'a sequence: names of its components',
        do: `PUT /namespaces/_/actions/${base}s`,
        with: { json: { exec: { kind: 'sequence', components: Array.from({ length: 197_500 }, () => `/_/${'x'.repeat(253)}`) } } },
        status: 413,
        error: /^exec larger than allowed: /,
      },
    ],
  );
});

describe('PUT, GET, DELETE', () => {
  const name = freshName('g');
  testRows(
    () => host,
    [
      { name: 'new', do: `PUT /namespaces/_/triggers/${name}`, with: { json: {} }, status: 200 },
      { name: 'existing', do: `PUT /namespaces/_/triggers/${name}`, with: { json: {} }, status: 409, error: 'resource already exists' },
      {
        name: 'existing, overwrite',
        do: `PUT /namespaces/_/triggers/${name}?overwrite=true`,
        with: { json: {} },
        status: 200,
        json: { version: '0.0.2' },
      },
      {
        name: 'new, overwrite',
        do: `PUT /namespaces/_/triggers/${name}2?overwrite=true`,
        with: { json: {} },
        status: 200,
        json: { version: '0.0.1' },
      },
      {
        name: 'body and limits before existence',
        do: `PUT /namespaces/_/actions/${base}a`,
        with: { json: { limits: { memory: 1 } } },
        status: 400,
      },
      { name: 'a foreign target before existence', do: `PUT /namespaces/_/triggers/${name}x`, with: { json: { version: 1 } }, status: 400 },
      { name: 'existence before a missing exec', do: `PUT /namespaces/_/actions/${base}a`, with: { json: {} }, status: 409 },
      { name: 'DELETE gives the entity', do: `DELETE /namespaces/_/triggers/${name}`, status: 200, json: { name, version: '0.0.2' } },
      {
        name: 'DELETE of what is gone',
        do: `DELETE /namespaces/_/triggers/${name}`,
        status: 404,
        error: 'The requested resource does not exist.',
      },
      {
        name: 'GET of what is gone',
        do: `GET /namespaces/_/triggers/${name}`,
        status: 404,
        error: 'The requested resource does not exist.',
      },
    ],
  );
  test('a lost race', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        host.call('PUT', `/namespaces/_/triggers/${base}race?overwrite=true`, { json: { parameters: [{ key: 'i', value: i }] } }),
      ),
    );
    for (const answer of statuses.filter((a) => a.status !== 200)) {
      expect([answer.status, answer.json.error]).toEqual([409, 'Concurrent modification to resource detected.']);
    }
  });
  test('`updated` is set at every write', async () => {
    const before = Date.now() - 5000;
    const { updated } = (await host.put(`triggers/${base}t`, { updated: 1 })).json;
    expect(updated).toBeGreaterThan(before);
  });
});
