import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type CommandResult, runCommand } from '../../tooling/src/command';
import { repositoryRoot } from '../../tooling/src/repository';

/** A stack that nobody has. */
const UNKNOWN_STACK = `never-${process.pid}`;

function npmRun(command: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return runCommand(process.execPath, [join(repositoryRoot, 'tooling/run.mjs'), command, ...args], { env: { ...process.env, ...env } });
}

describe('commands without a stack', () => {
  it('info says that it is not up, and writes nothing a program could take for an answer', async () => {
    const result = await npmRun('info', ['--json', '--stack', UNKNOWN_STACK]);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(`The stack ${UNKNOWN_STACK} is not up: start it with "npm run up".`);
  });

  it('down has nothing to do and succeeds', async () => {
    const result = await npmRun('down', ['--stack', UNKNOWN_STACK]);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('there is nothing to remove');
  });

  it.each(['up', 'preview', 'refresh', 'preview:comment'])('%s makes no stack that has no configuration', async (command) => {
    const { code, stderr } = await npmRun(command, ['--stack', UNKNOWN_STACK]);
    expect(code).toBe(1);
    expect(stderr).toContain(`There is no stack "${UNKNOWN_STACK}"; there are dev, `);
  });

  it('an unknown command and an unknown option are named', async () => {
    expect(await npmRun('upp')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no command "upp"; there are adopt, bench'),
    });
    expect(await npmRun('down', ['--force'])).toMatchObject({ code: 1, stderr: expect.stringContaining('does not know --force') });
    expect(await npmRun('test', ['nothing'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no test area "nothing"'),
    });
  });
});

describe('the CLI that is on PATH', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'openwhisk-path-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A pulumi that says its version, and notes with which arguments and environment it was called otherwise. */
  function fakePulumi(version: string, exitCode = 0): NodeJS.ProcessEnv {
    const file = join(folder, 'pulumi');
    writeFileSync(
      file,
      `#!/bin/sh\nif [ "$1" = version ]; then echo ${version}; exit 0; fi\nprintf '%s\\n' "$@" > ${folder}/arguments\nenv > ${folder}/environment\nexit ${exitCode}\n`,
    );
    chmodSync(file, 0o755);
    const home = join(folder, 'home');
    mkdirSync(home);
    return { PATH: `${folder}${delimiter}${process.env.PATH}`, HOME: home };
  }

  it('comes before any other, with an environment that stays in the clone', async () => {
    const env = fakePulumi('v3.250.0', 7);
    const result = await npmRun('pulumi', ['stack', 'ls', '--json'], env);
    expect(result.code).toBe(7);
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).toBe('stack\nls\n--json\n');
    const seen = Object.fromEntries(
      readFileSync(join(folder, 'environment'), 'utf8')
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(seen.PULUMI_HOME).toBe(join(repositoryRoot, '.pulumi-state/home'));
    expect(seen.PULUMI_SKIP_UPDATE_CHECK).toBe('true');
    expect(seen.PATH!.split(delimiter)).toContain(join(repositoryRoot, 'provider/bin'));
    expect(existsSync(join(env.HOME!, '.pulumi'))).toBe(false);
  });

  it('is passed over, and that is said, when it is too old', async () => {
    const result = await npmRun('pulumi', ['version'], { ...fakePulumi('v3.100.0'), HOME: process.env.HOME });
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('not used: ');
    expect(result.stderr).toContain('is 3.100.0, older than 3.200.0');
  });
});
