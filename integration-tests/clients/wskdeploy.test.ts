import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../tooling/src/command';
import { acquireWskdeploy } from '../../tooling/src/goClients';
import { PlatformProcess } from '../platformProcess';

/** OpenWhisk's deployment tool, unmodified, with a project of its own format. */
const directory = mkdtempSync(join(tmpdir(), 'wskdeploy-'));
let platform: PlatformProcess;
let wskdeploy: string;
let auth: string;

const manifest = `
packages:
  shop:
    version: 1.0.0
    inputs:
      currency: EUR
    actions:
      price:
        function: price.js
        runtime: nodejs:20
        inputs:
          amount: 5
        limits:
          timeout: 10000
          memorySize: 128
        annotations:
          web-export: true
      cart-feed:
        function: feed.js
        runtime: nodejs:default
        annotations:
          feed: true
    sequences:
      twice:
        actions: price, price
    triggers:
      sold:
        inputs:
          amount: 7
    rules:
      on-sold:
        trigger: sold
        action: price
  plain:
    dependencies:
      rebound:
        location: /_/shop
        inputs:
          currency: USD
`;

beforeAll(async () => {
  wskdeploy = await acquireWskdeploy();
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
  writeFileSync(join(directory, 'manifest.yaml'), manifest);
  writeFileSync(join(directory, 'price.js'), 'function main(a) { return { amount: a.amount + 1, currency: a.currency }; }');
  writeFileSync(join(directory, 'feed.js'), 'function main(a) { return { event: a.lifecycleEvent }; }');
});
afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await runCommand(
    wskdeploy,
    [...args, '-m', 'manifest.yaml', '--apihost', platform.apiHost, '--auth', auth, '--namespace', 'guest', '--preview=false'],
    // a home of its own, so that no .wskprops of the user is read
    { cwd: directory, env: { PATH: process.env.PATH, HOME: directory } },
  );
  return { code, output: stdout + stderr };
}

const get = async (path: string) => (await platform.api(auth, 'GET', path)).json;

test('deploys packages, actions, sequences, triggers, rules and dependencies', async () => {
  const { code, output } = await run();
  expect([code, output]).toEqual([0, expect.stringContaining('Deployment completed successfully')]);
  const price = await get('actions/shop/price');
  expect(price).toMatchObject({ exec: { kind: 'nodejs:20' }, limits: { timeout: 10_000, memory: 128 } });
  expect(price.annotations).toContainEqual({ key: 'web-export', value: true });
  expect(await get('packages/shop')).toMatchObject({ version: '1.0.0', feeds: [{ name: 'cart-feed' }] });
  expect((await get('actions/shop/twice')).exec.components).toEqual(['/guest/shop/price', '/guest/shop/price']);
  expect(await get('rules/on-sold')).toMatchObject({ status: 'active', trigger: { path: 'guest', name: 'sold' } });
  expect((await get('packages/rebound')).binding).toEqual({ namespace: 'guest', name: 'shop' });
});

test('what it deployed runs', async () => {
  const invoke = (path: string) => platform.api(auth, 'POST', `actions/${path}?blocking=true&result=true`, {});
  expect((await invoke('shop/price')).json).toEqual({ amount: 6, currency: 'EUR' });
  expect((await invoke('rebound/price')).json).toEqual({ amount: 6, currency: 'USD' });
  expect((await invoke('shop/twice')).json).toEqual({ amount: 7, currency: 'EUR' });
});

test('deploys again over what is there', async () => {
  const { code, output } = await run();
  expect([code, output]).toEqual([0, expect.stringContaining('Deployment completed successfully')]);
  expect((await get('actions/shop/price')).version).toBe('0.0.2');
});

test('a wrong key is told', async () => {
  const right = auth;
  auth = `${right.slice(0, 36)}:${'x'.repeat(64)}`;
  const { code, output } = await run();
  auth = right;
  expect(code).not.toBe(0);
  expect(output).toContain('The supplied authentication is invalid');
});

test('undeploys all of it', async () => {
  const { code, output } = await run('undeploy');
  expect([code, output]).toEqual([0, expect.stringContaining('Undeployment completed successfully')]);
  expect(await get('actions')).toEqual([]);
  expect(await get('triggers')).toEqual([]);
  expect(await get('rules')).toEqual([]);
});
