import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reveal, Secret, UNKNOWN, type ValueMap } from '../../resources/values';
import { type Deployed, Lifecycle } from '../../testing/lifecycle';
import { testContext } from '../../testing/operationContext';
import { processStartTime } from './processIdentity';
import { serviceModel } from './service';

/** A small server as the platform is: it answers on its health path, keeps something in its data folder and ends on SIGTERM. */
const PROGRAM = `
const fs = require('fs');
console.log('hello from the log');
if (process.env.FAIL) { console.error('the reason is this'); process.exit(3); }
fs.appendFileSync(process.env.DATA + '/starts', process.env.MARK + '\\n');
if (process.env.IGNORE_TERM) process.on('SIGTERM', () => {});
if (process.env.CHILD) fs.writeFileSync(process.env.DATA + '/child', String(require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' }).pid));
fs.writeFileSync(process.env.DATA + '/env', JSON.stringify(process.env));
if (!process.env.MUTE) require('http').createServer((q, r) => r.end(JSON.stringify({ instanceId: process.env.INSTANCE }))).listen(Number(process.env.PORT), '127.0.0.1');
else setTimeout(() => {}, 60000);
`;

let root: string;
let deployed: Deployed[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'service-'));
  writeFileSync(join(root, 'program.js'), PROGRAM);
  deployed = [];
});
afterEach(async () => {
  for (const service of deployed) await services().delete(service);
  rmSync(root, { recursive: true, force: true });
});

const context = (options = {}) => testContext({ projectRoot: root, logicalName: 'platform', ...options });
const services = () => new Lifecycle(serviceModel, context());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function inputs(env: ValueMap = {}, more: ValueMap = {}): Promise<ValueMap & { ports: { api: number } }> {
  const port = await freePort();
  return {
    command: [process.execPath, join(root, 'program.js')],
    env: { PORT: String(port), DATA: '{dataDir}', INSTANCE: '{instanceId}', MARK: 'one', ...env },
    ports: { api: port },
    health: { port: 'api', path: '/health', timeout: 5 },
    dataDir: '.openwhisk/dev/platform',
    stopGrace: 5,
    ...more,
  };
}

async function create(given: ValueMap): Promise<Deployed> {
  const service = await services().create(given);
  deployed.push(service);
  return service;
}
const alive = (pid: unknown) => processStartTime(pid as number) !== undefined;
const data = (file: string) => readFileSync(join(root, '.openwhisk/dev/platform/data', file), 'utf8');

it('starts it healthy, and leaves nothing when it is deleted', async () => {
  const given = await inputs();
  const service = await create(given);
  expect(service.outputs).toMatchObject({ urls: { api: `http://127.0.0.1:${given.ports.api}` }, status: 'running' });
  expect(alive(service.outputs.pid)).toBe(true);
  expect(await services().diff(service, given)).toEqual([]);
  expect(await services().refresh(service)).toEqual(service);
  await services().delete(service);
  expect(alive(service.outputs.pid)).toBe(false);
  expect(existsSync(join(root, '.openwhisk'))).toBe(false);
});

it('keeps machine paths out of the state and the engine’s secrets out of the process', async () => {
  process.env.PULUMI_CONFIG_PASSPHRASE = 'the passphrase';
  const service = await create(await inputs({ KEY: new Secret('the key') }, {}));
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  const { command: _command, ...rest } = service.outputs;
  expect(JSON.stringify(rest)).not.toContain(root);
  expect(data('env')).toContain('the key');
  expect(data('env')).not.toContain('the passphrase');
});

it('keeps the data when asked to', async () => {
  const service = await create(await inputs({}, { retainData: true }));
  await services().delete(service);
  expect(data('starts')).toBe('one\n');
  expect(existsSync(join(root, '.openwhisk/dev/platform/service.json'))).toBe(false);
  await create(await inputs({ MARK: 'two' }));
  expect(data('starts')).toBe('one\ntwo\n');
});

it('is found dead, and starts again on the same data', async () => {
  const given = await inputs();
  const service = await create(given);
  process.kill(service.outputs.pid as number, 'SIGKILL');
  while (alive(service.outputs.pid)) await sleep(5);
  // Also without a refresh.
  expect(await services().diff(service, given)).toEqual(['update status']);
  const live = (await services().refresh(service))!;
  expect(live.inputs.status).toBe('stopped');
  expect(live.outputs).not.toHaveProperty('pid');
  expect(await services().diff({ ...service, ...live }, given)).toEqual(['update status']);
  const updated = await services().update({ ...service, ...live }, given);
  deployed.push(updated);
  expect(alive(updated.outputs.pid)).toBe(true);
  expect(data('starts')).toBe('one\none\n');
});

it('restarts in place for a change, and moves its data', async () => {
  const given = await inputs();
  const service = await create(given);
  const changed = { ...given, env: { ...(given.env as ValueMap), MARK: 'two' }, dataDir: '.openwhisk/dev/moved' };
  expect(await services().diff(service, changed)).toEqual(['update dataDir', 'update env.MARK']);
  expect((await services().predict(changed, service)).outputs.pid).toBe(UNKNOWN);
  const updated = await services().update(service, changed);
  deployed.push(updated);
  expect(alive(service.outputs.pid)).toBe(false);
  expect(readFileSync(join(root, '.openwhisk/dev/moved/data/starts'), 'utf8')).toBe('one\ntwo\n');
  expect(existsSync(join(root, '.openwhisk/dev/platform'))).toBe(false);
});

it('does not restart to remember that data is to be kept', async () => {
  const given = await inputs();
  const service = await create(given);
  const updated = await services().update(service, { ...given, retainData: true });
  expect(updated.outputs).toMatchObject({ retainData: true, pid: service.outputs.pid });
});

it('says why it did not come up, with the end of its log, and leaves nothing', async () => {
  await expect(services().create(await inputs({ FAIL: '1' }))).rejects.toThrow(
    'The service "platform" ended (exit code 3). It wrote last:\nthe reason is this\nhello from the log',
  );
  expect(existsSync(join(root, '.openwhisk'))).toBe(false);
});

it('does not wait forever for its health', async () => {
  const given = await inputs({ MUTE: '1' }, { health: { port: 'api', path: '/health', timeout: 1 } });
  await expect(services().create(given)).rejects.toThrow(/was not healthy within 1 s. It wrote last:\nhello from the log/);
});

it('says which port is taken', async () => {
  const given = await inputs();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(given.ports.api, '127.0.0.1', resolve));
  await expect(services().create(given)).rejects.toThrow(
    `Port ${given.ports.api} on 127.0.0.1 is in use by another program; stop that, or set apiPort to a free port.`,
  );
  await new Promise((resolve) => server.close(resolve));
});

it('ends what does not want to end, and what it left behind', async () => {
  const service = await create(await inputs({ IGNORE_TERM: '1', CHILD: '1' }, { stopGrace: 0 }));
  const child = Number(data('child'));
  expect(alive(child)).toBe(true);
  await services().delete(service);
  expect(alive(service.outputs.pid)).toBe(false);
  while (alive(child)) await sleep(5);
});

it('never touches a process that got the same id later', async () => {
  const given = await inputs();
  const service = await create(given);
  process.kill(service.outputs.pid as number, 'SIGKILL');
  while (alive(service.outputs.pid)) await sleep(5);
  const stranger = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  const record = join(root, '.openwhisk/dev/platform/service.json');
  writeFileSync(record, JSON.stringify({ pid: stranger.pid, startTime: '1', instanceId: 'x' }));
  expect((await services().refresh(service))!.inputs.status).toBe('stopped');
  await services().delete(service);
  expect(alive(stranger.pid)).toBe(true);
  stranger.kill('SIGKILL');
});

it('takes over from a process an earlier deployment forgot', async () => {
  const given = await inputs();
  const forgotten = await create(given);
  const service = await create(given);
  expect(alive(forgotten.outputs.pid)).toBe(false);
  expect(alive(service.outputs.pid)).toBe(true);
  deployed = [service];
});

it('checks ports and programs before anything runs', async () => {
  expect(await services().failures({ dataDir: 'd', command: ['x'], ports: { api: 70000, admin: 5, other: 5 } })).toEqual({
    'ports.api': expect.stringMatching(/from 1 to 65535/),
    'ports.other': 'is port 5, which "admin" has already',
  });
  expect(await services().failures({ dataDir: 'd', program: 'nothing' })).toHaveProperty('program');
  expect(await services().failures({ program: 'standalone', dataDir: 'd', command: UNKNOWN })).not.toHaveProperty('command');
});

it('predicts its addresses before it runs', async () => {
  const given = await inputs();
  const { outputs } = await services().predict(given);
  expect(outputs).toMatchObject({ urls: { api: `http://127.0.0.1:${given.ports.api}` }, pid: UNKNOWN });
  expect(reveal(outputs.status)).toBe('running');
});
