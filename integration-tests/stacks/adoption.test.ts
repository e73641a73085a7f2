import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CommandResult, runCommand, tail } from '../../tooling/src/command';
import { repositoryRoot } from '../../tooling/src/repository';
import { HttpsFront } from '../httpsFront';
import { zipArchive } from '../invoker/zipArchive';
import { type NamespaceKey, PlatformProcess } from '../platformProcess';

let platform: PlatformProcess;
let root: string;
beforeAll(async () => {
  platform = await PlatformProcess.start();
  root = mkdtempSync(join(tmpdir(), 'openwhisk-adoption-'));
  mkdirSync(join(root, 'state'));
});
afterAll(async () => {
  await platform.stop();
  rmSync(root, { recursive: true, force: true });
});

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  OPENWHISK_PULUMI_BACKEND_URL: pathToFileURL(join(root, 'state')).href,
  ...more,
});
function npmRun(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return runCommand(process.execPath, [join(repositoryRoot, 'tooling/run.mjs'), command, ...args], { env: environment(env) });
}
async function mustRun(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  const result = await npmRun(command, args, env);
  if (result.code !== 0) throw new Error(`npm run ${command} ${args.join(' ')} ended with ${result.code}:\n${tail(result, 60)}`);
  return result;
}
const typesOf = (folder: string) =>
  runCommand(process.execPath, [join(repositoryRoot, 'node_modules/typescript/bin/tsc'), '-p', folder], { cwd: folder });

describe('a live namespace', () => {
  const SECRET = 'a-secret-nobody-may-see';
  let key: NamespaceKey;
  let folder: string;
  let front: HttpsFront;
  /** Where it is, behind an authority that only this option makes trusted. */
  let host: string[];
  const api = async (method: string, path: string, json?: unknown) => {
    const answer = await platform.api(key.auth, method, path, json);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
    return answer.json;
  };
  const program = () => readFileSync(join(folder, 'index.ts'), 'utf8');

  beforeAll(async () => {
    key = await platform.namespace('live');
    front = await HttpsFront.start(platform.port);
    writeFileSync(join(root, 'ca.pem'), front.caCertificate);
    host = ['--host', front.urls[0]!, '--ca', join(root, 'ca.pem')];
    folder = join(root, 'live');
    const zip = zipArchive({
      'package.json': '{"main":"index.js"}',
      'index.js': "exports.main = require('./lib/echo');",
      'lib/echo.js': 'module.exports = (a) => a;',
    });
    await api('PUT', 'packages/hello', {
      parameters: [{ key: 'greeting', value: 'Hello' }],
      annotations: [{ key: 'description', value: "It's a package" }],
      publish: true,
    });
    await api('PUT', 'packages/mine', { binding: { namespace: 'live', name: 'hello' }, parameters: [{ key: 'greeting', value: 'Hi' }] });
    await api('PUT', 'actions/hello/greet', {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
      exec: { kind: 'nodejs:20', code: 'exports.main = ({ greeting, name }) => ({ text: `${greeting}, ${name}` });\n' },
      parameters: [
        { key: 'apiKey', value: SECRET },
        { key: 'nested', value: { list: [1, 'two', null], on: true } },
        { key: 'atStart', value: 'x', init: true },
      ],
      annotations: [
        { key: 'web-export', value: true },
        { key: 'raw-http', value: false },
        { key: 'final', value: true },
        { key: 'require-whisk-auth', value: SECRET },
      ],
      limits: { memory: 128, timeout: 10_000 },
    });
    await api('PUT', 'actions/greet', { exec: { kind: 'python:3.11', code: 'def main(args):\n    return {"n": 1}\n' } });
    await api('PUT', 'actions/archive', { exec: { kind: 'nodejs:20', code: zip, binary: true } });
    await api('PUT', 'actions/with space', { exec: { kind: 'nodejs:default', code: 'exports.main = () => ({});' } });
    await api('PUT', 'actions/both', {
      exec: { kind: 'sequence', components: ['/live/archive', '/live/hello/greet'] },
      annotations: [{ key: 'description', value: 'One, then the other' }],
    });
    await api('PUT', 'actions/a-outer', { exec: { kind: 'sequence', components: ['/live/both'] } });
    await api('PUT', 'triggers/visit', { parameters: [{ key: 'x', value: 1 }] });
    await api('PUT', 'rules/on-visit', { trigger: '/live/visit', action: '/live/both' });
    await api('PUT', 'rules/asleep', { trigger: '/live/visit', action: '/live/hello/greet' });
    await api('POST', 'rules/asleep', { status: 'inactive' });
    await api('PUT', 'triggers/short-lived', {});
    await api('PUT', 'rules/lost', { trigger: '/live/short-lived', action: '/live/greet' });
    await api('DELETE', 'triggers/short-lived');
  });
  afterAll(() => front?.stop());

  it('becomes a program with its code in files, a file for the import, and no secret anywhere', async () => {
    const written = await mustRun('adopt', [...host, '--out', folder], { WHISK_AUTH: key.auth });
    expect(program().replaceAll(front.urls[0]!, 'http://HOST')).toMatchSnapshot();
    expect(readFileSync(join(folder, 'packages/hello/greet.js'), 'utf8')).toContain('exports.main = ({ greeting, name })');
    expect(readFileSync(join(folder, 'actions/greet.py'), 'utf8')).toContain('def main');
    expect(readFileSync(join(folder, 'actions/archive/lib/echo.js'), 'utf8')).toBe('module.exports = (a) => a;');
    const { resources } = JSON.parse(readFileSync(join(folder, 'import.json'), 'utf8')) as {
      resources: { type: string; name: string; id: string }[];
    };
    expect(resources).toContainEqual({ type: 'openwhisk:index:Action', name: 'hello-greet', id: 'live/hello/greet' });
    expect(resources).toContainEqual({ type: 'openwhisk:index:Sequence', name: 'both', id: 'live/both' });
    expect(written.stderr).toContain('Rule lost has lost its trigger /live/short-lived');
    const files = ['index.ts', 'README.md', 'Pulumi.yaml', 'import.json', 'package.json'].map((file) =>
      readFileSync(join(folder, file), 'utf8'),
    );
    for (const text of [...files, written.stdout, written.stderr])
      for (const secret of [SECRET, key.auth]) expect(text).not.toContain(secret);
    expect(files[1]).toContain('| `helloGreetApiKey` | parameters.apiKey of hello/greet |');
  });

  it('has an empty preview after the steps of its README, taken by hand', async () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    const steps = /```sh\n([\s\S]*?)```/
      .exec(readme)![1]!
      .split('\n')
      .map((line) => line.split('   #')[0]!.trim());
    const values: Record<string, string> = { 'openwhisk:auth': key.auth, helloGreetApiKey: SECRET, helloGreetWebSecure: SECRET };
    // Instead of `npm install`, which would go to a registry.
    symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
    const taken: string[] = [];
    for (const step of steps.filter((line) => line.startsWith('pulumi ')).flatMap((line) => line.split(' && '))) {
      const words = step.split(' ').slice(1);
      const needsYes = ['import', 'up', 'refresh'].includes(words[0]!);
      const stack = words[0] === 'stack' ? [] : ['--stack', 'dev'];
      const args = [...words, ...stack, '-C', folder, '--non-interactive', ...(needsYes ? ['--yes', '--skip-preview'] : [])];
      const input = words[0] === 'config' ? { input: values[words.at(-1)!]! } : {};
      const result = await runCommand(process.execPath, [join(repositoryRoot, 'tooling/run.mjs'), 'pulumi', ...args], {
        env: environment(),
        ...input,
      });
      if (result.code !== 0) throw new Error(`${step} ended with ${result.code}:\n${tail(result, 40)}`);
      taken.push(words[0]!);
    }
    expect(taken).toEqual(['stack', 'config', 'config', 'config', 'import', 'preview', 'up', 'refresh']);
    // This way the backend has seen the secrets in clear, so the next test has one of its own.
    rmSync(join(root, 'state'), { recursive: true });
    mkdirSync(join(root, 'state'));
  });

  it('is not written over what is there', async () => {
    const result = await npmRun('adopt', ['--host', platform.apiHost, '--out', folder], { WHISK_AUTH: key.auth });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain('is not empty: name a folder that is new');
  });

  it('is in a stack at once with --stack, and its first preview is empty', async () => {
    rmSync(folder, { recursive: true, force: true });
    await mustRun('adopt', [...host, '--out', folder, '--stack', 'first'], { WHISK_AUTH: key.auth });
    expect(await typesOf(folder)).toMatchObject({ code: 0, stdout: '' });
    const stack = ['--stack', 'first', '-C', folder, '--non-interactive'];
    await mustRun('pulumi', ['preview', '--expect-no-changes', ...stack]);
    await mustRun('pulumi', ['refresh', '--expect-no-changes', '--yes', '--skip-preview', ...stack]);
    const { stdout } = await mustRun('pulumi', ['stack', 'export', ...stack]);
    for (const secret of [SECRET, key.auth]) expect(stdout).not.toContain(secret);
    // Nor is one in any older version of the state that the backend keeps.
    const kept = readdirSync(join(root, 'state'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(kept.length).toBeGreaterThan(0);
    for (const entry of kept) {
      const text = readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8');
      for (const secret of [SECRET, key.auth]) expect(text.includes(secret)).toBe(false);
    }
    expect(await mustRun('drift', ['--stack', 'first', '--project', folder])).toMatchObject({ code: 0 });
  });

  it('is the same after everything was deleted and the program deployed it again', async () => {
    const before = await everything();
    const stack = ['--stack', 'first', '-C', folder, '--non-interactive', '--yes', '--skip-preview'];
    await api('DELETE', 'rules/lost');
    await mustRun('pulumi', ['destroy', ...stack]);
    for (const collection of ['actions', 'packages', 'triggers', 'rules']) expect(await api('GET', collection)).toEqual([]);
    await mustRun('pulumi', ['up', ...stack]);
    expect(await everything()).toEqual(before);
    expect(await api('POST', 'actions/archive?blocking=true&result=true', { a: 1 })).toMatchObject({ a: 1 });
    expect(await api('POST', 'actions/mine/greet?blocking=true&result=true', { name: 'you' })).toMatchObject({ text: 'Hi, you' });
  });

  it('is written the same way the second time', async () => {
    const again = join(root, 'again');
    await mustRun('adopt', [...host, '--out', again, '--namespace', 'live'], { WHISK_AUTH: key.auth });
    expect(readFileSync(join(again, 'index.ts'), 'utf8')).toBe(program());
    expect(readFileSync(join(again, 'import.json'), 'utf8')).toBe(readFileSync(join(folder, 'import.json'), 'utf8'));
  });

  it('is refused, with what to do, when nobody is known to vouch for the host, or when the file names nobody', async () => {
    const adopt = (...args: string[]) => npmRun('adopt', [...args, '--out', join(root, 'never')], { WHISK_AUTH: key.auth });
    const untrusted = await adopt('--host', front.urls[0]!);
    expect(untrusted).toMatchObject({ code: 1 });
    expect(untrusted.stderr).toMatch(/certificate is signed by nobody that is known here \(give a file .* with --ca, or --insecure/);
    const unread = await adopt('--host', front.urls[0]!, '--ca', join(root, 'none.pem'));
    expect(unread).toMatchObject({ code: 1, stderr: expect.stringContaining("--ca names a file that can't be read") });
    const noCertificate = await adopt('--host', front.urls[0]!, '--ca', join(folder, 'index.ts'));
    expect(noCertificate).toMatchObject({ code: 1, stderr: expect.stringContaining('must be a certificate in PEM form') });
  });

  it('is refused, with the reason, when the key is wrong', async () => {
    const result = await npmRun('adopt', [
      '--host',
      platform.apiHost,
      '--auth',
      `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}:${'x'.repeat(64)}`,
      '--out',
      join(root, 'never'),
    ]);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain(`${platform.apiHost} could not be read`);
    expect(existsSync(join(root, 'never'))).toBe(false);
  });

  /** All entities, without what every deployment writes anew. */
  async function everything(): Promise<unknown> {
    const found: Record<string, unknown> = {};
    for (const collection of ['packages', 'actions', 'triggers', 'rules']) {
      for (const { name, namespace } of (await api('GET', collection)) as { name: string; namespace: string }[]) {
        if (name === 'lost') continue;
        const path = `${collection}/${collection === 'actions' && namespace.includes('/') ? `${namespace.split('/')[1]}/` : ''}${name}`;
        const {
          version: _version,
          updated: _updated,
          actions: _actions,
          rules: _rules,
          ...entity
        } = (await api('GET', path)) as Record<string, unknown>;
        // Keys in any order mean the same; whose resource an entity is, the provider notes beside them; no two zips are the same bytes.
        found[path] = JSON.parse(
          JSON.stringify(entity, (key, value: unknown) => {
            if (key === 'exec' && (value as { binary?: boolean }).binary === true) return { ...(value as object), code: 'a zip' };
            if (!Array.isArray(value) || !value.every((each) => typeof each === 'object' && each !== null && 'key' in each)) return value;
            const entries = value as { key: string }[];
            return entries.filter((entry) => entry.key !== 'pulumi-urn').sort((a, b) => (a.key < b.key ? -1 : 1));
          }),
        );
      }
    }
    return found;
  }
});

describe('a manifest of wskdeploy', () => {
  const files: Readonly<Record<string, string>> = {
    'manifest.yaml': `
project:
  name: guestbook
  inputs:
    region: eu
  packages:
    guestbook:
      version: 1.0
      license: Apache-2.0
      inputs:
        greeting:
          type: string
          description: What it begins with
          default: Hello
        table: \${TABLE}_\${STAGE}
      annotations:
        owner: team
      actions:
        greet:
          function: src/greet.js
          runtime: nodejs:20
          web: yes
          inputs:
            name: {type: string, value: nobody}
            count: {type: integer, default: 3}
            flag: yes
            suffix: $SUFFIX
            literal: "$\${NOT_A_VARIABLE}"
            dbPassword: hunter2-hunter2
            token: $GUESTBOOK_TOKEN
            settings:
              type: json
              value: '{"a": [1, 2]}'
          limits:
            timeout: 20000
            memorySize: 128
            codeSize: 10
        archive:
          function: src/archive
          runtime: nodejs
        shout:
          code: |
            def main(args):
                return {"text": args.get("text", "").upper()}
          runtime: python:3.11
      sequences:
        loud:
          actions: greet, shout
          web: raw
      triggers:
        visit:
          inputs:
            name: a visitor
      rules:
        on-visit:
          trigger: visit
          action: loud
      dependencies:
        utils:
          location: github.com/somebody/utils
      apis:
        guestbook-api: {/guestbook: {/greet: {greet: {method: get, response: json}}}}
    default:
      actions:
        bare:
          function: src/greet.js
`,
    'deployment.yaml': `
project:
  name: guestbook
  packages:
    guestbook:
      inputs: { region: us }
      actions:
        greet:
          inputs: { name: "somebody" }
          annotations: { note: deployed }
`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
    'src/greet.js': 'exports.main = (a) => ({ text: `${a.greeting}, ${a.name}${a.suffix} ${a.table} ${a.region}`, ...a });\n',
    'src/archive/package.json': '{ "main": "index.js" }',
    'src/archive/index.js': "exports.main = require('./lib');",
    'src/archive/lib.js': 'module.exports = () => ({ from: "archive" });',
  };
  let key: NamespaceKey;
  let folder: string;
  let written: CommandResult;

  beforeAll(async () => {
    key = await platform.namespace('manifest');
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(root, 'guestbook', dirname(name)), { recursive: true });
      writeFileSync(join(root, 'guestbook', name), content);
    }
    folder = join(root, 'from-manifest');
    const where = ['--manifest', join(root, 'guestbook/manifest.yaml'), '--deployment', join(root, 'guestbook/deployment.yaml')];
    written = await mustRun('adopt', [...where, '--out', folder, '--stack', 'dev']);
  });

  it('becomes a program that says the same', async () => {
    expect(readFileSync(join(folder, 'index.ts'), 'utf8')).toMatchSnapshot();
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatchSnapshot();
    expect(await typesOf(folder)).toMatchObject({ code: 0, stdout: '' });
    for (const file of ['index.ts', 'README.md', 'Pulumi.dev.yaml'])
      expect(readFileSync(join(folder, file), 'utf8')).not.toContain('hunter2');
    expect(written.stderr).not.toContain('hunter2');
  });

  it('says what it could not take over', () => {
    expect(written.stderr).toContain('The dependency utils of the package guestbook (github.com/somebody/utils) is not in the program');
    expect(written.stderr).toContain('The APIs of the package guestbook (guestbook-api) are not in the program');
    expect(written.stderr).toContain("The limit codeSize of the action guestbook/greet can't be set");
  });

  it('is deployed by pulumi up, with what the environment and the configuration say, and runs', async () => {
    const stack = ['--stack', 'dev', '-C', folder, '--non-interactive'];
    const host = { WHISK_APIHOST: platform.apiHost, WHISK_AUTH: key.auth };
    const missing = await npmRun('pulumi', ['preview', ...stack], host);
    expect(missing.code).not.toBe(0);
    expect(missing.stdout + missing.stderr).toContain("Missing required configuration variable 'guestbook:");
    await mustRun('pulumi', ['config', 'set', 'STAGE', 'test', ...stack]);
    const env = { ...host, TABLE: 'guests', SUFFIX: '!', GUESTBOOK_TOKEN: 'a-token-from-outside' };
    await mustRun('pulumi', ['up', '--yes', '--skip-preview', ...stack], env);
    const invoke = async (action: string) =>
      (await platform.api(key.auth, 'POST', `actions/${action}?blocking=true&result=true`, {})).json as Record<string, unknown>;
    expect(await invoke('guestbook/greet')).toMatchObject({
      text: 'Hello, somebody! guests_test us',
      count: 3,
      flag: true,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
      literal: '${NOT_A_VARIABLE}',
      dbPassword: 'hunter2-hunter2',
      token: 'a-token-from-outside',
      settings: { a: [1, 2] },
    });
    expect(await invoke('guestbook/archive')).toEqual({ from: 'archive' });
    expect(await invoke('guestbook/loud')).toEqual({ text: 'HELLO, SOMEBODY! GUESTS_TEST US' });
    const rule = (await platform.api(key.auth, 'GET', 'rules/on-visit')).json as { status: string; action: { path: string; name: string } };
    expect(rule).toMatchObject({ status: 'active', action: { path: 'manifest/guestbook', name: 'loud' } });
    await mustRun('pulumi', ['preview', '--expect-no-changes', ...stack], env);
    const { stdout } = await mustRun('pulumi', ['stack', 'export', ...stack], env);
    for (const secret of ['hunter2', 'a-token-from-outside']) expect(stdout).not.toContain(secret);
    await mustRun('pulumi', ['destroy', '--yes', '--skip-preview', ...stack], env);
  });

  it('is refused with one sentence when it is none', async () => {
    writeFileSync(join(root, 'nothing.yaml'), 'hello: world\n');
    const result = await npmRun('adopt', ['--manifest', join(root, 'nothing.yaml'), '--out', join(root, 'never')]);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain('has no packages, neither at its root nor in a project');
  });
});
