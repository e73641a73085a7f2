import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CommandResult, runCommand } from '../../tooling/src/command';
import { acquirePulumiCli } from '../../tooling/src/pulumiCli/acquire';
import { pulumiBehaviour, pulumiSearchPath } from '../../tooling/src/pulumiEnvironment';
import { type NamespaceKey, PlatformProcess } from '../platformProcess';

const example = join(__dirname, '../../examples/hello');
let platform: PlatformProcess;
let key: NamespaceKey;
let root: string;
beforeAll(async () => {
  platform = await PlatformProcess.start();
  key = await platform.namespace('someone');
  root = mkdtempSync(join(tmpdir(), 'hello-'));
  for (const part of ['home', 'state']) mkdirSync(join(root, part));
  // As a reader would: copied to a place of its own.
  cpSync(example, join(root, 'hello'), { recursive: true });
  symlinkSync(join(__dirname, '../../node_modules'), join(root, 'node_modules'));
});
afterAll(async () => {
  await platform.stop();
  rmSync(root, { recursive: true, force: true });
});

/** The CLI in the example's folder, with the host given as `wsk` users give it. */
async function pulumi(...args: string[]): Promise<CommandResult> {
  const cli = await acquirePulumiCli();
  const env = {
    ...process.env,
    ...pulumiBehaviour,
    PATH: pulumiSearchPath(cli),
    PULUMI_HOME: join(root, 'home'),
    PULUMI_BACKEND_URL: pathToFileURL(join(root, 'state')).href,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase for tests',
    WHISK_APIHOST: platform.apiHost,
    WHISK_AUTH: key.auth,
  };
  return runCommand(cli.executable, [...args, '--stack', 'test', '--non-interactive'], { cwd: join(root, 'hello'), env });
}

it('deploys to any host that is named in the environment, and changes nothing the second time', async () => {
  expect((await pulumi('stack', 'init')).code).toBe(0);
  const created = await pulumi('up', '--yes', '--skip-preview');
  expect(created.stdout + created.stderr).toContain('/someone/hello/greet');
  expect(created.code).toBe(0);
  expect((await platform.api(key.auth, 'POST', 'actions/hello/greet?blocking=true&result=true', { name: 'you' })).json).toEqual({
    greeting: 'Hello, you!',
    tokenIsSet: true,
  });
  expect((await platform.api(key.auth, 'POST', 'actions/hello/count?blocking=true&result=true', { text: 'one two' })).json).toEqual({
    words: 2,
  });
  expect((await pulumi('preview', '--expect-no-changes')).code).toBe(0);
  const state = await pulumi('stack', 'export');
  expect(state.stdout).not.toContain(key.auth);
  expect(state.stdout).not.toContain('not-much-of-a-secret');
  expect((await pulumi('destroy', '--yes', '--skip-preview')).code).toBe(0);
  expect((await platform.api(key.auth, 'GET', 'actions')).json).toEqual([]);
});
