import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import * as openwhisk from 'pulumi-openwhisk';
import { call } from '../httpCall';
import { basic, freePort } from '../platformProcess';
import { TestStack } from './testStack';

let stack: TestStack;
let ports: { apiPort: number; adminPort: number };
beforeEach(async () => {
  ports = { apiPort: await freePort(), adminPort: await freePort() };
  stack = await TestStack.create();
});
afterEach(() => stack.remove());

/** A platform, a namespace and an action, as a program for a new project looks. */
function program(args: openwhisk.PlatformArgs = {}, text = 'one') {
  return async () => {
    const platform = new openwhisk.Platform('platform', { ...ports, ...args });
    const goesWithPlatform = { deletedWith: platform };
    const admin = new openwhisk.Provider('admin', { adminUrl: platform.adminUrl, adminKey: platform.adminKey });
    const guest = new openwhisk.Namespace('guest', {}, { provider: admin, ...goesWithPlatform });
    const provider = new openwhisk.Provider('guest', { apiHost: platform.apiHost, auth: guest.auth, namespace: guest.name });
    new openwhisk.Action(
      'say',
      { kind: 'nodejs:default', code: `exports.main = () => ({ text: '${text}' })` },
      { provider, ...goesWithPlatform },
    );
    return { apiHost: platform.apiHost, adminUrl: platform.adminUrl, adminKey: platform.adminKey, auth: guest.auth };
  };
}

async function deploy(args: openwhisk.PlatformArgs = {}): Promise<string> {
  stack.program = program(args);
  await stack.up();
  return (await stack.outputs()).auth!.value as string;
}

const dataDir = () => join(stack.folder, '.openwhisk/test/platform');
const pid = () => (JSON.parse(readFileSync(join(dataDir(), 'service.json'), 'utf8')) as { pid: number }).pid;
const up = async () => (await call(`http://127.0.0.1:${ports.apiPort}/ping`).catch(() => undefined))?.status === 200;
async function say(auth: string): Promise<unknown> {
  const url = `http://127.0.0.1:${ports.apiPort}/api/v1/namespaces/_/actions/say?blocking=true&result=true`;
  return (await call(url, { method: 'POST', headers: { authorization: basic(auth) }, json: {} })).json;
}
function gone(process_: number): boolean {
  try {
    // What was killed stays in the table until its parent looks, so its state counts.
    return / Z /.test(readFileSync(`/proc/${process_}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

it('is previewed before it exists, comes up, changes nothing by itself, and leaves nothing', async () => {
  stack.program = program();
  const first = await stack.preview();
  expect(first.steps.map(({ op, type }) => `${op} ${type}`).sort()).toEqual([
    'create Action',
    'create Namespace',
    'create local:GeneratedSecret',
    'create local:Service',
  ]);
  // What can be known without it is known.
  expect(first.output).toContain(`http://127.0.0.1:${ports.apiPort}`);
  expect(await up()).toBe(false);

  const auth = await deploy();
  expect(await say(auth)).toEqual({ text: 'one' });
  expect((await stack.preview()).steps).toEqual([]);
  expect((await stack.refresh()).steps).toEqual([]);
  expect((await stack.preview()).steps).toEqual([]);

  const outputs = await stack.outputs();
  expect([outputs.adminKey!.secret, outputs.auth!.secret, outputs.apiHost!.secret]).toEqual([true, true, false]);
  const state = await stack.state();
  for (const secret of [outputs.adminKey!.value as string, auth, auth.split(':')[1]!]) expect(state).not.toContain(secret);
  // Another machine may work with this state: nothing in it says where this one keeps things.
  const properties = await stack.properties();
  expect(properties).not.toContain(stack.folder);
  expect(properties).not.toContain(process.cwd());

  const process_ = pid();
  await stack.destroy();
  expect(await up()).toBe(false);
  expect(gone(process_)).toBe(true);
  expect(readdirSync(stack.folder)).not.toContain('.openwhisk');
});

it('is found dead by a refresh, and brought back with everything that was in it', async () => {
  const auth = await deploy();
  await say(auth);
  process.kill(pid(), 'SIGKILL');
  const refreshed = await stack.refresh();
  expect(refreshed.steps.map(({ type }) => type)).toEqual(['local:Service']);
  expect(refreshed.output).toContain('The service "platform" is stopped');
  const plan = await stack.preview();
  expect(plan.steps).toEqual([{ op: 'update', type: 'local:Service', name: 'platform', diff: { status: 'update' } }]);
  await stack.up();
  expect(await say(auth)).toEqual({ text: 'one' });
  expect((await stack.preview()).steps).toEqual([]);
});

it('is brought back without a refresh, as after a reboot', async () => {
  const auth = await deploy();
  process.kill(pid(), 'SIGKILL');
  expect((await stack.up()).steps.map(({ op, type }) => `${op} ${type}`)).toEqual(['update local:Service']);
  expect(await say(auth)).toEqual({ text: 'one' });
});

it('is destroyed although it is dead', async () => {
  await deploy();
  process.kill(pid(), 'SIGKILL');
  await stack.destroy();
  expect(existsSync(join(stack.folder, '.openwhisk'))).toBe(false);
});

it('moves to other ports and takes other limits in place', async () => {
  const auth = await deploy();
  const old = ports.apiPort;
  ports = { apiPort: await freePort(), adminPort: await freePort() };
  stack.program = program({ limits: { invocationsPerMinute: 2 } });
  const { steps } = await stack.up();
  expect(steps.filter(({ type }) => type === 'local:Service').map(({ op }) => op)).toEqual(['update']);
  expect(steps.filter(({ op }) => op !== 'update')).toEqual([]);
  expect(await say(auth)).toEqual({ text: 'one' });
  await say(auth);
  expect(JSON.stringify(await say(auth))).toContain('Too many requests in the last minute');
  expect((await call(`http://127.0.0.1:${old}/ping`).catch(() => undefined))?.status).toBeUndefined();
  expect((await stack.preview()).steps).toEqual([]);
});

it('keeps its data when asked to, and finds it again', async () => {
  await deploy({ retainData: true });
  await stack.destroy();
  expect(existsSync(join(dataDir(), 'data'))).toBe(true);
  expect(existsSync(join(dataDir(), 'service.json'))).toBe(false);
  stack.program = async () => {
    const platform = new openwhisk.Platform('platform', { ...ports, retainData: true });
    return { adminKey: platform.adminKey };
  };
  await stack.up();
  const authorization = `Bearer ${(await stack.outputs()).adminKey!.value}`;
  const namespaces = await call(`http://127.0.0.1:${ports.adminPort}/v1/namespaces`, { headers: { authorization } });
  expect(namespaces.json).toMatchObject({ total: 1, namespaces: [{ namespace: 'guest' }] });
});

describe('a platform that does not come up', () => {
  /** A stack whose program is nothing but a platform with these arguments. */
  async function only(args: Record<string, unknown>): Promise<TestStack> {
    await stack.remove();
    stack = await TestStack.create(`new (require('pulumi-openwhisk').Platform)('platform', ${JSON.stringify({ ...ports, ...args })});`);
    return stack;
  }

  it('says which port is taken, and leaves nothing', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(ports.apiPort, '127.0.0.1', resolve));
    await expect((await only({})).up()).rejects.toThrow(
      `Port ${ports.apiPort} on 127.0.0.1 is in use by another program; stop that, or set apiPort to a free port.`,
    );
    await new Promise((resolve) => server.close(resolve));
    expect(existsSync(join(stack.folder, '.openwhisk'))).toBe(false);
  });

  it('says why, in the words of its log', async () => {
    const failing = await only({ settings: { CONFIG_whisk_containerPool_userMemory: 'plenty' } });
    await expect(failing.up()).rejects.toThrow(/The service "platform" ended \(exit code 1\)[\s\S]*It wrote last:[\s\S]*plenty/);
  });

  it('refuses bad arguments at their paths', async () => {
    const failing = await only({ apiPort: 70000, limits: { firesPerMinute: -1 } });
    const error = await failing.preview().catch((e: Error) => e.message);
    expect(error).toContain('apiPort must be a port number from 1 to 65535');
    expect(error).toContain('limits.firesPerMinute must be a whole number that is not negative');
  });
});

it('runs twice side by side', async () => {
  const auth = await deploy();
  const other = await TestStack.create(undefined, 'other');
  const first = ports;
  ports = { apiPort: await freePort(), adminPort: await freePort() };
  try {
    other.program = program({}, 'two');
    await other.up();
    expect(await say((await other.outputs()).auth!.value as string)).toEqual({ text: 'two' });
    await other.destroy();
    ports = first;
    expect(await say(auth)).toEqual({ text: 'one' });
  } finally {
    ports = first;
    await other.remove();
  }
});

it('makes namespaces with limits and keys of their own', async () => {
  await deploy();
  const auth = `12345678-1234-4123-8123-123456789012:${'k'.repeat(64)}`;
  const withTeam = (limits: openwhisk.types.input.NamespaceLimitsArgs | undefined) => async () => {
    const outputs = await program()();
    const admin = new openwhisk.Provider('team-admin', { adminUrl: outputs.adminUrl, adminKey: outputs.adminKey });
    const team = new openwhisk.Namespace('team', { auth: pulumi.secret(auth), limits }, { provider: admin });
    return { ...outputs, team: team.auth };
  };
  stack.program = withTeam({ invocationsPerMinute: 1 });
  await stack.up();
  const limitsOf = async () =>
    (await call(`http://127.0.0.1:${ports.apiPort}/api/v1/namespaces/_/limits`, { headers: { authorization: basic(auth) } })).json;
  expect(await limitsOf()).toMatchObject({ invocationsPerMinute: 1 });
  expect((await stack.preview()).steps).toEqual([]);
  stack.program = withTeam(undefined);
  expect((await stack.up()).steps).toEqual([
    { op: 'update', type: 'Namespace', name: 'team', diff: { 'limits.invocationsPerMinute': 'delete' } },
  ]);
  expect(await limitsOf()).toMatchObject({ invocationsPerMinute: 60 });
  expect(await stack.state()).not.toContain('k'.repeat(64));
  stack.program = program();
  expect((await stack.up()).steps.map(({ op, name }) => `${op} ${name}`)).toEqual(['delete team']);
  expect((await limitsOf()).error).toBe('The supplied authentication is invalid');
});
