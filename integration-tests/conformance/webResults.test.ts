import { ApiHost, freshName } from './apiHost';

/** Reference invocation, sections 8.4 (transcoders) and 8.5 (`.http`). */
let host: ApiHost;
const name = freshName('res');
beforeAll(async () => {
  host = await ApiHost.open();
  // gives back the JSON it is sent, so that each row says what the result is
  await host.putAction(name, 'function main(a) { return JSON.parse(Buffer.from(a.__ow_body, "base64").toString()); }', {
    annotations: [
      { key: 'web-export', value: true },
      { key: 'raw-http', value: true },
    ],
  });
});
afterAll(() => host.close());

const send = (extension: string, result: unknown, headers: Record<string, string> = {}) =>
  host.call('POST', `/web/NS/default/${name}${extension}`, { as: 'none', json: result, headers });
const html = 'text/html; charset=UTF-8';
const mismatch = 'Response type in header did not match generated content type.';

describe('transcoders', () => {
  const rows: [string, unknown, number, string, string?][] = [
    ['.json', { a: 1 }, 200, '{"a":1}', 'application/json'],
    ['.json', {}, 200, '{}', 'application/json'],
    ['.html', { html: '<b>' }, 200, '<b>', html],
    ['.html', { body: '<i>', html: '<b>' }, 200, '<i>', html],
    ['.html', { html: 1 }, 400, "Response is not valid 'text/html'."],
    ['.html', {}, 400, "Response is not valid 'text/html'."],
    ['.html', { body: 1, html: '<b>' }, 400, "Response is not valid 'text/html'."],
    ['.svg', { svg: '<svg/>' }, 200, '<svg/>', 'image/svg+xml'],
    ['.svg', { body: '<svg/>' }, 200, '<svg/>', 'image/svg+xml'],
    ['.svg', { html: '<svg/>' }, 400, "Response is not valid 'image/svg+xml'."],
    ['.text', { text: 'a' }, 200, 'a', 'text/plain; charset=UTF-8'],
    ['.text', { body: 'b', text: 'a' }, 200, 'b', 'text/plain; charset=UTF-8'],
    ['.text', { text: 5 }, 200, '5'],
    ['.text', { text: true }, 200, 'true'],
    ['.text', { text: { a: 1 } }, 200, JSON.stringify({ a: 1 }, null, 2)],
    ['.text', {}, 404, 'Response does not include requested property.'],
    ['.http', { headers: 5 }, 400, "Response is not valid 'message/http'."],
  ];
  test.each(rows.map((row) => [row[0], row[1], row] as const))('%s of %j', async (extension, result, [, , status, text, type]) => {
    const answer = await send(extension, result);
    expect([answer.status, status < 400 ? answer.text : answer.json.error]).toEqual([status, text]);
    if (type) expect(answer.headers['content-type']).toBe(type);
  });
});

describe('.http: status', () => {
  const rows: [unknown, number][] = [
    [{ body: 'x' }, 200],
    [{}, 204],
    [{ body: '' }, 204],
    [{ body: null }, 204],
    [{ statusCode: 201 }, 201],
    [{ statusCode: '202', body: 'x' }, 202],
    [{ statusCode: 404, body: 'x' }, 404],
    [{ statusCode: 599, body: 'x' }, 599],
    [{ statusCode: 299, body: 'x' }, 299],
    [{ statusCode: 600, body: 'x' }, 400],
    [{ statusCode: 99, body: 'x' }, 400],
    [{ statusCode: 200.5, body: 'x' }, 400],
    [{ statusCode: 'ok', body: 'x' }, 400],
    [{ statusCode: null, body: 'x' }, 400],
    [{ statusCode: true, body: 'x' }, 400],
  ];
  test.each(rows)('%j', async (result, status) => {
    expect((await send('.http', result)).status).toBe(status);
  });
});

describe('.http: headers', () => {
  test('strings, numbers, booleans; arrays are repeated, nested ones flattened, empty ones sent never', async () => {
    const headers = { 'X-S': 'a', 'X-N': 5, 'X-B': true, 'Set-Cookie': ['a=1', 'b=2'], 'X-E': [], 'X-F': [['p'], 'q'] };
    const answer = await send('.http', { headers, body: 'x' });
    expect(answer.headers).toMatchObject({ 'x-s': 'a', 'x-n': '5', 'x-b': 'true', 'set-cookie': ['a=1', 'b=2'], 'x-f': 'p, q' });
    expect(answer.headers['x-e']).toBeUndefined();
  });
  test.each([{ 'X-A': null }, { 'X-A': { a: 1 } }, 'text', 5])('invalid: %j', async (headers) => {
    const answer = await send('.http', { headers, body: 'x' });
    expect([answer.status, answer.json.error]).toEqual([400, "Response is not valid 'message/http'."]);
  });
  test('they stand beside the server’s own, and length, server and date are the server’s', async () => {
    const headers = { 'X-Request-ID': 'mine', 'Content-Length': 999, Server: 'mine', Date: 'never' };
    const answer = await send('.http', { headers, body: 'xyz' });
    expect([answer.text, answer.headers['content-length'], answer.headers.server]).toEqual(['xyz', '3', undefined]);
    expect(answer.headers['x-request-id']).toContain('mine');
    expect(answer.headers.date).not.toBe('never');
  });
});

describe('.http: bodies', () => {
  const base64 = Buffer.from([0, 1, 2, 255]).toString('base64');
  const typed = (type: string, body: unknown) => ({ headers: { 'content-type': type }, body });
  const rows: [string, unknown, number, string, string?][] = [
    ['a string', { body: '<b>' }, 200, '<b>', html],
    ['a string of a text type', typed('text/css', 'a{}'), 200, 'a{}', 'text/css; charset=UTF-8'],
    ['a charset is replaced', typed('text/plain; charset=iso-8859-1', 'ä'), 200, 'ä', 'text/plain; charset=UTF-8'],
    ['a string of a JSON type', typed('application/json', '{"a":1}'), 200, '{"a":1}', 'application/json'],
    [
      'base64 of a JSON type is decoded',
      typed('application/json', Buffer.from('{"a":1}').toString('base64')),
      200,
      '{"a":1}',
      'application/json',
    ],
    ['an object', { body: { a: 1 } }, 200, '{"a":1}', 'application/json'],
    ['an array', { body: [1] }, 200, '[1]', 'application/json'],
    ['a number', { body: 5 }, 200, '5', 'application/json'],
    ['false', { body: false }, 200, 'false', 'application/json'],
    ['an object of a JSON-family type', typed('application/problem+json', { a: 1 }), 200, '{"a":1}'],
    ['an object of another type', typed('text/plain', { a: 1 }), 400, mismatch],
    ['a binary type that is no base64', typed('image/png', '<>'), 400, mismatch],
    ['a type that is none, string', typed('nonsense', 'x'), 400, 'Response did not specify a known content-type.'],
    ['a type that is none, object', typed('nonsense', {}), 400, mismatch],
    ['a type that is none, no body', typed('nonsense', null), 204, ''],
  ];
  test.each(rows.map((row) => [row[0], row] as const))('%s', async (_, [, result, status, text, type]) => {
    const answer = await send('.http', result);
    expect([answer.status, status < 400 ? answer.text : answer.json.error]).toEqual([status, text]);
    if (type) expect(answer.headers['content-type']).toBe(type);
  });
  test.each([
    'image/png',
    'image/svg+xml',
    'audio/ogg',
    'video/mp4',
    'font/woff',
    'application/pdf',
    'application/x-unknown',
    'text/x-foo',
  ])('%s is binary: decoded', async (type) => {
    const answer = await send('.http', typed(type, base64));
    expect([answer.status, answer.body.toString('base64')]).toEqual([200, base64]);
  });
  test.each(['application/atom+xml', 'application/javascript', 'application/xhtml+xml', 'text/csv', 'text/markdown', 'text/event-stream'])(
    '%s is text: as it is',
    async (type) => {
      expect((await send('.http', typed(type, base64))).text).toBe(base64);
    },
  );
  test('no body: no content type', async () => {
    const answer = await send('.http', { headers: { 'content-type': 'text/plain' }, statusCode: 200 });
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([200, '', undefined]);
  });
});

describe('Accept', () => {
  test.each([
    ['.json', 'text/html', 'application/json'],
    ['.html', 'application/json', html],
    ['.text', 'application/json', 'text/plain'],
  ])('%s against %s', async (extension, accept, available) => {
    const answer = await send(extension, { html: 'x', text: 'x' }, { accept });
    expect([answer.status, answer.json.error]).toEqual([406, `Resource representation is only available with these types:\n${available}`]);
    expect([answer.headers['x-openwhisk-activation-id'], answer.headers['access-control-allow-origin']]).toEqual([undefined, undefined]);
  });
  test('not of an empty answer, nor of an error', async () => {
    expect((await send('.http', {}, { accept: 'image/png' })).status).toBe(204);
    expect((await send('.html', {}, { accept: 'image/png' })).status).toBe(400);
  });
});
