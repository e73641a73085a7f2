import { ApiHost, freshName, type Row, testRows } from './apiHost';

/** Reference rest-api, section 3. */
let host: ApiHost;
const base = freshName('a');
const code = 'function main(a) { return a; }';
const node = { kind: 'nodejs:default', code };
beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction(`${base}`, code, { parameters: [{ key: 'p', value: 'action' }] });
  await host.put(`packages/${base}p`, {
    parameters: [
      { key: 'p', value: 'package' },
      { key: 'q', value: 'package' },
    ],
  });
  await host.putAction(`${base}p/in`, code, { parameters: [{ key: 'p', value: 'action' }] });
  await host.put(`packages/${base}b`, { binding: { namespace: 'NS', name: `${base}p` }, parameters: [{ key: 'q', value: 'binding' }] });
  await host.put(`triggers/${base}t`, {});
});
afterAll(() => host.close());

const at = `/namespaces/_/actions/${base}`;
const put = (name: string, json: object, more: Partial<Row> = {}): Row => ({
  name,
  do: `PUT ${at}x?overwrite=true`,
  with: { json },
  status: 200,
  ...more,
});
const detail = (text: string) => ({ status: 400, error: `The request content was malformed:\n${text}` });

describe('routes', () => {
  testRows(
    () => host,
    [
      { name: 'list', do: 'GET /namespaces/_/actions', status: 200 },
      { name: 'list of a package', do: `GET ${at}p/`, status: 200, json: [{ name: 'in', namespace: `NS/${base}p` }] },
      { name: 'list of a binding: the provider’s', do: `GET ${at}b/`, status: 200, json: [{ name: 'in', namespace: `NS/${base}p` }] },
      { name: 'list of a missing package', do: `GET ${at}nosuch/`, status: 404 },
      { name: 'GET', do: `GET ${at}`, status: 200, json: { exec: { code } } },
      {
        name: 'GET in a package: parameters merged',
        do: `GET ${at}p/in`,
        status: 200,
        json: {
          parameters: [
            { key: 'p', value: 'action' },
            { key: 'q', value: 'package' },
          ],
        },
      },
      {
        name: 'GET through a binding: its parameters between',
        do: `GET ${at}b/in?code=false`,
        status: 200,
        json: {
          namespace: `NS/${base}p`,
          binding: `NS/${base}b`,
          parameters: [
            { key: 'p', value: 'action' },
            { key: 'q', value: 'binding' },
          ],
        },
      },
      { name: 'PUT without a body', do: `PUT ${at}x`, ...{ status: 400, error: /^The request content was malformed:\n/ } },
      {
        name: 'GET of a package as an action',
        do: `GET ${at}p`,
        status: 409,
        error: 'Resource by this name exists but is not in this collection.',
      },
      {
        name: 'PUT through a binding',
        do: `PUT ${at}b/in?overwrite=true`,
        with: { json: { exec: node } },
        status: 400,
        error: 'Operation not permitted on package binding.',
      },
      { name: 'DELETE through a binding', do: `DELETE ${at}b/in`, status: 400, error: 'Operation not permitted on package binding.' },
      {
        name: 'PUT in a missing package',
        do: `PUT ${at}nosuch/x`,
        with: { json: { exec: node } },
        status: 404,
        error: 'The requested resource does not exist.',
      },
      { name: '`default` is a package name like any other here', do: `GET /namespaces/_/actions/default/${base}`, status: 404 },
    ],
  );
  test('code=false leaves the code out, and the binding is shown only then', async () => {
    expect((await host.call('GET', `${at}?code=false`)).json.exec).toEqual({ kind: expect.any(String), binary: false });
    expect((await host.call('GET', `${at}b/in`)).json.binding).toBeUndefined();
  });
});

test('fields of an action', async () => {
  const { json } = await host.call('GET', at);
  expect(Object.keys(json).sort()).toEqual([
    'annotations',
    'exec',
    'limits',
    'name',
    'namespace',
    'parameters',
    'publish',
    'updated',
    'version',
  ]);
  expect(json.limits).toEqual({ timeout: 60_000, memory: 256, logs: 10, concurrency: 1 });
  expect(json.annotations).toEqual(
    expect.arrayContaining([
      { key: 'provide-api-key', value: false },
      { key: 'exec', value: json.exec.kind },
    ]),
  );
});
test('fields of a list item', async () => {
  const [item] = (await host.call('GET', '/namespaces/_/actions?limit=1')).json;
  expect(Object.keys(item).sort()).toEqual(['annotations', 'exec', 'limits', 'name', 'namespace', 'publish', 'updated', 'version']);
  expect(item.exec).toEqual({ binary: false });
});

describe('exec', () => {
  testRows(
    () => host,
    [
      put('a runtime kind with main', { exec: { ...node, main: 'run' } }, { json: { exec: { main: 'run', binary: false } } }),
      put(
        'blackbox',
        { exec: { kind: 'blackbox', image: 'reg.example/a/b:1' } },
        { json: { exec: { kind: 'blackbox', image: 'reg.example/a/b:1', binary: false } } },
      ),
      put(
        'blackbox with a digest, which is dropped',
        { exec: { kind: 'blackbox', image: `a/b@sha256:${'0'.repeat(64)}` } },
        { json: { exec: { image: 'a/b' } } },
      ),
      put(
        'sequence',
        { exec: { kind: 'sequence', components: [`/_/${base}`] } },
        { json: { exec: { kind: 'sequence', components: [`/NS/${base}`] } } },
      ),
      put('jar is code', { exec: { kind: 'nodejs:default', jar: code } }, { json: { exec: { code } } }),
      put('kind trimmed and in any case', { exec: { kind: ' NodeJS:Default ', code } }),
      put('base64 is binary', { exec: { kind: 'nodejs:default', code: 'UEsDBAo=' } }, { json: { exec: { binary: true } } }),
      put('what the client says of binary does not count', { exec: { ...node, binary: true } }, { json: { exec: { binary: false } } }),
      put('kind missing', { exec: { code } }, detail("'kind' must be a string defined in 'exec'")),
      put(
        'unknown kind',
        { exec: { kind: 'cobol:1', code } },
        {
          status: 400,
          error:
            /^The request content was malformed:\nThe specified runtime 'cobol:1' is not supported by this platform\. Valid values are: '/,
        },
      ),
      put(
        'code missing',
        { exec: { kind: 'nodejs:default' } },
        detail("'code' must be a string or attachment object defined in 'exec' for 'nodejs:default' actions"),
      ),
      put('code no string', { exec: { kind: 'nodejs:default', code: 1 } }, detail('Could not deserialize as attachment record: 1')),
      put(
        'main of the wrong type',
        { exec: { ...node, main: 1 } },
        detail("if defined, 'main' be a string in 'exec' for 'nodejs:default' actions"),
      ),
      put('image missing', { exec: { kind: 'blackbox' } }, detail("'image' must be a string defined in 'exec' for 'blackbox' actions")),
      put('image malformed', { exec: { kind: 'blackbox', image: 'A B' } }, detail('could not parse image name')),
      put('components missing', { exec: { kind: 'sequence' } }, detail("'components' must be defined for sequence kind")),
      put('components no array', { exec: { kind: 'sequence', components: 'a' } }, detail("'components' must be an array")),
    ],
  );
});

describe('PUT', () => {
  test('create without exec', async () => {
    const answer = await host.call('PUT', `${at}${freshName()}`, { json: {} });
    expect([answer.status, answer.json.error]).toEqual([400, 'exec undefined']);
  });
  test('namespace and name in the body are ignored', async () => {
    const { json } = await host.putAction(`${base}n`, code, { namespace: 'else', name: 'where' });
    expect([json.namespace, json.name]).toEqual([host.guest.namespace, `${base}n`]);
  });
  test('an update keeps what is absent and merges what is there', async () => {
    const name = `${base}u`;
    await host.putAction(name, code, {
      publish: true,
      parameters: [{ key: 'a', value: 1 }],
      annotations: [
        { key: 'x', value: 1 },
        { key: 'y', value: 1 },
      ],
      limits: { memory: 128, timeout: 1000 },
    });
    const { json } = await host.put(`actions/${name}`, {
      annotations: [{ key: 'y', value: 2 }],
      delAnnotations: ['x'],
      limits: { timeout: 2000 },
    });
    expect(json).toMatchObject({
      version: '0.0.2',
      publish: true,
      parameters: [{ key: 'a', value: 1 }],
      exec: { code },
      limits: { memory: 128, timeout: 2000 },
    });
    const keys = json.annotations.map((a: { key: string }) => a.key);
    expect([keys.includes('x'), json.annotations.find((a: { key: string }) => a.key === 'y').value]).toEqual([false, 2]);
    expect((await host.put(`actions/${name}`, { parameters: [{ key: 'b', value: 2 }] })).json.parameters).toEqual([{ key: 'b', value: 2 }]);
  });
  test('a deleted provide-api-key does not come back', async () => {
    const name = `${base}k`;
    await host.putAction(name, code);
    await host.put(`actions/${name}`, { delAnnotations: ['provide-api-key'] });
    const { json } = await host.put(`actions/${name}`, {});
    expect(json.annotations.map((a: { key: string }) => a.key)).toEqual(['exec']);
  });
  test('delAnnotations on create is ignored', async () => {
    const { json } = await host.putAction(`${base}d`, code, { annotations: [{ key: 'x', value: 1 }], delAnnotations: ['x'] });
    expect(json.annotations).toContainEqual({ key: 'x', value: 1 });
  });
  test('a sequence has its components as its parameters, and loses them when it becomes code', async () => {
    const name = `${base}s`;
    const components = [`/_/${base}`];
    const made = await host.put(`actions/${name}`, { exec: { kind: 'sequence', components }, parameters: [{ key: 'a', value: 1 }] });
    expect(made.json.parameters).toEqual([{ key: '_actions', value: [host.named(`/NS/${base}`)] }]);
    expect((await host.putAction(name, code)).json.parameters).toEqual([]);
  });
  test('delAnnotations with a sequence are lost', async () => {
    const name = `${base}l`;
    const exec = { kind: 'sequence', components: [`/_/${base}`] };
    await host.put(`actions/${name}`, { exec, annotations: [{ key: 'x', value: 1 }] });
    expect((await host.put(`actions/${name}`, { exec, delAnnotations: ['x'] })).json.annotations).toContainEqual({ key: 'x', value: 1 });
  });
  test('DELETE does not look for rules that refer to it', async () => {
    await host.putAction(`${base}r`, code);
    await host.put(`rules/${base}r-rule`, { trigger: `/_/${base}t`, action: `/_/${base}r` });
    expect((await host.call('DELETE', `${at}r`)).status).toBe(200);
  });
});

describe('sequence checks', () => {
  const sequence = (name: string, components: unknown, more: Partial<Row>) =>
    put(name, { exec: { kind: 'sequence', components } }, { status: 400, ...more });
  testRows(
    () => host,
    [
      sequence('no component', [], { error: 'No component specified for the sequence.' }),
      sequence(
        'too many',
        Array.from({ length: 51 }, () => `/_/${base}`),
        { error: 'Too many actions in the sequence.' },
      ),
      sequence(
        'fifty are not too many',
        Array.from({ length: 50 }, () => `/_/${base}`),
        { status: 200 },
      ),
      sequence('itself', [`/_/${base}x`], { error: 'Sequence may not refer to itself.' }),
      sequence('a missing one', ['/_/nosuch'], { error: 'Sequence component does not exist.' }),
      sequence('in a missing package', ['/_/nosuch/a'], { status: 404, error: 'The requested resource does not exist.' }),
      sequence('a trigger', [`/_/${base}t`], { status: 409, error: 'Resource by this name exists but is not in this collection.' }),
      sequence(
        'a bare name',
        ['a'],
        detail(
          'requirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity.',
        ),
      ),
      sequence('a foreign one', ['/OTHER/a'], { status: 403 }),
    ],
  );
});

describe('limits', () => {
  const limit = (limits: object, more: Partial<Row>) => put(JSON.stringify(limits), { exec: node, limits }, { status: 400, ...more });
  const required = (text: string) => ({ error: `requirement failed: ${text}` });
  testRows(
    () => host,
    [
      limit({ memory: 128, timeout: 100, logs: 0, concurrency: 1 }, { status: 200 }),
      limit({ memory: 512, timeout: 300_000, logs: 10 }, { status: 200 }),
      limit({ memory: 128.0, instances: 0 }, { status: 200 }),
      limit({ memory: 127 }, required('memory size 127 MB below allowed threshold of 128 MB')),
      limit({ memory: 513 }, required('memory size 513 MB exceeds allowed threshold of 512 MB')),
      limit({ memory: 'x' }, detail('memory limit malformed')),
      limit({ memory: 128.5 }, detail('requirement failed: memory limit must be whole number')),
      limit({ memory: -1 }, detail('requirement failed: a negative size of an object is not allowed.')),
      limit({ timeout: 99 }, required('duration 99 milliseconds below allowed threshold of 100 milliseconds')),
      limit({ timeout: 300_001 }, required('duration 300001 milliseconds exceeds allowed threshold of 300000 milliseconds')),
      limit({ timeout: 'x' }, detail('time limit malformed')),
      limit({ timeout: 100.5 }, detail('requirement failed: time limit must be whole number')),
      limit({ logs: 11 }, required('log size 11 MB exceeds allowed threshold of 10 MB')),
      limit({ logs: -1 }, detail('requirement failed: a negative size of an object is not allowed.')),
      limit({ logs: 'x' }, detail('log limit malformed')),
      limit({ logs: 0.5 }, detail('requirement failed: log limit must be whole number')),
      limit({ concurrency: 0 }, required('concurrency 0 below allowed threshold of 1')),
      limit({ concurrency: 2 }, required('concurrency 2 exceeds allowed threshold of 1')),
      limit({ concurrency: 'x' }, detail('concurrency limit malformed')),
      limit({ concurrency: 1.5 }, detail('requirement failed: intra concurrency limit must be whole number')),
      limit({ instances: 100_000 }, { error: /^Max action instance concurrency must not exceed your namespace concurrency of \d+\.$/ }),
      limit({ instances: -1 }, detail('requirement failed: Action container concurrency must be greater than or equal to 0.')),
      limit({ instances: 'x' }, detail('instance concurrency limit malformed')),
      limit({ instances: 1.5 }, detail('requirement failed: instance concurrency limit must be whole number')),
      limit({ memory: 1, timeout: 1, logs: 99 }, required('memory size 1 MB below allowed threshold of 128 MB')),
    ],
  );
});
