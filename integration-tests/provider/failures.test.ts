import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fate, HostProxy, type SeenRequest } from './hostProxy';
import { descendants } from './processTree';
import { TestHost } from './testHost';
import { TestStack } from './testStack';

const SECRET = 'a-secret-nobody-may-see';
let host: TestHost;
let proxy: HostProxy;
let stack: TestStack;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host.stop());
beforeEach(async () => {
  await host.freshNamespace();
  proxy = await HostProxy.start(host.apiHost);
  stack = await TestStack.create(program());
});
afterEach(async () => {
  proxy.decide = () => 'pass';
  await stack.remove();
  await proxy.close();
});

interface Changes {
  text?: string;
  status?: string;
  maxRetries?: number;
  timeout?: string;
}

/** In a process of its own: what fails in the middle leaves rejected promises behind. */
function program({ text = 'one', status, maxRetries = 8, timeout }: Changes = {}): string {
  const settings = { apiHost: proxy.apiHost, auth: host.key, namespace: host.namespace, maxRetries };
  const options = timeout === undefined ? '{ provider }' : `{ provider, customTimeouts: { create: '${timeout}', update: '${timeout}' } }`;
  return `
    const pulumi = require('@pulumi/pulumi');
    const openwhisk = require('pulumi-openwhisk');
    const provider = new openwhisk.Provider('there', ${JSON.stringify(settings)});
    const pack = new openwhisk.Package('pack', { parameters: { token: pulumi.secret('${SECRET}') } }, { provider });
    const act = new openwhisk.Action(
      'act',
      { package: pack.name, kind: 'nodejs:default', code: "exports.main = () => ({ text: '${text}' })" },
      ${options},
    );
    const visit = new openwhisk.Trigger('visit', { annotations: { text: '${text}' } }, { provider });
    new openwhisk.Rule('on', { trigger: visit.fqn, action: act.fqn, status: ${JSON.stringify(status)} }, { provider });
  `;
}
const change = (changes: Changes) => writeFileSync(join(stack.folder, 'index.js'), program(changes));
const failing = (up: Promise<unknown>) =>
  up.then(
    () => {
      throw new Error('The update should have failed.');
    },
    (error: Error) => error.message,
  );
const on =
  (method: string, path: string, fate: Fate, times = 1) =>
  (request: SeenRequest) =>
    request.method === method && request.path === path && request.before < times ? fate : 'pass';
const say = async () => (await host.api('POST', 'actions/pack/act?blocking=true&result=true', {})).json;
const ENTITIES = ['actions/pack/act', 'packages/pack', 'rules/on', 'triggers/visit'];

/** The next update mends everything, another finds nothing to do, and a destroy leaves nothing. */
async function healed(text = 'one'): Promise<void> {
  await stack.up();
  expect(await say()).toEqual({ text });
  expect((await host.entities()).sort()).toEqual(ENTITIES);
  expect((await stack.preview()).steps).toEqual([]);
  expect((await stack.refresh()).steps).toEqual([]);
  expect(await stack.state()).not.toContain(SECRET);
  await stack.destroy();
  expect(await host.entities()).toEqual([]);
}

it.each<[string, Fate, number]>([
  ['throttling', { status: 429, error: 'Too many requests in the last minute (count: 61, allowed: 60).' }, 2],
  ['an unavailable host', { status: 503, error: 'The server is currently unavailable.' }, 2],
  ['a proxy without a host', { status: 502, error: 'Bad gateway' }, 2],
  ['a lost race', { status: 409, error: 'Concurrent modification to resource detected' }, 2],
  ['a lost request', 'drop', 2],
  ['a lost answer', 'lose', 1],
])('sits out %s', async (_what, fate, times) => {
  proxy.decide = on('PUT', 'actions/pack/act', fate, times);
  await stack.up();
  expect(proxy.count('PUT', 'actions/pack/act')).toBe(times + 1);
  proxy.decide = on('PUT', 'triggers/visit', fate, 1 + times);
  change({ text: 'two' });
  await healed('two');
});

it('gives up at the time the program allows, in words that say why', async () => {
  proxy.decide = on('PUT', 'actions/pack/act', { status: 503, error: 'The server is currently unavailable.' }, 1000);
  change({ timeout: '2s' });
  expect(await failing(stack.up())).toContain('The server is currently unavailable. (PUT');
  expect(proxy.count('PUT', 'actions/pack/act')).toBeLessThan(8);
});

it('keeps a rule whose status could not be set, and sets it the next time', async () => {
  proxy.decide = on('POST', 'rules/on', { status: 500, error: 'There was an internal server error.' });
  change({ status: 'inactive' });
  expect(await failing(stack.up())).toContain('could not be made inactive');
  expect(await stack.state()).toContain('openwhisk:index:Rule');
  expect((await host.api('GET', 'rules/on')).json.status).toBe('active');
  expect((await stack.preview()).steps.map(({ op, name }) => `${op} ${name}`)).toEqual(['update on']);
  await stack.up();
  expect((await host.api('GET', 'rules/on')).json.status).toBe('inactive');
  await healed();
});

it('goes on after the host went down in the middle', async () => {
  change({ maxRetries: 1 });
  const made = proxy.carriedOut('PUT', 'packages/pack');
  const up = failing(stack.up());
  await made;
  await proxy.close();
  expect(await up).toMatch(/No connection to .*nothing is listening there/);
  await proxy.listen();
  await healed();
});

it('goes on after the provider was killed in the middle of a create', async () => {
  proxy.decide = on('PUT', 'actions/pack/act', 'hold');
  const made = proxy.carriedOut('PUT', 'actions/pack/act');
  const up = failing(stack.up());
  await made;
  for (const pid of descendants('provider/dist/plugin.js')) process.kill(pid, 'SIGKILL');
  await up;
  expect((await host.api('GET', 'actions/pack/act')).status).toBe(200);
  await healed();
});

it('goes on after the provider was killed in the middle of an update', async () => {
  await stack.up();
  change({ text: 'two' });
  proxy.decide = (request) => (request.method === 'PUT' && request.path === 'actions/pack/act' && request.before === 1 ? 'hold' : 'pass');
  const made = proxy.carriedOut('PUT', 'actions/pack/act');
  const up = failing(stack.up());
  await made;
  for (const pid of descendants('provider/dist/plugin.js')) process.kill(pid, 'SIGKILL');
  await up;
  await healed('two');
});

it('stops when it is cancelled, and goes on with the next update', async () => {
  proxy.decide = on('PUT', 'actions/pack/act', { status: 503, error: 'The server is currently unavailable.' }, 1000);
  const tried = proxy.carriedOut('PUT', 'actions/pack/act');
  const up = failing(stack.up());
  await tried;
  const [cli] = descendants('pulumi up');
  process.kill(cli!, 'SIGINT');
  await up;
  const count = proxy.count('PUT', 'actions/pack/act');
  expect(count).toBeLessThan(8);
  expect(descendants('provider/dist/plugin.js')).toEqual([]);
  proxy.decide = () => 'pass';
  await healed();
});
