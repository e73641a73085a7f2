import { basic } from '../platformProcess';
import { ApiHost, type Row, testRows } from './apiHost';

/** Reference rest-api, section 1.2. */
let host: ApiHost;
beforeAll(async () => {
  host = await ApiHost.open();
});
afterAll(() => host.close());

const missing = 'The resource requires authentication, which was not supplied with the request';
const invalid = 'The supplied authentication is invalid';
const challenge = { 'www-authenticate': 'Basic realm="OpenWhisk secure realm",charset=UTF-8' };
const uuid = '23bc46b1-71f6-4ed5-8c54-816aa4f8c000';
const key = 'x'.repeat(64);

const refused = (name: string, authorization: string | undefined, error: string): Row => ({
  name,
  do: 'GET /namespaces',
  with: { as: 'none', headers: authorization === undefined ? {} : { authorization } },
  status: 401,
  error,
  headers: challenge,
});

describe('no credentials at all', () => {
  testRows(
    () => host,
    [
      refused('no header', undefined, missing),
      refused('Bearer', 'Bearer abc', missing),
      refused('Digest', 'Digest username="x"', missing),
      refused('no base64', 'Basic $$$', missing),
    ],
  );
});

describe('invalid credentials', () => {
  testRows(
    () => host,
    [
      refused('unknown key', basic(`${uuid}:${key}`), invalid),
      refused('malformed uuid', basic(`nouuid:${key}`), invalid),
      refused('secret too short', basic(`${uuid}:${key.slice(1)}`), invalid),
      refused('secret too long', basic(`${uuid}:${key}x`), invalid),
      refused('no colon', basic(uuid), invalid),
      refused('empty user', basic(`:${key}`), invalid),
    ],
  );
  test('the right uuid with another secret', async () => {
    const wrong = `${host.guest.auth.slice(0, 37)}${key}`;
    const answer = await host.call('GET', '/namespaces', { as: 'none', headers: { authorization: basic(wrong) } });
    expect([answer.status, answer.json.error]).toEqual([401, invalid]);
  });
});

describe('credentials come first', () => {
  testRows(
    () => host,
    [
      { name: 'before the route', do: 'GET /no/such/route', with: { as: 'none' }, status: 401, error: missing },
      { name: 'before the right', do: 'GET /namespaces/OTHER/actions', with: { as: 'none' }, status: 401, error: missing },
      {
        name: 'before the body',
        do: 'PUT /namespaces/_/triggers/x',
        with: { as: 'bad', body: '{', headers: { 'content-type': 'application/json' } },
        status: 401,
        error: invalid,
      },
      {
        name: 'the right before the content type',
        do: 'PUT /namespaces/OTHER/triggers/x',
        with: { body: 'x', headers: { 'content-type': 'text/plain' } },
        status: 403,
      },
      {
        name: 'the right before the body',
        do: 'PUT /namespaces/OTHER/triggers/x',
        with: { body: '{', headers: { 'content-type': 'application/json' } },
        status: 403,
      },
      { name: 'the right before the query', do: 'GET /namespaces/OTHER/actions?limit=x', status: 403 },
    ],
  );
});

test('the scheme in any case', async () => {
  const headers = { authorization: basic(host.guest.auth).replace('Basic', 'bASIC') };
  expect((await host.call('GET', '/namespaces', { as: 'none', headers })).status).toBe(200);
});
