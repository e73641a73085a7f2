import { ApiHost, describeOnOwnPlatform, freshName, type Row, testRows } from './apiHost';

/** Reference invocation, sections 8.1 (addressing), 8.2 (arguments), 8.3 (status) and 8.6 (OPTIONS and CORS). */
let host: ApiHost;
const base = freshName('w');
const exported = (...more: [string, unknown][]) => ({
  annotations: [['web-export', true], ...more].map(([key, value]) => ({ key, value })),
});
const echo = 'function main(a) { return { body: a }; }';
beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction(base, echo, exported());
  await host.put(`packages/${base}p`, {});
  await host.putAction(`${base}p/${base}`, echo, exported());
  await host.put(`packages/${base}b`, { binding: { namespace: '_', name: `${base}p` } });
  await host.putAction(`${base}raw`, echo, exported(['raw-http', true]));
  await host.putAction(`${base}final`, echo, { ...exported(['final', true]), parameters: [{ key: 'p', value: 1 }] });
  await host.putAction(`${base}secret`, echo, exported(['require-whisk-auth', 'hush']));
  await host.putAction(`${base}number`, echo, exported(['require-whisk-auth', 42]));
  await host.putAction(`${base}auth`, echo, exported(['require-whisk-auth', true]));
  await host.putAction(`${base}open`, echo, exported(['require-whisk-auth', false]));
  await host.putAction(`${base}odd`, echo, exported(['require-whisk-auth', { a: 1 }]));
  await host.putAction(
    `${base}options`,
    'function main(a) { return { statusCode: 201, body: a.__ow_method }; }',
    exported(['web-custom-options', true], ['require-whisk-auth', 'hush']),
  );
  for (const value of ['true', 1, false, null])
    await host.putAction(`${base}x${value}`, echo, { annotations: [{ key: 'web-export', value }] });
});
afterAll(() => host.close());

const web = `/web/NS/default/${base}`;
const anonymous = { as: 'none' } as const;
const missing = { status: 404, error: 'The requested resource does not exist.' };

describe('addressing', () => {
  const at = (name: string, path: string, more: Partial<Row> = {}): Row => ({
    name,
    do: `GET /web/${path}`,
    with: anonymous,
    status: 200,
    ...more,
  });
  testRows(
    () => host,
    [
      at('default package', `NS/default/${base}`),
      at('package', `NS/${base}p/${base}`),
      at('binding', `NS/${base}b/${base}`),
      ...['http', 'json', 'html', 'text'].map((extension) =>
        at(`.${extension}`, `NS/default/${base}.${extension}`, extension === 'html' ? { status: 400 } : {}),
      ),
      at('an unknown extension is part of the name', `NS/default/${base}.xml`, missing),
      at('path behind the action', `NS/default/${base}.http/a/b`, { json: { __ow_path: '/a/b' } }),
      at('namespace missing', `nobody/default/${base}`, missing),
      at('package missing', `NS/nosuch/${base}`, missing),
      at('action missing', 'NS/default/nosuch', { ...missing, headers: { 'access-control-allow-origin': null } }),
      ...['true', '1', 'false', 'null'].map((value) => at(`web-export ${value}`, `NS/default/${base}x${value}`, missing)),
      at('_ is no namespace here', `_/default/${base}`, missing),
      at('two segments, no credentials', `NS/${base}`, { status: 401 }),
      at('two segments, with credentials', `NS/${base}`, { with: {}, status: 404, error: 'The requested resource could not be found.' }),
      at('a segment outside the grammar', `NS/default/a$b`, { status: 401 }),
      { name: 'two segments, OPTIONS', do: `OPTIONS /web/NS/${base}`, with: anonymous, status: 200 },
    ],
  );
  test('a binding whose provider is not readable any more', async () => {
    await host.put(`packages/${base}op`, { publish: true }, 'other');
    await host.putAction(`${base}op/${base}`, echo, exported(), 'other');
    await host.put(`packages/${base}ob`, { binding: { namespace: 'OTHER', name: `${base}op` } });
    expect((await host.call('GET', `/web/NS/${base}ob/${base}`, anonymous)).status).toBe(200);
    await host.put(`packages/${base}op`, { publish: false }, 'other');
    const { status, json } = await host.call('GET', `/web/NS/${base}ob/${base}`, anonymous);
    expect([status, json.error]).toEqual([403, host.named(`The supplied authentication is not authorized to access 'OTHER/${base}op'.`)]);
  });
});

describe('refusals', () => {
  const refused = { status: 400, error: 'Request defines parameters that are not allowed (e.g., reserved properties).' };
  const unauthorized = { status: 401, error: 'Authentication is possible but has failed or not yet been provided.' };
  const secret = (value: string) => ({ as: 'none', headers: { 'X-Require-Whisk-Auth': value } }) as const;
  const at = (name: string, action: string, more: Partial<Row> = {}): Row => ({
    name,
    do: `GET ${web}${action}`,
    with: anonymous,
    status: 200,
    ...more,
  });
  testRows(
    () => host,
    [
      at('secret missing', 'secret', unauthorized),
      at('secret wrong', 'secret', { with: secret('no'), ...unauthorized }),
      at('secret right', 'secret', { with: secret('hush') }),
      at('number', 'number', { with: secret('42') }),
      at('number wrong', 'number', { with: secret('43'), ...unauthorized }),
      at('true: anonymous', 'auth', unauthorized),
      at('true: wrong credentials count as anonymous', 'auth', { with: { as: 'bad' }, ...unauthorized }),
      at('true: anybody known', 'auth', { with: { as: 'other' } }),
      at('false: open', 'open'),
      at('another type: nobody', 'odd', { with: {}, ...unauthorized }),
      ...['__ow_method', '__ow_headers', '__ow_path', '__ow_user', '__ow_query', '__ow_body'].map((key) =>
        at(`reserved in the query: ${key}`, `?${key}=1`, refused),
      ),
      at('reserved in the body', '', { do: `POST ${web}`, with: { as: 'none', json: { __ow_path: 1 } }, ...refused }),
      at('final in the query', 'final?p=2', refused),
      at('final, another one', 'final?q=2', { json: { p: 1, q: '2' } }),
      at('raw: not checked', 'raw?__ow_method=1', { json: { __ow_query: '__ow_method=1' } }),
      at('body too large', '', {
        do: `POST ${web}`,
        with: { as: 'none', json: { a: 'x'.repeat(1024 * 1024) } },
        status: 413,
        error: 'Request larger than allowed: 1048584 > 1048576 bytes.',
      }),
    ],
  );
});

describe('arguments', () => {
  const args = async (method: string, path: string, options: Parameters<ApiHost['call']>[2] = {}) =>
    (await host.call(method, `${web}${path}`, { ...anonymous, ...options })).json;
  const body = (type: string | undefined, text: string | Buffer): { body: string | Buffer; headers: Record<string, string> } => ({
    body: text,
    headers: type === undefined ? {} : { 'content-type': type },
  });
  test.each(['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])('__ow_method of %s', async (method) => {
    expect((await args(method, '')).__ow_method).toBe(method.toLowerCase());
  });
  test('__ow_headers', async () => {
    const { __ow_headers: headers } = await args('POST', '', {
      json: {},
      headers: { 'X-Mine': 'a', 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'tid' },
    });
    expect(headers).toMatchObject({ 'x-mine': 'a', 'content-type': 'application/json', 'x-request-id': 'tid', host: expect.any(String) });
    expect(Object.keys(headers)).not.toContain('content-length');
  });
  test('__ow_path keeps its escapes in one form', async () => {
    expect((await args('GET', '/%7Ex%41%2fb')).__ow_path).toBe('/~xA%2Fb');
    expect((await args('GET', '')).__ow_path).toBe('');
  });
  test('__ow_user only of those who are known', async () => {
    expect([(await args('GET', '', { as: 'other' })).__ow_user, (await args('GET', '')).__ow_user]).toEqual([
      host.other.namespace,
      undefined,
    ]);
  });
  test('query, of a repeated key the last, and a body over it', async () => {
    expect(await args('POST', '?a=1&b=1&b=2&c', { json: { a: 'body' } })).toMatchObject({ a: 'body', b: '2', c: '' });
  });
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
  const rows: [string, string | undefined, string | Buffer, object, string][] = [
    ['JSON object', 'application/json', '{"x":1}', { x: 1 }, Buffer.from('{"x":1}').toString('base64')],
    ['other JSON', 'application/json', '[1]', { __ow_body: [1] }, Buffer.from('[1]').toString('base64')],
    ['+json, registered as text', 'application/problem+json', '{"x":1}', { x: 1 }, '{"x":1}'],
    ['+json, unregistered', 'application/x-foo+json', '{"x":1}', { x: 1 }, Buffer.from('{"x":1}').toString('base64')],
    ['form', 'application/x-www-form-urlencoded', 'x=1&y=a+b', { x: '1', y: 'a b' }, 'x=1&y=a+b'],
    ['binary', 'image/png', png, { __ow_body: png.toString('base64') }, png.toString('base64')],
    ['text', 'text/plain', 'hello', { __ow_body: 'hello' }, 'hello'],
    [
      'unregistered text',
      'text/x-foo',
      'hello',
      { __ow_body: Buffer.from('hello').toString('base64') },
      Buffer.from('hello').toString('base64'),
    ],
    ['empty, with a type', 'text/plain', '', { __ow_body: '' }, ''],
    ['without a type', undefined, 'hello', { __ow_body: Buffer.from('hello').toString('base64') }, Buffer.from('hello').toString('base64')],
  ];
  test.each(rows)('%s', async (_, type, sent, expected, raw) => {
    expect(await args('POST', '', body(type, sent))).toMatchObject(expected);
    expect((await args('POST', 'raw', body(type, sent))).__ow_body).toBe(raw);
  });
  test('no body and no type: no __ow_body; raw: empty strings', async () => {
    expect('__ow_body' in (await args('GET', ''))).toBe(false);
    expect(await args('GET', 'raw')).toMatchObject({ __ow_body: '', __ow_query: '' });
  });
  test('the raw query is encoded again', async () => {
    expect((await args('GET', 'raw?a%20b=%41&c=d=e')).__ow_query).toBe('a+b=A&c=d%3De');
  });
  test('a malformed JSON body', async () => {
    const { status, json, headers } = await host.call('POST', web, { ...anonymous, ...body('application/json', '{') });
    expect([status, headers['access-control-allow-origin']]).toEqual([400, undefined]);
    expect(json.error).toMatch(/^The request content was malformed:/);
  });
});

describe('status', () => {
  const action = (code: string, more: object = {}) => host.putAction(`${base}s`, code, { ...exported(), ...more });
  const get = (extension: string) => host.call('GET', `${web}s${extension}`, anonymous);
  const id = 'x-openwhisk-activation-id';
  test('application error: its `error` goes through the transcoder', async () => {
    await action('function main() { return { error: { statusCode: 418, body: "teapot" } }; }');
    expect([(await get('.http')).status, (await get('.http')).text]).toEqual([418, 'teapot']);
    await action('function main() { return { error: "plain" }; }');
    expect([(await get('.http')).status, (await get('.json')).status, (await get('.text')).status, (await get('.html')).status]).toEqual([
      400, 400, 200, 200,
    ]);
    expect((await get('.text')).text).toBe('plain');
  });
  test('developer error', async () => {
    await action('function main() { return 1; }');
    const { status, json, headers } = await get('.json');
    expect([status, json.error]).toEqual([400, 'There was an error processing your request.']);
    expect(headers[id]).toMatch(/^[0-9a-f]{32}$/);
  });
  test('array result: bare', async () => {
    await action('function main() { return [1]; }');
    const { status, text, headers } = await get('.json');
    expect([status, text, headers[id], headers['x-request-id'], headers['access-control-allow-origin']]).toEqual([
      500,
      'There was an internal server error.',
      undefined,
      undefined,
      undefined,
    ]);
  });
  test('returning nothing counts as {}', async () => {
    await action('function main() {}');
    expect([(await get('.json')).text, (await get('.http')).status]).toEqual(['{}', 204]);
  });
  test('errors are pretty-printed', async () => {
    const { text, json } = await host.call('GET', '/web/NS/default/nosuch', anonymous);
    expect(text).toBe(JSON.stringify(json, null, 2));
  });
});

describe('OPTIONS and HEAD', () => {
  testRows(
    () => host,
    [
      {
        name: 'OPTIONS by the server',
        do: `OPTIONS ${web}`,
        with: anonymous,
        status: 200,
        headers: { 'access-control-allow-methods': 'OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH', 'x-openwhisk-activation-id': null },
      },
      {
        name: 'asked headers are echoed',
        do: `OPTIONS ${web}`,
        with: { as: 'none', headers: { 'Access-Control-Request-Headers': 'X-A, X-B' } },
        status: 200,
        headers: { 'access-control-allow-headers': 'X-A, X-B' },
      },
      {
        name: 'custom: the action answers, secret or not, and no headers are added',
        do: `OPTIONS ${web}options`,
        with: anonymous,
        status: 201,
        headers: { 'access-control-allow-origin': null },
      },
      { name: 'custom: other methods want the secret', do: `GET ${web}options`, with: anonymous, status: 401 },
      {
        name: 'HEAD invokes and has no body',
        do: `HEAD ${web}`,
        with: anonymous,
        status: 200,
        headers: { 'x-openwhisk-activation-id': /^[0-9a-f]{32}$/ },
      },
    ],
  );
});

describeOnOwnPlatform('the owner pays', () => {
  test('throttles, and the activation is the owner’s', async () => {
    const key = await host.platform.namespace(freshName('owner'), { invocationsPerMinute: 2 });
    await host.putAction('a', echo, exported(), key);
    const get = () => host.call('GET', `/web/${key.namespace}/default/a`, { as: 'other' });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await get()).status);
    // a minute may begin in between
    expect([
      [200, 200, 429],
      [200, 200, 200],
    ]).toContainEqual(statuses);
    expect((await host.call('GET', '/namespaces/_/activations?count=true', { as: key })).json.activations).toBeGreaterThan(1);
  });
});
