import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../httpCall';
import { freePort } from '../platformProcess';
import { type NginxServer, startNginx } from './nginxServer';

type Behaviour = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** Stands in for a controller: says what it was asked, or does what a test wants. */
class FakeController {
  readonly seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  behaviour: Behaviour | undefined;
  private constructor(
    readonly name: string,
    readonly server: Server,
    readonly port: number,
  ) {}

  static async start(name: string, port = 0): Promise<FakeController> {
    const server = createServer((q, s) => {
      controller.seen.push({ method: q.method!, url: q.url!, headers: q.headers });
      q.resume();
      q.on('end', () => (controller.behaviour ? controller.behaviour(q, s) : s.end(JSON.stringify({ by: name }))));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const controller: FakeController = new FakeController(name, server, (server.address() as AddressInfo).port);
    return controller;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

const folder = mkdtempSync(join(tmpdir(), 'edge-'));
const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
let controllers: FakeController[];
let nginx: NginxServer;
let secure: NginxServer;
let edge: string;
let tlsPort: number;
let plainPort: number;

beforeAll(async () => {
  controllers = [await FakeController.start('0'), await FakeController.start('1')];
  const addresses = controllers.map(({ port }) => ({ api: `127.0.0.1:${port}`, admin: `127.0.0.1:${port}` }));
  const port = await freePort();
  edge = `http://127.0.0.1:${port}`;
  nginx = await startNginx({ controllers: addresses, apiPort: port, domain: 'api.test', bodyLimit: '1m' });
  const options = ['-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=api.test'];
  execFileSync('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  [plainPort, tlsPort] = [await freePort(), await freePort()];
  secure = await startNginx({ controllers: addresses, apiPort: tlsPort, redirectPort: plainPort, tls: { certificate, key } });
});
afterAll(async () => {
  await nginx?.close();
  await secure?.close();
  for (const controller of controllers ?? []) await controller.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const controller of controllers) {
    controller.seen.length = 0;
    controller.behaviour = undefined;
  }
});

/** Until nginx asks a controller again that failed. */
const forgiven = () => new Promise((resolve) => setTimeout(resolve, 2100));

const seen = () => controllers.flatMap((c) => c.seen);

test('requests are spread, connections to controllers are kept', async () => {
  const sockets = new Set<unknown>();
  for (const c of controllers) {
    c.behaviour = (q, s) => {
      sockets.add(q.socket);
      s.end('{}');
    };
  }
  for (let i = 0; i < 20; i++) await call(`${edge}/api/v1`);
  expect(controllers.map((c) => c.seen.length)).toEqual([10, 10]);
  expect(sockets.size).toBeLessThanOrEqual(4);
});

test.each([
  ['/api/v1/namespaces/_/actions/a%2Fb?x=%20y', 'edge', '/api/v1/namespaces/_/actions/a%2Fb?x=%20y'],
  ['/a%20b//c?q=1', 'my-space.api.test', '/api/v1/web/my-space/a%20b//c?q=1'],
  ['/', 'my-space.api.test', '/api/v1/web/my-space/public/index.html'],
  ['/ping', 'two.labels.api.test', '/ping'],
])('%s at %s leads to %s', async (path, host, target) => {
  await call(edge + path, { headers: { host }, exactPath: true });
  expect(seen().map((s) => s.url)).toEqual([target]);
});

test.each(['/metrics', '/disable', '/invokers', '/invokers/healthy/count', '/activation/count'])('%s is for operators', async (path) => {
  const answer = await call(edge + path, { method: path === '/disable' ? 'POST' : 'GET' });
  expect([answer.status, answer.json.error]).toEqual([404, 'The requested resource does not exist.']);
  expect(seen()).toEqual([]);
});

test("a caller's id is kept, others get one", async () => {
  await call(`${edge}/`, { headers: { 'x-request-id': 'mine' } });
  await call(`${edge}/`);
  const [first, second] = seen().map((s) => s.headers['x-request-id']);
  expect(first).toBe('mine');
  expect(second).toMatch(/^[0-9a-f]{32}$/);
});

test('a body above the limit is refused in the form of the API', async () => {
  const answer = await call(`${edge}/api/v1/x`, { method: 'PUT', body: 'x'.repeat(1024 * 1024 + 1) });
  expect([answer.status, answer.json.error]).toEqual([413, 'The request is larger than allowed.']);
  expect(seen()).toEqual([]);
});

describe('when a controller fails', () => {
  const dies: Behaviour = (q) => q.socket.destroy();

  test('a GET is asked of the other one', async () => {
    controllers[0]!.behaviour = dies;
    for (let i = 0; i < 6; i++) expect((await call(`${edge}/api/v1/namespaces`)).json.by).toBe('1');
    expect(controllers[0]!.seen.length).toBeGreaterThan(0);
    await forgiven();
  });

  test('a POST that was sent is not repeated', async () => {
    for (const c of controllers) c.behaviour = dies;
    const answer = await call(`${edge}/api/v1/namespaces/_/actions/a`, { method: 'POST', json: {} });
    expect([answer.status, answer.json.error]).toEqual([502, 'No controller answered; try again later.']);
    expect(seen().length).toBe(1);
  });

  test('an answer is never a reason to repeat: it may be that of an action', async () => {
    for (const c of controllers) {
      c.behaviour = (_, s) => {
        s.statusCode = 503;
        s.end('mine');
      };
    }
    const answer = await call(`${edge}/api/v1/web/ns/p/a`);
    expect([answer.status, answer.text]).toEqual([503, 'mine']);
    expect(seen().length).toBe(1);
  });

  test('one that is not there gets nothing; when it is back it does', async () => {
    const { port } = controllers[0]!;
    await controllers[0]!.stop();
    for (let i = 0; i < 10; i++) {
      const answer = await call(`${edge}/api/v1/namespaces/_/actions/a`, { method: 'POST', json: {} });
      expect([answer.status, answer.json.by]).toEqual([200, '1']);
    }
    controllers[0] = await FakeController.start('0', port);
    await forgiven();
    for (let i = 0; i < 10; i++) await call(`${edge}/api/v1`);
    expect(controllers[0]!.seen.length).toBeGreaterThan(2);
  });
});

describe('with TLS', () => {
  test('plain HTTP leads to it, method and path kept', async () => {
    const answer = await call(`http://127.0.0.1:${plainPort}/api/v1/x?y=1`, { method: 'POST', headers: { host: 'api.test' } });
    expect([answer.status, answer.headers.location]).toEqual([308, 'https://api.test/api/v1/x?y=1']);
  });

  test('the API is there, and browsers are told to stay with it', async () => {
    const headers = await new Promise<IncomingMessage['headers']>((resolve, reject) => {
      const agent = new Agent({ rejectUnauthorized: false });
      request({ host: '127.0.0.1', port: tlsPort, path: '/api/v1/namespaces', agent }, (incoming) => {
        incoming.resume();
        resolve(incoming.headers);
      })
        .on('error', reject)
        .end();
    });
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(seen()[0]!.headers['x-forwarded-proto']).toBe('https');
  });
});
