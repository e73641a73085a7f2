import * as openwhisk from 'pulumi-openwhisk';
import { dockerEngine } from '../docker/engine';
import { call } from '../httpCall';
import { basic, freePort } from '../platformProcess';
import { TestStack } from '../provider/testStack';
import { dockerPluginFolder } from './dockerPlugin';
import { type EngineListing, listEngine } from './engineListing';

/** The platform of containers from the first preview to nothing left, on a real engine. */
const docker = dockerEngine();
let stack: TestStack;
let before: EngineListing;
const size = { controllers: 2, invokers: 1 };
let args: openwhisk.PlatformArgs;

beforeAll(async () => {
  before = await listEngine(docker);
  args = {
    target: 'docker',
    apiPort: await freePort(),
    adminPort: await freePort(),
    userMemory: 1024,
    limits: { invocationsPerMinute: 100_000, concurrentInvocations: 1000 },
  };
  stack = await TestStack.create(async () => {
    const platform = new openwhisk.Platform('platform', {
      ...args,
      docker: { ...size, kinds: ['nodejs:20'], invokerPort: await invokerPort() },
    });
    const admin = new openwhisk.Provider('admin', { adminUrl: platform.adminUrl, adminKey: platform.adminKey });
    const guest = new openwhisk.Namespace('guest', {}, { provider: admin, deletedWith: platform });
    const provider = new openwhisk.Provider('guest', { apiHost: platform.apiHost, auth: guest.auth });
    new openwhisk.Action(
      'hello',
      { kind: 'nodejs:20', code: 'function main({ name }) { return { greeting: "hello " + name }; }' },
      { provider, deletedWith: platform },
    );
    return { apiHost: platform.apiHost, adminUrl: platform.adminUrl, adminKey: platform.adminKey, auth: guest.auth };
  });
  const folder = dockerPluginFolder();
  if (folder !== undefined) process.env.PATH = `${folder}:${process.env.PATH}`;
});
afterAll(() => stack?.remove());

let port: number | undefined;
async function invokerPort(): Promise<number> {
  port ??= await freePort();
  return port;
}

async function say(name: string): Promise<unknown> {
  const { apiHost, auth } = await stack.outputs();
  const answer = await call(`${apiHost!.value}/api/v1/namespaces/_/actions/hello?blocking=true&result=true`, {
    method: 'POST',
    headers: { authorization: basic(auth!.value) },
    json: { name },
  });
  return answer.json;
}

test('a preview shows the whole of it', async () => {
  const { steps } = await stack.preview();
  const containers = steps.filter(({ type }) => type === 'docker:index/container:Container').map(({ name }) => name);
  expect(containers.sort()).toEqual(
    ['controller0', 'controller1', 'couchdb', 'invoker0', 'kafka', 'nginx'].map((name) => `platform-${name}`),
  );
});

test('up: an action answers through nginx, controller, Kafka, invoker and container', async () => {
  await stack.up();
  expect(await say('bob')).toEqual({ greeting: 'hello bob' });
});

test('a second up finds nothing to do', async () => {
  expect((await stack.up()).steps).toEqual([]);
});

test('destroy leaves the engine as it was found', async () => {
  await stack.destroy();
  expect(await listEngine(docker)).toEqual(before);
});
