import { readFileSync } from 'node:fs';
import { basic } from '../platformProcess';
import { ApiHost, describeOnOwnPlatform } from './apiHost';
import { raw, statusesOf } from './rawHttp';

/** What no client library sends: the right 4xx or a closed connection, memory that stays flat, and answers for everybody else. */
let host: ApiHost;
const json = { 'content-type': 'application/json' };

beforeAll(async () => {
  host = await ApiHost.open({ CONFIG_pekko_http_server_requestTimeout: '3 s', OPENWHISK_API_HEADERS_TIMEOUT: '2 s' });
  await host.putAction('echo', 'function main(a) { return a; }');
  await host.put('triggers/t', {});
});
afterAll(() => host.close());
afterEach(async () => {
  const alive = await host.call('GET', '/namespaces/_/actions?limit=1', { as: 'other' });
  expect(alive.status).toBe(200);
});

describeOnOwnPlatform('on the wire', () => {
  const port = () => host.platform.port;
  const head = (method: string, path: string, ...headers: string[]) =>
    [`${method} /api/v1/namespaces/_/${path} HTTP/1.1`, 'Host: x', `Authorization: ${basic(host.guest.auth)}`, ...headers, '', ''].join(
      '\r\n',
    );

  test.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['an unknown version', 'GET / HTTP/9.9\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n'],
    ['a header with a zero byte', 'GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['length and chunks', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a negative length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['a broken chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n'],
  ])('%s', async (_, bytes) => {
    const { text, closed } = await raw(port(), (socket) => socket.write(bytes, 'latin1'));
    expect(closed).toBe(true);
    expect(statusesOf(text).every((status) => status >= 400 && status < 500)).toBe(true);
  });
  test('a flood of headers', async () => {
    const flood = Array.from({ length: 5000 }, (_, i) => `X-Flood-${i}: ${'y'.repeat(20)}`);
    const { text, closed } = await raw(port(), (socket) => socket.write(head('GET', 'actions', ...flood)));
    expect([closed, statusesOf(text)]).toEqual([true, [431]]);
  });
  test('one header that never ends', async () => {
    const { text, closed } = await raw(port(), (socket) => socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(1024 * 1024)}`));
    expect(closed).toBe(true);
    expect(statusesOf(text).filter((status) => status !== 431)).toEqual([]);
  });
  test('pipelined requests are answered in their order', async () => {
    const requests = ['actions/nosuch', 'actions?limit=1', 'triggers/t', 'limits/x'].map((path) => head('GET', path)).join('');
    const { text } = await raw(port(), (socket) => socket.write(requests), { until: (t) => statusesOf(t).length === 4 });
    expect(statusesOf(text)).toEqual([404, 200, 200, 400]);
  });
  test('a request smuggled behind a refused body is not answered', async () => {
    const inner = head('DELETE', 'actions/echo');
    const bytes = `${head('PUT', 'actions/x', 'Content-Type: application/json', 'Content-Length: 99999999999')}${inner}`;
    const { text, closed } = await raw(port(), (socket) => socket.write(bytes));
    expect([closed, statusesOf(text)]).toEqual([true, [400]]);
    expect((await host.call('GET', '/namespaces/_/actions/echo')).status).toBe(200);
  });
  test('who sends before it reads gets the answer to a body that is too large', async () => {
    const { text } = await raw(port(), (socket) => {
      socket.pause();
      socket.write(head('PUT', 'actions/x', 'Content-Type: application/json', 'Content-Length: 99999999999'));
      socket.write('x'.repeat(8 * 1024 * 1024), () => socket.resume());
    });
    expect(statusesOf(text)).toEqual([400]);
  });
  test('chunks beyond the bound of a payload', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const bytes = `${head('POST', 'actions/echo', 'Content-Type: application/json', 'Transfer-Encoding: chunked')}${chunk.repeat(32)}0\r\n\r\n`;
    const { text } = await raw(port(), (socket) => socket.write(bytes), { until: (t) => t.includes('bytes.') });
    expect(text).toContain('Request larger than allowed: 2097152 > 1048576 bytes.');
    expect(statusesOf(text)).toEqual([413]);
  });
  test('chunks without end', async () => {
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    const { text, closed } = await raw(port(), (socket) => {
      socket.write(head('PUT', 'actions/x', 'Content-Type: application/json', 'Transfer-Encoding: chunked'));
      const more = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    });
    expect(closed).toBe(true);
    expect(statusesOf(text).filter((status) => status !== 400)).toEqual([]);
  });
  test.each([
    ['nothing', ''],
    ['half of a request line', 'GET /api'],
    ['headers without end', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ])('a client that sends %s is cut off', async (_, bytes) => {
    const { text, closed } = await raw(port(), (socket) => socket.write(bytes));
    expect(closed).toBe(true);
    expect(statusesOf(text).filter((status) => status !== 408)).toEqual([]);
  });
  test.each([
    ['headers', (i: number) => (i === 0 ? 'GET / HTTP/1.1\r\nHost: x\r\n' : `X-${i}: y\r\n`)],
    ['a body', (i: number) => (i === 0 ? head('PUT', 'actions/x', 'Content-Type: application/json', 'Content-Length: 100000') : 'x')],
    [
      'chunks',
      (i: number) => (i === 0 ? head('PUT', 'actions/x', 'Content-Type: application/json', 'Transfer-Encoding: chunked') : '1\r\nx\r\n'),
    ],
  ])('a client that drips %s is cut off', async (_, drop) => {
    let dripping: NodeJS.Timeout | undefined;
    const { text, closed } = await raw(port(), (socket) => {
      let i = 0;
      dripping = setInterval(() => socket.write(drop(i++)), 100);
    });
    clearInterval(dripping);
    expect(closed).toBe(true);
    expect(statusesOf(text).filter((status) => status !== 408)).toEqual([]);
  });
});

describeOnOwnPlatform('under attack', () => {
  // with the time for a body that is usual: large ones take theirs on a busy machine
  let attacked: ApiHost;
  beforeAll(async () => {
    attacked = await ApiHost.open({ OPENWHISK_API_HEADERS_TIMEOUT: '2 s' });
    await attacked.putAction('echo', 'function main(a) { return a; }');
    await attacked.putAction('web', 'function main(a) { return { body: a }; }', { annotations: [{ key: 'web-export', value: true }] });
  });
  afterAll(() => attacked.close());

  const residentMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${attacked.platform.child.pid}/status`, 'utf8'))![1]) / 1024;

  test('memory stays flat and others are answered', async () => {
    const attack = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        const large = Buffer.alloc(8 * 1024 * 1024, 'x');
        await Promise.all([
          ...Array.from({ length: 8 }, () => attacked.call('POST', '/namespaces/_/actions/echo', { body: large, headers: json })),
          ...Array.from({ length: 8 }, () => attacked.call('POST', '/web/NS/default/web', { body: large, headers: json, as: 'none' })),
          ...Array.from({ length: 4 }, () => attacked.call('PUT', '/namespaces/_/actions/x', { body: large, headers: json })),
          ...Array.from({ length: 8 }, () =>
            attacked.call('PUT', '/namespaces/_/triggers/x', { body: '['.repeat(1_000_000), headers: json }),
          ),
          ...Array.from({ length: 8 }, () =>
            raw(attacked.platform.port, (socket) => socket.write(`GET / HTTP/1.1\r\nX: ${'y'.repeat(100_000)}`)),
          ),
        ]);
      }
    };
    await attack(2);
    const before = residentMb();
    let answered = 0;
    let over = false;
    const others = (async () => {
      while (!over) {
        const answer = await attacked.call('GET', '/namespaces/_/actions?limit=1', { as: 'other' });
        expect(answer.status).toBe(200);
        answered++;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await attack(6);
    over = true;
    await others;
    expect(residentMb() - before).toBeLessThan(150);
    expect(answered).toBeGreaterThan(1);
  });

  test('one tenant’s large bodies do not take the room of all', async () => {
    const code = 'x'.repeat(30 * 1024 * 1024);
    const put = (as: 'guest' | 'other', i: number) =>
      attacked.call('PUT', `/namespaces/_/actions/large${i}?overwrite=true`, { as, json: { exec: { kind: 'nodejs:default', code } } });
    const flood = Promise.all(Array.from({ length: 8 }, (_, i) => put('guest', i).catch(() => undefined)));
    const other = await put('other', 0);
    expect(other.status).toBe(200);
    const statuses = (await flood).flatMap((answer) => (answer ? [answer.status] : []));
    expect(statuses.every((status) => [200, 503].includes(status))).toBe(true);
    expect(statuses).toContain(200);
  });

  test('three hundred idle and dripping connections keep nobody out', async () => {
    const idle = Array.from({ length: 300 }, () => raw(attacked.platform.port, (socket) => socket.write('GET / HTTP/1.1\r\n')));
    for (let i = 0; i < 20; i++) {
      const answer = await attacked.call('GET', '/namespaces', { as: 'other' });
      expect(answer.status).toBe(200);
    }
    const ends = await Promise.all(idle);
    expect(ends.every(({ closed }) => closed)).toBe(true);
  });
});
