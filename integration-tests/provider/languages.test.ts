import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CommandResult, mustRun, runCommand } from '../../tooling/src/command';
import { findExecutable } from '../../tooling/src/executable';
import { acquirePulumiCli } from '../../tooling/src/pulumiCli/acquire';
import { acquireYamlHost } from '../../tooling/src/pulumiCli/yamlHost';
import { pulumiBehaviour, pulumiSearchPath } from '../../tooling/src/pulumiEnvironment';
import { cachedTool, cacheKey } from '../../tooling/src/toolCache';
import { TestHost } from './testHost';

const repository = join(__dirname, '../..');
let host: TestHost;
let root: string;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host.stop());
beforeEach(async () => {
  await host.freshNamespace();
  root = mkdtempSync(join(tmpdir(), 'languages-'));
  for (const part of ['home', 'state']) mkdirSync(join(root, part));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** What every example is run with: a backend and a home of its own, and the host as `wsk` users name it. */
async function environment(more: { path?: string } = {}): Promise<NodeJS.ProcessEnv> {
  const path = pulumiSearchPath(await acquirePulumiCli());
  return {
    ...process.env,
    ...pulumiBehaviour,
    PATH: more.path === undefined ? path : `${more.path}:${path}`,
    PULUMI_HOME: join(root, 'home'),
    PULUMI_BACKEND_URL: pathToFileURL(join(root, 'state')).href,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase for tests',
    WHISK_APIHOST: host.apiHost,
    WHISK_AUTH: host.key,
  };
}
const invoke = async (action: string) => (await host.api('POST', `actions/${action}?blocking=true&result=true`, { name: 'you' })).json;

// with empty caches some of them compile the SDK of Pulumi first
jest.setTimeout(900_000);

it('YAML: the example is deployed, left alone, and leaves nothing', async () => {
  const project = join(root, 'hello');
  cpSync(join(repository, 'examples/hello-yaml'), project, { recursive: true });
  const env = await environment({ path: await acquireYamlHost() });
  const pulumi = (...args: string[]): Promise<CommandResult> =>
    runCommand('pulumi', [...args, '--stack', 'test', '--non-interactive'], { cwd: project, env });
  expect((await pulumi('stack', 'init')).code).toBe(0);
  const up = await pulumi('up', '--yes');
  expect(up.stdout + up.stderr).toContain('6 created');
  expect(await invoke('hello/greet')).toEqual({ name: 'Hello you' });
  expect(await invoke('twice')).toEqual({ name: 'Hello Hello you' });
  expect((await pulumi('preview', '--expect-no-changes')).code).toBe(0);
  expect((await pulumi('destroy', '--yes')).code).toBe(0);
  expect(await host.entities()).toEqual([]);
});

/** A Python with the SDK of Pulumi, made once a machine. */
async function python(): Promise<string> {
  const base = findExecutable('python3');
  if (base === undefined) throw new Error('There is no python3 on PATH.');
  const folder = await cachedTool('python/pulumi-3.248.0-setuptools-80.9.0', async (empty) => {
    await mustRun(base, ['-m', 'venv', empty]);
    const packages = ['pulumi==3.248.0', 'parver==1.0.1.post0', 'setuptools==80.9.0'];
    await mustRun(join(empty, 'bin/python'), ['-m', 'pip', 'install', '--quiet', ...packages]);
  });
  return join(folder, 'bin/python');
}

it('Python: the example is deployed by the generated SDK, left alone, and leaves nothing', async () => {
  // A copy, because the build leaves its traces beside the sources.
  const [sdk, installed] = [join(root, 'sdk'), join(root, 'installed')];
  cpSync(join(repository, 'provider/sdk/python'), sdk, { recursive: true });
  await mustRun(await python(), ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation', '--target', installed, sdk]);
  const env = { ...(await environment()), PYTHONPATH: installed, PYTHONDONTWRITEBYTECODE: '1' };
  const program = join(__dirname, 'python/run.py');
  const run = await runCommand(await python(), [program, join(repository, 'examples/hello-python')], { cwd: root, env });
  expect(run.stderr).toBe('');
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout)).toEqual({
    preview: { create: 6 },
    up: { create: 6 },
    again: { same: 6 },
    outputs: { greet: `/${host.namespace}/hello/greet`, twice: `/${host.namespace}/twice` },
  });
  expect(await host.entities()).toEqual([]);
  // Every state there was, that of the history included.
  const kept = readdirSync(join(root, 'state'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(kept.length).toBeGreaterThan(0);
  for (const { parentPath, name } of kept) expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain('not-much-of-a-secret');
});

it('Go: the generated SDK and a program with it compile', async () => {
  const go = findExecutable('go');
  if (go === undefined) throw new Error('There is no go on PATH.');
  const module = join(repository, 'examples/hello-go');
  expect(existsSync(join(module, 'go.mod'))).toBe(true);
  const env = { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' };
  // it tells on stderr what it has to download
  await mustRun(go, ['build', '-o', join(root, 'hello'), '.'], { cwd: module, env, niceness: 10 });
  expect(existsSync(join(root, 'hello'))).toBe(true);
});

it('Java: the generated SDK and a program with it compile', async () => {
  const [javac, maven] = [findExecutable('javac'), findExecutable('mvn')];
  if (javac === undefined || maven === undefined) throw new Error('There is no javac or no mvn on PATH.');
  const pom = join(repository, 'tooling/java/pulumi/pom.xml');
  const libraries = await cachedTool(`java/pulumi-${cacheKey([readFileSync(pom)])}`, async (empty) => {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${empty}`];
    await mustRun(maven, ['-q', '-B', '-f', pom, ...goal], { timeoutMs: 800_000 });
  });
  const sources = ['provider/sdk/java/src/main/java', 'examples/hello-java'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
      .filter(({ name }) => name.endsWith('.java'))
      .map(({ parentPath, name }) => join(parentPath, name)),
  );
  const built = await runCommand(javac, ['-nowarn', '-d', join(root, 'classes'), '-cp', join(libraries, '*'), ...sources], {
    niceness: 10,
  });
  expect(built.stdout + built.stderr).not.toContain('error:');
  expect(built.code).toBe(0);
  expect(existsSync(join(root, 'classes/App.class'))).toBe(true);
});
