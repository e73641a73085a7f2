import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CommandResult, runCommand } from '../../tooling/src/command';
import { acquirePulumiCli } from '../../tooling/src/pulumiCli/acquire';
import { pulumiBehaviour, pulumiSearchPath } from '../../tooling/src/pulumiEnvironment';
import { call } from '../httpCall';
import { basic, freePort } from '../platformProcess';

const provider = join(__dirname, '../../provider');
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'packaged-'));
  for (const part of ['home', 'state', 'project']) mkdirSync(join(root, part));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The CLI with a home of its own, and without this repository's plugin on its PATH. */
async function pulumi(...args: string[]): Promise<CommandResult> {
  const cli = await acquirePulumiCli();
  const path = pulumiSearchPath(cli)
    .split(':')
    .filter((folder) => folder !== join(provider, 'bin'))
    .join(':');
  const env = {
    ...process.env,
    ...pulumiBehaviour,
    PATH: `${dirname(process.execPath)}:${path}`,
    PULUMI_HOME: join(root, 'home'),
    PULUMI_BACKEND_URL: pathToFileURL(join(root, 'state')).href,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase for tests',
  };
  return runCommand(cli.executable, [...args, '--non-interactive'], { cwd: join(root, 'project'), env });
}

async function archive(): Promise<string> {
  const packed = await runCommand(process.execPath, [join(provider, 'package.mjs')], { cwd: provider });
  expect(packed).toMatchObject({ code: 0, stderr: '' });
  return packed.stdout.trim();
}

it('is installed from its archive into an empty home, and stands up a platform from there', async () => {
  const file = await archive();
  expect((await pulumi('plugin', 'install', 'resource', 'openwhisk', '0.1.0', '--file', file)).code).toBe(0);
  expect((await pulumi('plugin', 'ls')).stdout).toMatch(/openwhisk\s+resource\s+0\.1\.0/);

  const ports = { apiPort: await freePort(), adminPort: await freePort() };
  const project = join(root, 'project');
  symlinkSync(join(__dirname, '../../node_modules'), join(project, 'node_modules'));
  writeFileSync(join(project, 'Pulumi.yaml'), 'name: packaged\nruntime: nodejs\n');
  writeFileSync(join(project, 'package.json'), '{ "name": "packaged", "main": "index.js" }');
  writeFileSync(
    join(project, 'index.js'),
    `
    const openwhisk = require('pulumi-openwhisk');
    const platform = new openwhisk.Platform('platform', ${JSON.stringify(ports)});
    const admin = new openwhisk.Provider('admin', { adminUrl: platform.adminUrl, adminKey: platform.adminKey });
    const guest = new openwhisk.Namespace('guest', {}, { provider: admin, deletedWith: platform });
    const provider = new openwhisk.Provider('guest', { apiHost: platform.apiHost, auth: guest.auth, namespace: guest.name });
    const code = 'exports.main = () => ({ text: "packed" })';
    new openwhisk.Action('say', { kind: 'nodejs:default', code }, { provider, deletedWith: platform });
    exports.auth = guest.auth;
  `,
  );
  expect((await pulumi('stack', 'init', 'test')).code).toBe(0);
  try {
    const up = await pulumi('up', '--yes', '--skip-preview', '--stack', 'test');
    expect({ ...up, stdout: up.stdout + up.stderr }).toMatchObject({ code: 0, stdout: expect.stringContaining('created') });
    const auth = (await pulumi('stack', 'output', 'auth', '--show-secrets', '--stack', 'test')).stdout.trim();
    const url = `http://127.0.0.1:${ports.apiPort}/api/v1/namespaces/_/actions/say?blocking=true&result=true`;
    expect((await call(url, { method: 'POST', headers: { authorization: basic(auth) }, json: {} })).json).toEqual({ text: 'packed' });
    const { pid } = JSON.parse(readFileSync(join(project, '.openwhisk/test/platform/service.json'), 'utf8')) as { pid: number };
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain(join(root, 'home/plugins/resource-openwhisk-v0.1.0'));
    expect((await pulumi('preview', '--expect-no-changes', '--stack', 'test')).code).toBe(0);
  } finally {
    expect((await pulumi('destroy', '--yes', '--skip-preview', '--stack', 'test')).code).toBe(0);
  }
});

it('is packed the same way every time', async () => {
  const first = readFileSync(await archive());
  expect(readFileSync(await archive()).equals(first)).toBe(true);
});
