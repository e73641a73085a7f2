import { ApiHost, type Row, testRows } from './apiHost';

/** Reference rest-api, section 1.3: the error body and what routing refuses. */
let host: ApiHost;
beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction('e-action', 'function main(a) { return a; }');
});
afterAll(() => host.close());

const json = { 'content-type': 'application/json' };
const noRoute = 'The requested resource could not be found.';

describe('rejections', () => {
  testRows(
    () => host,
    [
      {
        name: 'invalid body',
        do: 'PUT /namespaces/_/packages/x',
        with: { body: '{', headers: json },
        status: 400,
        error: /^The request content was malformed:\n./,
      },
      {
        name: 'bad query parameter',
        do: 'GET /namespaces/_/actions?limit=x',
        status: 400,
        error: "The query parameter 'limit' was malformed:\nThe value 'x' is not an integer for actions.",
      },
      { name: 'body required, absent', do: 'PUT /namespaces/_/packages/x', status: 400, error: /^The request content was malformed:\n/ },
      {
        name: 'body required, empty',
        do: 'PUT /namespaces/_/packages/x',
        with: { body: '', headers: json },
        status: 400,
        error: /^The request content was malformed:\n/,
      },
      {
        name: 'wrong content type',
        do: 'PUT /namespaces/_/packages/x',
        with: { body: '{}', headers: { 'content-type': 'text/plain' } },
        status: 415,
        error: /^The request's Content-Type \[text\/plain.*\] is not supported\. Expected:\napplication\/json$/,
      },
      {
        name: 'a body without content type',
        do: 'PUT /namespaces/_/packages/x',
        with: { body: '{}' },
        status: 415,
        error: "The request's Content-Type [application/octet-stream] is not supported. Expected:\napplication/json",
      },
      { name: 'an empty body without content type is fine', do: 'POST /namespaces/_/actions/e-action', status: 202 },
      {
        name: 'unacceptable Accept',
        do: 'GET /namespaces',
        with: { headers: { accept: 'text/html' } },
        status: 406,
        error: 'Resource representation is only available with these types:\napplication/json',
      },
      {
        name: 'Accept does not matter to errors',
        do: 'GET /namespaces/_/actions/nosuch',
        with: { headers: { accept: 'text/html' } },
        status: 404,
      },
      { name: 'no such route under /api/v1', do: 'GET /nosuch', status: 404, error: noRoute },
      {
        name: 'no such route elsewhere',
        do: 'GET //x',
        status: 405,
        error: 'HTTP method not allowed, supported methods: OPTIONS',
        headers: { allow: 'OPTIONS' },
      },
      { name: 'another version of the API', do: 'GET //api/v2', status: 405, headers: { allow: 'OPTIONS' } },
      { name: 'wrong method on /', do: 'POST //', status: 405, headers: { allow: 'GET, OPTIONS' } },
      { name: 'wrong method on /ping', do: 'DELETE //ping', status: 405, headers: { allow: 'GET, OPTIONS' } },
      { name: 'wrong method on /disable', do: 'GET //disable', status: 405, headers: { allow: 'OPTIONS, POST' } },
    ],
  );
  test('an operation is carried out before its answer is found unacceptable', async () => {
    expect(
      (await host.call('PUT', '/namespaces/_/packages/e-accept?overwrite=true', { json: {}, headers: { accept: 'text/html' } })).status,
    ).toBe(406);
    expect((await host.call('GET', '/namespaces/_/packages/e-accept')).status).toBe(200);
  });
  test('error bodies are compact, and have error and code alone', async () => {
    const { text, json: body } = await host.call('GET', '/namespaces/_/actions/nosuch');
    expect(text).toBe(JSON.stringify({ error: body.error, code: body.code }));
  });
});

describe('wrong methods under /api/v1 are unknown routes', () => {
  const rows: Row[] = [];
  for (const path of [
    '/namespaces',
    '/namespaces/_/actions',
    '/namespaces/_/actions/e-action',
    '/namespaces/_/rules/x',
    '/namespaces/_/limits',
  ]) {
    for (const method of ['PATCH', 'HEAD']) rows.push({ name: `${method} ${path}`, do: `${method} ${path}`, status: 404 });
  }
  testRows(() => host, rows);
});

describe('every PUT body is read for sizes first', () => {
  const rows = ['triggers', 'packages', 'rules'].flatMap((collection): Row[] => [
    {
      name: `exec in ${collection}`,
      do: `PUT /namespaces/_/${collection}/x`,
      with: { json: { exec: {} } },
      status: 400,
      error: "The request content was malformed:\n'kind' must be a string defined in 'exec'",
    },
    {
      name: `parameters in ${collection}`,
      do: `PUT /namespaces/_/${collection}/x?overwrite=maybe`,
      with: { json: { parameters: 1 } },
      status: 400,
      error: 'The request content was malformed:\nparameters malformed!',
    },
  ]);
  testRows(() => host, rows);
});

describe('boolean query parameters', () => {
  const list = (value: string) => `GET /namespaces/_/actions?count=${value}`;
  testRows(
    () => host,
    [
      ...['true', 'yes', 'on', '1', 'TRUE', 'Yes'].map((v): Row => ({ name: v, do: list(v), status: 200 })),
      ...['false', 'no', 'off', '0', 'False', ''].map((v): Row => ({ name: v === '' ? 'empty' : v, do: list(v), status: 200 })),
      {
        name: 'another word',
        do: list('maybe'),
        status: 400,
        error: "The query parameter 'count' was malformed:\n'maybe' is not a valid Boolean value",
      },
      { name: 'a bare name', do: 'GET /namespaces/_/actions?count', status: 200 },
      { name: 'of a repeated one the first counts', do: 'GET /namespaces/_/actions?count=false&count=true', status: 200 },
    ],
  );
  test.each([
    ['count=true', 'number'],
    ['count=false', 'list'],
    ['count=', 'list'],
    ['count=false&count=true', 'list'],
  ])('%s gives a %s', async (query, what) => {
    const { json: body } = await host.call('GET', `/namespaces/_/actions?${query}`);
    expect(Array.isArray(body) ? 'list' : typeof body.actions).toBe(what);
  });
});
