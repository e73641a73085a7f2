import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OperationContext } from '../../resources/resourceModel';
import { provingKind } from '../proof';
import { healthActionModel } from './healthAction';

type Answers = Record<string, [number, object]>;

const RIGHT: Answers = {
  'GET /ping': [200, {}],
  'PUT /v1/namespaces': [200, { auth: 'uuid:key' }],
  'PUT /api/v1/namespaces/_/actions': [200, {}],
  'POST /api/v1/namespaces/_/actions': [200, {}],
  'GET /api/v1/namespaces/_/activations': [200, {}],
  'DELETE /v1/namespaces': [204, {}],
};

let server: Server;
let seen: string[];
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Proves a platform that answers as `answers` says, for so many ms; the action gives back what it was sent. */
async function prove(answers: Answers, kind = 'nodejs:20', patience = 30_000): Promise<unknown> {
  seen = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const call = `${request.method} ${request.url}`;
      const key = Object.keys(answers).find((start) => call.startsWith(start))!;
      seen.push(key);
      const [status, json] = answers[key]!;
      const ran = key.startsWith('POST') && status === 200 ? { activationId: 'a', response: { result: JSON.parse(body) } } : json;
      response.writeHead(status, { connection: 'close' }).end(status === 204 ? undefined : JSON.stringify(ran));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const inputs = { apiHost: host, adminUrl: host, adminKey: 'k', kind, platform: 'p', engine: 'unix:///nowhere' };
  const context = { deadline: performance.now() + patience, signal: new AbortController().signal, log: () => undefined };
  return healthActionModel.create(inputs, context as unknown as OperationContext).catch((error: Error) => error.message);
}

it.each(['nodejs:20', 'python:3.11', 'go:1.26', 'native:1'])('goes all the way with %s and takes its namespace away', async (kind) => {
  expect(await prove(RIGHT, kind)).toMatchObject({ id: 'p' });
  expect(seen).toEqual(Object.keys(RIGHT));
});

it.each<[string, string, [number, object]]>([
  ['from nginx to a controller', 'GET /ping', [502, { error: 'No controller answered; try again later.' }]],
  ['from a controller or invoker to CouchDB', 'PUT /api/v1/namespaces/_/actions', [503, { error: 'The database did not answer.' }]],
  ['from a controller over Kafka to an invoker', 'POST /api/v1/namespaces/_/actions', [503, { error: 'No invokers available' }]],
  ['from a controller or invoker to CouchDB', 'GET /api/v1/namespaces/_/activations', [404, { error: 'not found' }]],
])('names the way %s when %s is not answered as it should be', async (way, call, answer) => {
  expect(await prove({ ...RIGHT, [call]: answer }, 'nodejs:20', 1500)).toContain(way);
  if (call !== 'GET /ping') expect(seen).toContain('DELETE /v1/namespaces');
});

it('is of a kind that an action is known for; without one it proves the way to the database alone', async () => {
  expect(provingKind(['ruby:3.3', 'python:3.11', 'nodejs:20'])).toBe('python:3.11');
  expect(provingKind(['ruby:3.3'])).toBe('');
  expect(await prove(RIGHT, '')).toMatchObject({ id: 'p' });
  expect(seen).toEqual(['GET /ping', 'PUT /v1/namespaces', 'DELETE /v1/namespaces']);
});
