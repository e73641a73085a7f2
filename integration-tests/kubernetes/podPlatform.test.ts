import { eventually } from '../eventually';
import { PlatformProcess } from '../platformProcess';
import { type ClusterAccess, testCluster } from './cluster';
import { podSettings } from './podPlatform';

/** A whole platform whose actions are pods. */
const namespace = `actions-${process.pid}`;
let cluster: ClusterAccess;
let platform: PlatformProcess;
let auth: string;

async function podNames(selector = 'user-action-pod'): Promise<string[]> {
  const { stdout } = await cluster.kubectl(['-n', namespace, 'get', 'pods', '-l', selector, '-o', 'name']);
  return stdout.split('\n').filter((name) => name !== '');
}

beforeAll(async () => {
  cluster = await testCluster();
  await cluster.kubectl(['create', 'namespace', namespace]);
  platform = await PlatformProcess.start({
    ...podSettings(),
    CONFIG_whisk_kubernetes_actionNamespace: namespace,
  });
  auth = (await platform.namespace('guest')).auth;
});
afterAll(async () => {
  await platform?.stop();
  await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
});

test.each([
  ['nodejs:20', 'function main({ name }) { console.log("said"); return { greeting: "hello " + name }; }'],
  ['python:3.11', 'def main(args):\n  print("said")\n  return {"greeting": "hello " + args["name"]}'],
])('%s: deployed, invoked, logged', async (kind, code) => {
  await platform.api(auth, 'PUT', 'actions/hello?overwrite=true', { exec: { kind, code } });
  const answer = await platform.api(auth, 'POST', 'actions/hello?blocking=true', { name: 'bob' });
  expect([answer.status, answer.json.response.result]).toEqual([200, { greeting: 'hello bob' }]);
  await eventually(async () => {
    const { json } = await platform.api(auth, 'GET', `activations/${answer.json.activationId}/logs`);
    expect(json.logs).toEqual([expect.stringMatching(/ stdout: said$/)]);
  });
});

test('an image that is not there is the fault of who named it', async () => {
  await platform.api(auth, 'PUT', 'actions/none', { exec: { kind: 'blackbox', image: 'registry.local/none' } });
  const { status, json } = await platform.api(auth, 'POST', 'actions/none?blocking=true');
  expect([status, json.response.status, json.response.result.error]).toEqual([
    502,
    'action developer error',
    "Failed to pull container image 'registry.local/none'.",
  ]);
});

test('an invoker that was killed with live pods finds none of them after its restart, and leaves none when it ends', async () => {
  const code = 'function main({ hang }) { return hang ? new Promise(() => setTimeout(() => {}, 1e6)) : { ok: true } }';
  await platform.api(auth, 'PUT', 'actions/slow', { exec: { kind: 'nodejs:20', code } });
  const invoke = (more: object = {}) => platform.api(auth, 'POST', 'actions/slow?blocking=true&result=true', more);
  expect((await invoke()).json).toEqual({ ok: true });
  void invoke({ hang: true }).catch(() => undefined);
  const old = await eventually(async () => {
    const found = await podNames();
    expect(found.length).toBeGreaterThan(0);
    return found;
  });
  await platform.kill('SIGKILL');
  expect(await podNames()).toEqual(expect.arrayContaining(old));
  await platform.run();
  expect((await podNames()).filter((name) => old.includes(name))).toEqual([]);
  expect((await invoke()).json).toEqual({ ok: true });
  await platform.kill('SIGTERM');
  expect(await podNames()).toEqual([]);
});
