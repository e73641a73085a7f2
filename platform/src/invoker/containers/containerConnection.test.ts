import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { ContainerAnswer } from './container';
import { ContainerClient } from './containerClient';

const bounds = { max: 1_000, truncation: 10 };
const directory = mkdtempSync(path.join(os.tmpdir(), 'ow-client-'));
const closers: (() => void)[] = [];
let count = 0;

afterEach(() => {
  for (const close of closers.splice(0)) close();
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A container that answers each request with what `respond` writes. */
async function container(
  respond: (socket: net.Socket, request: string) => void,
): Promise<{ client: ContainerClient; connections: () => number }> {
  const socketPath = path.join(directory, `${++count}.sock`);
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? -1);
      if (head < 0 || Buffer.byteLength(text.slice(head + 4)) < length) return;
      const request = text;
      text = '';
      respond(socket, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = new ContainerClient({ socketPath }, async () => ({ outOfMemory: false }), false);
  closers.push(
    () => client.close(),
    () => server.close(),
  );
  return { client, connections: () => connections };
}

const http = (body: string, head = '') => `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${head}\r\n${body}`;
const run = (client: ContainerClient, body = '{}', timeout = 5_000) => client.run(body, timeout, bounds);
const response = (body: string, status = 200): ContainerAnswer => ({ type: 'response', status, body });

it('sends a request as HTTP wants it and gives the answer', async () => {
  let seen = '';
  const { client } = await container((socket, request) => {
    seen = request;
    socket.write(http('{"a":"é"}'));
  });
  expect(await run(client, '{"x":"ñ😀"}')).toEqual(response('{"a":"é"}'));
  const [head, body] = seen.split('\r\n\r\n');
  expect(head).toMatch(/^POST \/run HTTP\/1\.1\r\nHost: /);
  expect(head).toMatch(/content-type: application\/json/i);
  expect(head).toMatch(/accept: application\/json/i);
  expect(body).toBe('{"x":"ñ😀"}');
});

it('keeps its connection, and opens another for a request at the same time', async () => {
  const { client, connections } = await container((socket) => setTimeout(() => socket.write(http('{}')), 5));
  await run(client);
  await run(client);
  expect(connections()).toBe(1);
  await Promise.all([run(client), run(client)]);
  expect(connections()).toBe(2);
});

it('reads an answer that comes in pieces, within characters too', async () => {
  const bytes = Buffer.from(`HTTP/1.1 100 Continue\r\n\r\n${http('{"a":"日本語"}')}`);
  const { client, connections } = await container((socket) => {
    let at = 0;
    const next = () => {
      socket.write(bytes.subarray(at, at + 1));
      if (++at < bytes.length) setImmediate(next);
    };
    next();
  });
  expect(await run(client)).toEqual(response('{"a":"日本語"}'));
  expect(await run(client)).toEqual(response('{"a":"日本語"}'));
  expect(connections()).toBe(1);
});

it('reads a large answer', async () => {
  const body = JSON.stringify({ a: 'é'.repeat(700_000) });
  const { client } = await container((socket) => socket.write(http(body)));
  expect(await client.run('{}', 5_000, { max: 2_000_000, truncation: 10 })).toEqual(response(body));
});

it('cuts what is longer than allowed between characters, and tells the true length', async () => {
  const { client } = await container((socket) => socket.write(http(`12345678é${'x'.repeat(2_000)}`)));
  expect(await run(client)).toEqual({ ...response('12345678é'), truncatedFrom: 2_010 });
  const odd = await container((socket) => socket.write(http(`123456789é${'x'.repeat(2_000)}`)));
  expect(await run(odd.client)).toEqual({ ...response('123456789'), truncatedFrom: 2_011 });
  // and goes on on a new connection
  expect(await run(client)).toEqual({ ...response('12345678é'), truncatedFrom: 2_010 });
});

it('follows Connection: close', async () => {
  const { client, connections } = await container((socket) => socket.end(http('{}', 'Connection: close\r\n')));
  expect(await run(client)).toEqual(response('{}'));
  expect(await run(client)).toEqual(response('{}'));
  expect(connections()).toBe(2);
});

it.each([
  ['an answer without Content-Length', 'HTTP/1.1 200 OK\r\n\r\n{}'],
  ['no HTTP', 'hello\r\n\r\n'],
])('%s counts as none', async (_name, text) => {
  const { client } = await container((socket) => socket.write(text));
  expect(await run(client)).toEqual({ type: 'connectionLost', outOfMemory: false });
});

it('tells a lost connection', async () => {
  const { client } = await container((socket) => socket.destroy());
  expect(await run(client)).toEqual({ type: 'connectionLost', outOfMemory: false });
});

it('tells a connection lost within the answer', async () => {
  const { client } = await container((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'));
  expect(await run(client)).toEqual({ type: 'connectionLost', outOfMemory: false });
});

it('tells that a request never left', async () => {
  const client = new ContainerClient({ socketPath: path.join(directory, 'nobody.sock') }, async () => ({ outOfMemory: false }), false);
  expect(await run(client)).toEqual({ type: 'connectionLost', outOfMemory: false, unsent: true });
});

it('asks the driver why a connection was lost', async () => {
  const client = new ContainerClient({ socketPath: path.join(directory, 'nobody.sock') }, async () => ({ outOfMemory: true }), false);
  expect(await run(client)).toMatchObject({ type: 'connectionLost', outOfMemory: true });
});

it('waits for a container that may be starting, for /init only', async () => {
  const socketPath = path.join(directory, 'late.sock');
  const client = new ContainerClient({ socketPath }, async () => ({ outOfMemory: false }), true);
  const server = net.createServer((socket) => socket.on('data', () => socket.write(http('{}'))));
  closers.push(
    () => client.close(),
    () => server.close(),
  );
  setTimeout(() => server.listen(socketPath), 120);
  expect(await client.init('{}', 5_000, bounds)).toEqual(response('{}'));
});

it('gives up a container that never listens', async () => {
  const client = new ContainerClient({ socketPath: path.join(directory, 'never.sock') }, async () => ({ outOfMemory: false }), true);
  expect(await client.init('{}', 150, bounds)).toEqual({ type: 'timeout' });
});

it('ends a call in time, each call for itself', async () => {
  const delays = [600, 600, 60_000];
  const { client } = await container((socket) => setTimeout(() => socket.write(http('{}')), delays.shift()).unref());
  expect(await run(client, '{}', 1000)).toEqual(response('{}'));
  // the clock of the first call has run on; the second has its own time
  expect(await run(client, '{}', 1000)).toEqual(response('{}'));
  expect(await run(client, '{}', 1000)).toEqual({ type: 'timeout' });
});
