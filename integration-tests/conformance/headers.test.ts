import { ApiHost, freshName, testRows } from './apiHost';

/** Reference rest-api, sections 1.1 (transactions and headers) and 1.4 (CORS). */
let host: ApiHost;
const web = freshName('web');
beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction(web, 'function main(a) { return a; }', { annotations: [{ key: 'web-export', value: true }] });
});
afterAll(() => host.close());

const rest = 'GET, DELETE, POST, PUT, HEAD';
const headers = 'Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent';
const cors = (methods: string) => ({
  'access-control-allow-origin': '*',
  'access-control-allow-headers': headers,
  'access-control-allow-methods': methods,
});
const noCors = { 'access-control-allow-origin': null, 'access-control-allow-methods': null };
const generated = /^[A-Za-z0-9]{32}$/;

describe('transaction ids', () => {
  testRows(
    () => host,
    [
      { name: 'generated', do: 'GET /namespaces', status: 200, headers: { 'x-request-id': generated } },
      {
        name: 'reused',
        do: 'GET /namespaces',
        with: { headers: { 'X-Request-ID': 'mine' } },
        status: 200,
        headers: { 'x-request-id': 'mine' },
      },
      {
        name: 'header name in any case',
        do: 'GET /namespaces',
        with: { headers: { 'x-rEQUEST-id': 'mine' } },
        status: 200,
        headers: { 'x-request-id': 'mine' },
      },
      {
        name: 'sid_ is reserved',
        do: 'GET /namespaces',
        with: { headers: { 'X-Request-ID': 'sid_invoker' } },
        status: 200,
        headers: { 'x-request-id': generated },
      },
      {
        name: 'on a rejection',
        do: 'GET /namespaces',
        with: { as: 'none', headers: { 'X-Request-ID': 'mine' } },
        status: 401,
        headers: { 'x-request-id': 'mine' },
        json: { code: 'mine' },
      },
      {
        name: 'on an error',
        do: 'GET /namespaces/_/actions/nosuch',
        with: { headers: { 'X-Request-ID': 'mine' } },
        status: 404,
        headers: { 'x-request-id': 'mine' },
        json: { code: 'mine' },
      },
      { name: 'on OPTIONS', do: 'OPTIONS /namespaces', status: 200, headers: { 'x-request-id': generated } },
      { name: 'on /ping', do: 'GET //ping', status: 200, headers: { 'x-request-id': generated } },
      {
        name: 'the extra-logging header is not shown to web actions',
        do: `GET /web/NS/default/${web}.json`,
        with: { headers: { 'X-OW-EXTRA-LOGGING': 'on' } },
        status: 200,
      },
    ],
  );
  test('what the extra-logging row did not show', async () => {
    const { json } = await host.call('GET', `/web/NS/default/${web}.json`, { headers: { 'X-OW-EXTRA-LOGGING': 'on' } });
    expect(Object.keys(json.__ow_headers)).not.toContain('x-ow-extra-logging');
  });
});

describe('the activation id header', () => {
  const id = /^[0-9a-f]{32}$/;
  testRows(
    () => host,
    [
      {
        name: '200 of a blocking call',
        do: `POST /namespaces/_/actions/${web}?blocking=true`,
        status: 200,
        headers: { 'x-openwhisk-activation-id': id },
      },
      {
        name: '202 of a call that is not waited for',
        do: `POST /namespaces/_/actions/${web}`,
        status: 202,
        headers: { 'x-openwhisk-activation-id': id },
      },
      { name: '200 of a web action', do: `GET /web/NS/default/${web}.json`, status: 200, headers: { 'x-openwhisk-activation-id': id } },
      { name: 'none without an activation', do: 'GET /namespaces', status: 200, headers: { 'x-openwhisk-activation-id': null } },
    ],
  );
});

describe('CORS', () => {
  testRows(
    () => host,
    [
      { name: 'REST answers', do: 'GET /namespaces/_/actions', status: 200, headers: cors(rest) },
      {
        name: 'web actions',
        do: `GET /web/NS/default/${web}.json`,
        with: { as: 'none' },
        status: 200,
        headers: cors('OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH'),
      },
      { name: 'root and admin routes', do: 'GET //invokers', status: 200, headers: cors('OPTIONS, GET, POST') },
      { name: 'errors of a handler: 404', do: 'GET /namespaces/_/actions/nosuch', status: 404, headers: cors(rest) },
      { name: 'errors of a handler: 403', do: 'GET /namespaces/OTHER/actions', status: 403, headers: cors(rest) },
      {
        name: 'errors of a handler: 413',
        do: `POST /namespaces/_/actions/${web}`,
        with: { json: { a: 'x'.repeat(1024 * 1024) } },
        status: 413,
        headers: cors(rest),
      },
      { name: 'not on 401', do: 'GET /namespaces', with: { as: 'none' }, status: 401, headers: noCors },
      {
        name: 'not on a malformed body',
        do: 'PUT /namespaces/_/triggers/x',
        with: { body: '{', headers: { 'content-type': 'application/json' } },
        status: 400,
        headers: noCors,
      },
      { name: 'not on a malformed query', do: 'GET /namespaces/_/actions?limit=x', status: 400, headers: noCors },
      { name: 'not on an illegal name', do: 'GET /namespaces/_/actions/a$b', status: 400, headers: noCors },
      {
        name: 'not on 415',
        do: 'PUT /namespaces/_/triggers/x',
        with: { body: 'x', headers: { 'content-type': 'text/plain' } },
        status: 415,
        headers: noCors,
      },
      { name: 'not on 406', do: 'GET /namespaces', with: { headers: { accept: 'text/plain' } }, status: 406, headers: noCors },
      { name: 'not on an unknown route', do: 'GET /nosuch', status: 404, headers: noCors },
      { name: 'not on /', do: 'GET //', status: 200, headers: noCors },
      { name: 'not on /ping', do: 'GET //ping', status: 200, headers: noCors },
      {
        name: 'OPTIONS under /api/v1 needs no key',
        do: 'OPTIONS /namespaces/_/actions/x',
        with: { as: 'none' },
        status: 200,
        headers: cors(rest),
      },
      { name: 'OPTIONS of an unknown path', do: 'OPTIONS /what/ever', with: { as: 'none' }, status: 200, headers: cors(rest) },
      { name: 'OPTIONS elsewhere', do: 'OPTIONS //invokers', with: { as: 'none' }, status: 200, headers: cors('OPTIONS, GET, POST') },
    ],
  );
  test('the text of OPTIONS', async () => {
    const answer = await host.call('OPTIONS', '/namespaces', { as: 'none' });
    expect([answer.text, answer.headers['content-type']]).toEqual(['OK', 'text/plain; charset=UTF-8']);
  });
});
