import { runCommand } from '../../tooling/src/command';
import { acquireGoClient } from '../../tooling/src/goClients';
import { PlatformProcess } from '../platformProcess';

/** OpenWhisk's Go client, unmodified, inside a small program of ours. */
let platform: PlatformProcess;
const said = new Map<string, unknown>();

beforeAll(async () => {
  const program = await acquireGoClient();
  platform = await PlatformProcess.start();
  const { namespace, auth } = await platform.namespace('guest');
  const { code, stdout, stderr } = await runCommand(program, [platform.apiHost, auth, namespace]);
  for (const line of stdout.split('\n').filter((l) => l.startsWith('{'))) {
    const { step, value } = JSON.parse(line) as { step: string; value: unknown };
    said.set(step, value);
  }
  expect([code, stderr]).toEqual([0, '']);
});
afterAll(() => platform?.stop());

const ok = { status: 'success', success: true };

test.each([
  ['package', '0.0.1'],
  ['binding', { namespace: 'guest', name: 'gopkg' }],
  ['action', 'nodejs:20'],
  ['update', '0.0.2'],
  ['get', { kind: 'nodejs:20', binary: false }],
  ['invoke', { greeting: 'hello bob' }],
  ['invoke through the binding', { greeting: 'good day eve' }],
  ['sequence', expect.objectContaining({ ...ok, result: { greeting: 'hello nobody' } })],
  ['rule', 'inactive'],
  // the HTTP status less 256
  ['missing', 404 - 256],
  ['conflict', 409 - 256],
  ['activations', true],
  ['actions', 2],
  ['info', true],
  ['done', true],
])('%s', (step, value) => {
  expect(said.get(step)).toEqual(value);
});

test('namespaces', () => {
  expect(JSON.stringify(said.get('namespaces'))).toContain('guest');
});

test('a fired trigger tells what became of its rule', () => {
  const [log] = said.get('fired') as string[];
  expect(JSON.parse(log!)).toMatchObject({ statusCode: 0, success: true, rule: 'guest/gorule', action: 'guest/gopkg/greet' });
});
