import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { runCommand } from '../../tooling/src/command';
import { repositoryRoot } from '../../tooling/src/repository';
import { dockerEngine } from '../docker/engine';
import { eventually } from '../eventually';
import { exampleProgram } from '../exampleProgram';
import { call } from '../httpCall';
import { basic, freePort, type NamespaceKey } from '../platformProcess';
import { type Step, TestStack } from '../provider/testStack';
import { SteadyLoad } from '../steadyLoad';
import { suiteAgainst } from '../suiteAgainst';
import { dockerPluginFolder } from './dockerPlugin';
import { type EngineListing, listEngine } from './engineListing';
import { buildSleeper, SLEEPER_LOG } from './sleeper';

/** The platform of containers, from the first preview to nothing left, on a real engine. Each test goes on from the one before. */
const docker = dockerEngine();
const CONTAINER = 'docker:index/container:Container';

jest.setTimeout(900_000);

let stack: TestStack;
let before: EngineListing;
let args: Record<string, unknown>;

beforeAll(async () => {
  stack = await TestStack.create(exampleProgram('containers'));
  const folder = dockerPluginFolder();
  if (folder !== undefined) process.env.PATH = `${folder}:${process.env.PATH}`;
  // left by a platform that was killed
  await docker
    .getImage('openwhisk-as-code/sandbox:1')
    .remove()
    .catch(() => undefined);
  before = await listEngine(docker);
  args = {
    apiPort: await freePort(),
    adminPort: await freePort(),
    userMemory: 1024,
    limits: { invocationsPerMinute: 100_000, concurrentInvocations: 1000, firesPerMinute: 100_000 },
    docker: { controllers: 2, invokers: 1, kinds: ['nodejs:20'], invokerPort: await freePort() },
  };
  await configure();
});
afterAll(() => stack?.remove());

/** Writes the arguments into the configuration: changes of the target's, and of those all targets have. */
async function configure(changes: Record<string, unknown> = {}, general: Record<string, unknown> = {}): Promise<void> {
  args = { ...args, ...general, docker: { ...(args.docker as object), ...changes } };
  await stack.setConfig('life:platform', JSON.stringify(args));
}

const secure = () => (args.docker as { tls?: object }).tls !== undefined;
const api = () => `${secure() ? 'https' : 'http'}://127.0.0.1:${args.apiPort}`;
const names = (steps: readonly Step[], op: string) =>
  steps
    .filter((step) => step.op === op && step.type === CONTAINER)
    .map(({ name }) => name)
    .sort();

async function guestKey(): Promise<string> {
  return (await stack.outputs()).auth!.value as string;
}

async function hello(auth: string, ca?: string): Promise<unknown> {
  const url = `${api()}/api/v1/namespaces/_/actions/hello?blocking=true&result=true`;
  const trust = ca === undefined ? {} : { ca };
  return (await call(url, { method: 'POST', headers: { authorization: basic(auth) }, json: { name: 'bob' }, ...trust })).json;
}

async function namespace(name: string): Promise<NamespaceKey> {
  const { adminUrl, adminKey } = await stack.outputs();
  const headers = { authorization: `Bearer ${adminKey!.value}` };
  const { json } = await call(`${adminUrl!.value}/v1/namespaces/${name}`, { method: 'PUT', headers, json: {} });
  return { namespace: json.namespace, auth: json.auth };
}

async function pidOf(container: string): Promise<number> {
  return (await docker.getContainer(`life-test-platform-${container}`).inspect()).State.Pid;
}

/** Whether the controller with this number has been given something to run. */
async function isUsed(index: number): Promise<boolean> {
  const targets = (await stack.outputs()).prometheusTargets!.value as string[];
  const { text } = await call(`http://${targets[index]}/metrics`);
  return /loadbalancer_activations_total\{[^}]*published[^}]*\} [1-9]/.test(text);
}

/** The serial number of the certificate nginx shows. */
async function servedCertificate(): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: args.apiPort as number, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test('a preview shows the whole of it, and needs no engine', async () => {
  await stack.setConfig('docker:host', 'unix:///nowhere/docker.sock');
  const { steps } = await stack.preview();
  await stack.cli(['config', 'rm', 'docker:host', '--stack', 'test']);
  const containers = ['controller0', 'controller1', 'couchdb', 'invoker0', 'kafka', 'nginx', 'nginx-files'];
  expect(names(steps, 'create')).toEqual(containers.map((name) => `platform-${name}`));
});

/** What an update that has to fail says. */
async function failure(): Promise<string> {
  const error = await stack.up().catch((failed: Error) => failed);
  if (!(error instanceof Error)) throw new Error('The update succeeded.');
  return error.message;
}

test('an engine that is not there is one error that names it', async () => {
  await configure({ engine: 'tcp://127.0.0.1:1' });
  expect(await failure()).toContain('127.0.0.1:1');
  await configure({ engine: undefined });
});

test('an image that is not to be had is one error that names it', async () => {
  await configure({ images: { kafka: 'localhost:1/kafka:none' } });
  expect(await failure()).toContain('localhost:1/kafka:none');
  await configure({ images: undefined });
});

test('a service that does not come up is one error that names it and shows its log', async () => {
  await configure({}, { settings: { CONFIG_whisk_timeLimit_max: 'soon' } });
  const text = await failure();
  expect(text).toContain('The service "invoker0" ends with code 1 whenever it starts');
  expect(text).toContain('CONFIG_whisk_timeLimit_max is not usable');
  await configure({}, { settings: undefined });
});

test('a service that runs and is never healthy is one error: its name, the time, its last check, the end of its log', async () => {
  await buildSleeper(docker, 'life-test/sleeper:1');
  await configure({ images: { kafka: 'life-test/sleeper:1' }, healthTimeout: 20 });
  const text = await failure();
  expect(text).toMatch(/The service "kafka" was not healthy within 20 s.* \(its last check said: .*refused\)/);
  expect(text).toContain(SLEEPER_LOG);
  await configure({ images: undefined, healthTimeout: undefined });
});

test('a port that somebody else has is one error that names it', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(args.apiPort as number, '127.0.0.1', resolve));
  try {
    expect(await failure()).toMatch(new RegExp(`${args.apiPort}.*(in use|allocated)`));
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

test('up heals all of that: an action answers through nginx, controller, Kafka, invoker and container', async () => {
  await stack.up();
  expect(await hello(await guestKey())).toEqual({ greeting: 'hello bob' });
  const { adminKey, auth } = await stack.outputs();
  const state = await stack.state();
  for (const secret of [adminKey!.value, auth!.value]) expect(state).not.toContain(secret);
});

test('a second up finds nothing to do', async () => {
  expect((await stack.up()).steps).toEqual([]);
  expect((await stack.refresh()).steps).toEqual([]);
});

test('each container is bounded: memory, log, privileges', async () => {
  for (const { Id } of await docker.listContainers({ filters: { label: ['openwhisk.platform=life-test-platform'] } })) {
    const { HostConfig, Name } = await docker.getContainer(Id).inspect();
    const { Memory, MemorySwap, LogConfig, SecurityOpt, RestartPolicy, Privileged } = HostConfig;
    expect({ Name, LogConfig }).toEqual({ Name, LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } } });
    expect({ Name, swap: MemorySwap! - Memory! }).toEqual({ Name, swap: 0 });
    expect(Memory).toBeGreaterThan(0);
    expect({ SecurityOpt, Privileged, restart: RestartPolicy!.Name }).toEqual({
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      restart: 'unless-stopped',
    });
  }
});

test('a change that would lose data is refused in its preview, unless it is asked for', async () => {
  const couchdb = { url: 'http://couchdb.example.com:5984', username: 'whisk', password: 'its password' };
  await configure({ couchdb });
  const error = await stack.preview().catch((failed: Error) => failed);
  expect(String(error)).toContain('the volume life-test-platform-couchdb-data would be removed with all that is in it');
  await configure({ couchdb, allowDataLoss: true });
  const { steps } = await stack.preview();
  expect(names(steps, 'delete')).toEqual(['platform-couchdb']);
  await configure({ couchdb: undefined, allowDataLoss: undefined });
});

test('with retainData the volumes with data outlive the platform', async () => {
  const retained = async () => {
    const { resources } = JSON.parse(await stack.state()).deployment as {
      resources: { type: string; retainOnDelete?: boolean; inputs?: { name?: string } }[];
    };
    return resources.flatMap(({ type, retainOnDelete, inputs }) =>
      type === 'docker:index/volume:Volume' && retainOnDelete === true ? [inputs!.name] : [],
    );
  };
  await configure({}, { retainData: true });
  await stack.up();
  const volumes = ['couchdb-data', 'invoker0-journal', 'kafka-data'];
  expect((await retained()).sort()).toEqual(volumes.map((name) => `life-test-platform-${name}`));
  await configure({}, { retainData: undefined });
  await stack.up();
  expect(await retained()).toEqual([]);
});

test('the conformance suite passes against it', async () => {
  const host = { apiHost: api(), guest: await namespace('suite-guest'), other: await namespace('suite-other') };
  const { passed, failures } = await suiteAgainst(host, 'conformance');
  expect(failures).toEqual([]);
  expect(passed).toBeGreaterThan(1000);
});

test('invokers from one to three to two, under load: no request fails', async () => {
  const load = new SteadyLoad(api(), await guestKey());
  await configure({ invokers: 3 });
  expect(names((await stack.up()).steps, 'create')).toEqual(['platform-invoker1', 'platform-invoker2']);
  await configure({ invokers: 2 });
  expect(names((await stack.up()).steps, 'delete')).toEqual(['platform-invoker2']);
  expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
});

test('controllers from two to three to two, under load: nginx goes on and no request fails', async () => {
  const nginx = await pidOf('nginx');
  const load = new SteadyLoad(api(), await guestKey());
  await configure({ controllers: 3 });
  const grown = (await stack.up()).steps;
  expect([names(grown, 'create'), names(grown, 'replace')]).toEqual([['platform-controller2'], ['platform-nginx-files']]);
  await eventually(async () => expect(await isUsed(2)).toBe(true));
  await configure({ controllers: 2 });
  expect(names((await stack.up()).steps, 'delete')).toEqual(['platform-controller2']);
  expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
  expect(await pidOf('nginx')).toBe(nginx);
});

test('a new image of controllers and invokers rolls one by one, under load: no request fails', async () => {
  const { Image } = (await docker.getContainer('life-test-platform-controller0').inspect()) as { Image: string };
  await docker.getImage(Image).tag({ repo: 'life-test/upgraded', tag: '2' });
  const load = new SteadyLoad(api(), await guestKey());
  await configure({ images: { platform: 'life-test/upgraded:2' } });
  const { steps } = await stack.up();
  expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
  expect(names(steps, 'replace')).toEqual(['controller0', 'controller1', 'invoker0', 'invoker1'].map((name) => `platform-${name}`));
});

test('metrics are found where the outputs say', async () => {
  const targets = (await stack.outputs()).prometheusTargets!.value as string[];
  expect(targets).toHaveLength(4);
  for (const target of targets) expect((await call(`http://${target}/metrics`)).text).toContain('# TYPE');
});

describe('HTTPS with a certificate that is generated', () => {
  const certificate = async () => (await stack.outputs()).caCertificate!.value as string;

  test('is served by the same nginx, and trusted by who was given its authority', async () => {
    const nginx = await pidOf('nginx');
    await configure({ tls: { generate: true } });
    expect(names((await stack.up()).steps, 'replace')).toEqual(['platform-nginx-files']);
    expect(await hello(await guestKey(), await certificate())).toEqual({ greeting: 'hello bob' });
    await expect(hello(await guestKey())).rejects.toThrow(/certificate/);
    expect(await pidOf('nginx')).toBe(nginx);
    expect(await stack.state()).not.toContain('PRIVATE KEY');
  });

  test('actions call the API though they know no authority', async () => {
    const auth = await guestKey();
    const code = `async function main() {
      const headers = { authorization: 'Basic ' + Buffer.from(process.env.__OW_API_KEY).toString('base64') };
      return { status: (await fetch(process.env.__OW_API_HOST + '/api/v1/namespaces', { headers })).status };
    }`;
    const [url, ca] = [`${api()}/api/v1/namespaces/_/actions/caller`, await certificate()];
    const headers = { authorization: basic(auth) };
    const annotations = [{ key: 'provide-api-key', value: true }];
    await call(url, { method: 'PUT', headers, ca, json: { exec: { kind: 'nodejs:20', code }, annotations } });
    const { json } = await call(`${url}?blocking=true&result=true`, { method: 'POST', headers, ca, json: {} });
    expect(json).toEqual({ status: 200 });
  });

  test('wskadmin reaches the admin API with it as OPENWHISK_ADMIN_CA', async () => {
    const { adminUrl, adminKey, auth } = await stack.outputs();
    const ca = join(stack.folder, 'ca.pem');
    writeFileSync(ca, await certificate());
    const env = { OPENWHISK_ADMIN_URL: adminUrl!.value, OPENWHISK_ADMIN_KEY: adminKey!.value, OPENWHISK_ADMIN_CA: ca };
    const args = [join(repositoryRoot, 'tooling/run.mjs'), 'wskadmin', 'user', 'get', 'guest'];
    const { code, stdout } = await runCommand(process.execPath, args, { env: { ...process.env, ...env } });
    expect([code, stdout]).toEqual([0, `${auth!.value}\n`]);
  });

  test('stays the same at a second up', async () => {
    expect((await stack.up()).steps).toEqual([]);
  });

  test('is renewed under load: no request fails, the authority stays', async () => {
    const authority = await certificate();
    const before = await servedCertificate();
    const load = new SteadyLoad(api(), await guestKey(), authority);
    await configure({ tls: { generate: true, renewal: 'again' } });
    await stack.up();
    expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
    expect(await certificate()).toBe(authority);
    expect(await servedCertificate()).not.toBe(before);
    expect(await hello(await guestKey(), authority)).toEqual({ greeting: 'hello bob' });
  });
});

test('a certificate that nginx does not take is one error with its words; nginx goes on with the one before', async () => {
  const served = await servedCertificate();
  await configure({ tls: { certificate: 'not a certificate', key: 'not a key' } });
  const text = await failure();
  expect(text).toMatch(/The service "nginx-files" ends with code 1 whenever it starts/);
  expect(text).toMatch(/of these files it said: .*cannot load certificate/);
  expect(await servedCertificate()).toBe(served);
  await configure({ tls: { generate: true, renewal: 'again' } });
  await stack.up();
  expect(await hello(await guestKey(), (await stack.outputs()).caCertificate!.value)).toEqual({ greeting: 'hello bob' });
});

test('a controller that is killed comes back', async () => {
  const pid = await pidOf('controller1');
  execFileSync('kill', ['-9', String(pid)]);
  await eventually(async () => {
    const { State } = await docker.getContainer('life-test-platform-controller1').inspect();
    expect([State.Pid !== pid, State.Health?.Status]).toEqual([true, 'healthy']);
  });
  const ca = (await stack.outputs()).caCertificate!.value as string;
  expect(await hello(await guestKey(), ca)).toEqual({ greeting: 'hello bob' });
});

test('after somebody removed a container, refresh and up make only that again', async () => {
  await docker.getContainer('life-test-platform-controller1').remove({ force: true });
  await stack.refresh();
  const { steps } = await stack.up();
  expect(names(steps, 'create')).toEqual(['platform-controller1']);
  expect(names(steps, 'replace')).toEqual([]);
});

test('destroy leaves the engine as it was found', async () => {
  await stack.destroy();
  for (const image of ['life-test/upgraded:2', 'life-test/sleeper:1']) await docker.getImage(image).remove();
  expect(await listEngine(docker)).toEqual(before);
});
