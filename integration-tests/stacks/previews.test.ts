import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CommandResult, runCommand } from '../../tooling/src/command';
import { repositoryRoot } from '../../tooling/src/repository';
import { HttpsFront } from '../httpsFront';
import { type NamespaceKey, PlatformProcess } from '../platformProcess';

const SECRET = 'a-secret-nobody-may-see';
let platform: PlatformProcess;
let front: HttpsFront;
let key: NamespaceKey;
let root: string;
let project: string;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  front = await HttpsFront.start(platform.port);
  key = await platform.namespace('someone');
  root = mkdtempSync(join(tmpdir(), 'openwhisk-previews-'));
  project = join(root, 'hello');
  mkdirSync(join(root, 'state'));
  cpSync(join(repositoryRoot, 'examples/hello'), project, { recursive: true });
  // A host whose authority the project alone trusts: what reads from it besides Pulumi has to take that from there.
  appendFileSync(join(project, 'Pulumi.yaml'), `  openwhisk:caCertificate:\n    value: ${JSON.stringify(front.caCertificate)}\n`);
  symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  const set = await pulumi('config', 'set', '--secret', 'hello:token', SECRET);
  expect(set).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await front.stop();
  await platform.stop();
  rmSync(root, { recursive: true, force: true });
});

const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  OPENWHISK_PULUMI_BACKEND_URL: pathToFileURL(join(root, 'state')).href,
  WHISK_APIHOST: front.urls[0],
  WHISK_AUTH: key.auth,
});
const npmRun = (command: string, ...args: string[]): Promise<CommandResult> =>
  runCommand(process.execPath, [join(repositoryRoot, 'tooling/run.mjs'), command, ...args], { env: env() });
async function pulumi(...args: string[]): Promise<CommandResult> {
  if (args[0] === 'config') await npmRun('pulumi', 'stack', 'init', 'test', '-C', project, '--non-interactive');
  return npmRun('pulumi', ...args, '--stack', 'test', '-C', project, '--non-interactive');
}
const comment = (...args: string[]) => npmRun('preview:comment', '--stack', 'test', '--project', project, ...args);
const drift = () => npmRun('drift', '--stack', 'test', '--project', project);
const api = (method: string, path: string, json?: unknown) => platform.api(key.auth, method, path, json);

function edit(file: string, change: (text: string) => string): void {
  const before = readFileSync(join(project, file), 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(join(project, file), after);
}

/** Each test goes on where the one before it stopped. */
describe('npm run preview:comment', () => {
  it('ends with 2 when something would be created', async () => {
    const result = await comment();
    expect(result.code).toBe(2);
    expect(result.stdout).toMatch(/^\*\*Preview of the stack `test`: 5 to create\*\*/);
    expect(result.stdout).toContain('| create | Action | `greet` |');
    expect(result.stdout).not.toContain(SECRET);
  });

  it('ends with 0 when nothing would change', async () => {
    expect(await pulumi('up', '--yes', '--skip-preview')).toMatchObject({ code: 0 });
    const result = await comment();
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^\*\*Preview of the stack `test`: no changes\*\*, 5 resources unchanged\./);
  });

  it('shows how the code of an action changes, against what is deployed, and no secret', async () => {
    edit('greet/greeting.js', (text) => text.replace('{greeting},', '{greeting} there,'));
    edit('greet/index.js', (text) => `${text}// ${SECRET}\n`);
    edit('entities.ts', (text) => text.replace('token: pulumi.secret(args.token)', "token: pulumi.secret(args.token), apiKey: 'in-plain'"));
    const out = join(root, 'comment.md');
    const result = await comment('--out', out);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    const text = readFileSync(out, 'utf8');
    expect(text).toContain('| update | Action | `greet` | code (`greeting.js`, `index.js`), `parameters.apiKey` |');
    expect(text).toContain('-exports.greetingFor');
    expect(text).toContain('+// [secret]');
    for (const secret of [SECRET, 'in-plain', key.auth]) expect(text + result.stderr).not.toContain(secret);
  });

  it('ends with 3 and calls it out when something would be deleted or replaced', async () => {
    edit('entities.ts', (text) =>
      text
        .replace(/new openwhisk.Rule.*\n/, '')
        .replace("new openwhisk.Trigger('visit', {", "new openwhisk.Trigger('visit', { name: 'visits',"),
    );
    const result = await comment();
    expect(result.code).toBe(3);
    expect(result.stdout).toMatch(/^\*\*Preview of the stack `test`: 1 to replace, 1 to delete, 1 to update\*\*/);
    expect(result.stdout).toContain('- Rule `count-visits` (`someone/count-visits`) is **deleted**.');
  });

  it('ends with 1 and says why when the preview fails', async () => {
    const entities = readFileSync(join(project, 'entities.ts'), 'utf8');
    edit('entities.ts', (text) => text.replace("'python:default'", "'no kind at all'"));
    const result = await comment();
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/^\*\*Preview of the stack `test` failed/);
    expect(result.stdout).toContain('"no kind at all" is not a kind');
    writeFileSync(join(project, 'entities.ts'), entities);
  });

  it('does not mind a host that is down: diffs then come from git, or the files are named', async () => {
    await platform.kill();
    // What a preview asks of the host, it asks again and again; this program asks nothing.
    const result = await comment();
    expect(result.code).toBe(3);
    expect(result.stdout).toContain('`greeting.js` changes; not shown: its deployed text is neither in git nor on the host');
    await platform.run();
  });
});

describe('npm run drift', () => {
  it('ends with 0 when everything is as it was left', async () => {
    expect(await pulumi('up', '--yes', '--skip-preview')).toMatchObject({ code: 0 });
    const result = await drift();
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(result.stderr).toContain('The stack test has not drifted.');
  });

  it('does not take a new version of the same thing for a drift', async () => {
    await api('PUT', 'actions/hello/count?overwrite=true', {});
    expect((await drift()).code).toBe(0);
  });

  it('names what was changed and what was deleted, and ends with 2', async () => {
    await api('PUT', 'actions/hello/greet?overwrite=true', {
      exec: { kind: 'nodejs:20', code: 'exports.main = () => ({})' },
      limits: { memory: 256 },
      parameters: [{ key: 'token', value: 'somebody-elses-secret' }],
    });
    await api('DELETE', 'triggers/visits');
    const { code, stdout } = await drift();
    expect(code).toBe(2);
    expect(stdout).toMatch(/^The stack test has drifted: 2 of 4 resources/);
    expect(stdout).toContain('Trigger visit (someone/visits) is gone');
    expect(stdout).toContain('Action greet (someone/hello/greet) was changed');
    expect(stdout).toContain('limits.memory: 128 → 256');
    expect(stdout).toContain('index.js was changed');
    expect(stdout).toContain('parameters.token: was changed [secret]');
    for (const secret of [SECRET, 'somebody-elses-secret', key.auth]) expect(stdout).not.toContain(secret);
  });

  it('is put right by an up after a refresh', async () => {
    expect(await pulumi('up', '--refresh', '--yes', '--skip-preview')).toMatchObject({ code: 0 });
    expect((await drift()).code).toBe(0);
  });

  it('says so when it cannot be told', async () => {
    await platform.kill();
    const result = await npmRun('drift', '--stack', 'nobody', '--project', project);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('The stack nobody is not up');
    await platform.run();
  });
});
