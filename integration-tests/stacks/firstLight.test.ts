import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import openwhisk from 'openwhisk';
import { call } from '../httpCall';
import { HttpsFront } from '../httpsFront';
import { isFree, RepositoryCopy, type StackInfo } from './repositoryCopy';

/** Whether a process has ended; the system may take a moment to bury it. */
async function isGone(pid: number): Promise<boolean> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
  }
  return false;
}

/** Each test is a step on the way of one working copy, from up to down. */
describe('npm run up', () => {
  let copy: RepositoryCopy;
  let ports: { apiPort: number; adminPort: number };
  let info: StackInfo;
  /** The key of the first up: it stays the same in every later one. */
  let auth: string;
  /** Before the platform, from a point of the way on. */
  let front: HttpsFront | undefined;

  beforeAll(async () => {
    copy = new RepositoryCopy();
    ports = await copy.addStack('one');
  });
  afterAll(async () => {
    await copy.remove();
    await front?.stop();
  });

  const client = () => openwhisk({ apihost: info.apiHost, api_key: info.auth, ignore_certs: true });
  const greet = (name: string): Promise<unknown> =>
    client().actions.invoke({ name: 'hello/greet', params: { name }, blocking: true, result: true });
  const platformPid = async (): Promise<number> =>
    ((await (await fetch(`http://127.0.0.1:${ports.adminPort}/health`)).json()) as { pid: number }).pid;
  const changes = (text: string) => ({
    created: /\+ (\d+) created/.exec(text)?.[1],
    updated: /~ (\d+) updated/.exec(text)?.[1],
    unchanged: /(\d+) unchanged/.exec(text)?.[1],
  });

  it('stands a platform up, deploys to it, and shows an answer and what to try next', async () => {
    const up = await copy.mustRun('up', '--stack', 'one');
    expect(up.stdout).toContain('/guest/hello/greet answered:  {"greeting":"Hello, newcomer!"');
    expect(up.stdout).toContain(`http://127.0.0.1:${ports.apiPort}`);
    expect(up.stdout).toContain('npm run down -- --stack one');
    info = await copy.info('one');
    expect(info).toMatchObject({ apiHost: `http://127.0.0.1:${ports.apiPort}`, adminUrl: `http://127.0.0.1:${ports.adminPort}` });
    auth = info.auth;
    expect(up.stdout).toContain(`curl -u ${auth} `);
    // The committed configuration of a stack does not change by using it.
    expect(copy.read('stacks/Pulumi.one.yaml')).not.toContain('encryptionsalt');
  });

  it('is answered to curl as printed and to the openwhisk client', async () => {
    const url = `${info.apiHost}/api/v1/namespaces/guest/actions/hello/greet?blocking=true&result=true`;
    const authorization = `Basic ${Buffer.from(info.auth).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: '{"name":"you"}' });
    expect(await response.json()).toMatchObject({ greeting: 'Hello, you!' });
    expect(await greet('client')).toMatchObject({ greeting: 'Hello, client!', tokenIsSet: true });
  });

  it('does nothing the second time', async () => {
    await copy.mustRun('preview', '--stack', 'one', '--expect-no-changes');
    const up = await copy.mustRun('up', '--stack', 'one');
    expect(changes(up.stderr)).toMatchObject({ created: undefined, updated: undefined });
    expect(up.stdout).toContain('"Hello, newcomer!"');
  });

  it('runs new code after one file of the action was edited, and the preview names that file', async () => {
    copy.edit('examples/hello/greet/greeting.js', (text) => text.replace('{greeting},', '{greeting} there,'));
    const preview = await copy.mustRun('preview', '--stack', 'one');
    expect(preview.stderr).toContain('greeting.js');
    expect(preview.stderr).not.toContain('index.js');
    expect(preview.stderr).toMatch(/~ 1 to update/);
    expect(await greet('you')).toMatchObject({ greeting: 'Hello, you!' });
    const up = await copy.mustRun('up', '--stack', 'one');
    expect(changes(up.stderr)).toMatchObject({ created: undefined, updated: '1' });
    expect(up.stdout).toContain('"Hello there, newcomer!"');
    expect(await greet('you')).toMatchObject({ greeting: 'Hello there, you!' });
  });

  it('brings a killed platform back, with everything that was on it', async () => {
    const activations = await client().activations.list({ limit: 5 });
    expect(activations.length).toBeGreaterThan(0);
    // Records are written in batches behind the answer: the last one is given the time to get to the disk.
    await sleep(500);
    process.kill(await platformPid(), 'SIGKILL');
    while (!(await isFree(ports.adminPort))) await sleep(50);
    const failed = await copy.npmRun('info', '--stack', 'one', '--json');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('does not answer');

    const refresh = await copy.mustRun('refresh', '--stack', 'one');
    expect(refresh.stderr).toMatch(/- \d+ deleted|~ \d+ updated/);
    await copy.mustRun('up', '--stack', 'one');
    info = await copy.info('one');
    expect(info.auth).toBe(auth);
    expect(await greet('again')).toMatchObject({ greeting: 'Hello there, again!' });
    const before = activations.map(({ activationId }) => activationId);
    const after = (await client().activations.list({ limit: 100 })).map(({ activationId }) => activationId);
    expect(after).toEqual(expect.arrayContaining(before));
  });

  it('goes side by side with a second stack', async () => {
    const second = await copy.addStack('two');
    await copy.mustRun('up', '--stack', 'two');
    const two = await copy.info('two');
    expect(two.apiHost).toBe(`http://127.0.0.1:${second.apiPort}`);
    expect(two.auth).not.toBe(info.auth);
    expect(await greet('one')).toMatchObject({ greeting: 'Hello there, one!' });
    await copy.mustRun('down', '--stack', 'two');
    expect(await isFree(second.apiPort)).toBe(true);
    expect(await greet('still here')).toMatchObject({ greeting: 'Hello there, still here!' });
  });

  it('trusts a platform whose authority is one of its outputs, as do info and wskadmin, and says how curl does', async () => {
    front = await HttpsFront.start(ports.apiPort, ports.adminPort);
    const [apiHost, adminUrl] = front.urls;
    const { caCertificate } = front;
    const outputs = JSON.stringify({ apiHost, adminUrl, caCertificate });
    copy.edit('stacks/index.ts', (text) =>
      text.replace(
        /const \{ apiHost, .* \} = platform;/,
        `const { adminKey } = platform;\nconst { apiHost, adminUrl, caCertificate } = ${outputs};`,
      ),
    );
    const { stdout } = await copy.mustRun('up', '--stack', 'one');
    expect(stdout).toContain('"Hello there, newcomer!"');
    const printed = /curl --cacert '([^']*)' -u (\S+) [^']*'[^']*' -d '([^']*)' \\\s+'([^']*)'/.exec(stdout)!;
    const [, file, key, body, url] = printed as unknown as [string, string, string, string, string];
    const ca = readFileSync(resolve(copy.folder, file), 'utf8');
    const headers = { authorization: `Basic ${Buffer.from(key).toString('base64')}`, 'content-type': 'application/json' };
    expect((await call(url, { method: 'POST', headers, body, ca })).json).toMatchObject({ greeting: 'Hello there, you!' });
    expect(await copy.info('one')).toMatchObject({ apiHost, adminUrl, caCertificate });
    expect((await copy.mustRun('info', '--stack', 'one')).stdout).toContain(`authority  ${file}\n`);
    expect((await copy.mustRun('wskadmin', 'user', 'get', 'guest', '--stack', 'one')).stdout).toContain(auth);
  });

  it('leaves no process, port or data behind after npm run down, which may be run again', async () => {
    const pid = await platformPid();
    await copy.mustRun('down', '--stack', 'one');
    expect(await isGone(pid)).toBe(true);
    expect(await isFree(ports.apiPort)).toBe(true);
    expect(await isFree(ports.adminPort)).toBe(true);
    expect(existsSync(copy.path('.openwhisk'))).toBe(false);
    expect(copy.read('stacks/Pulumi.one.yaml')).toContain(String(ports.apiPort));
    const again = await copy.npmRun('down', '--stack', 'one');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('there is nothing to remove') });
  });
});

describe('a platform that died', () => {
  it('is taken down without an error', async () => {
    const copy = new RepositoryCopy();
    try {
      await copy.addStack('one');
      await copy.mustRun('up', '--stack', 'one');
      const { adminUrl } = await copy.info('one');
      process.kill(((await (await fetch(`${adminUrl}/health`)).json()) as { pid: number }).pid, 'SIGKILL');
      await copy.mustRun('down', '--stack', 'one');
      expect(existsSync(copy.path('.openwhisk'))).toBe(false);
    } finally {
      await copy.remove();
    }
  }, 180_000);
});
