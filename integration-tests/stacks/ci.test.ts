import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { type CommandResult, runCommand } from '../../tooling/src/command';
import { commentMarker } from '../../tooling/src/previews/comment';
import { repositoryRoot } from '../../tooling/src/repository';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly on: { readonly schedule: { readonly cron: string }[]; readonly push: { readonly branches: string[] } };
  readonly jobs: Readonly<
    Record<
      string,
      { readonly needs?: string; readonly strategy?: { readonly matrix: { readonly stack: string[] } }; readonly steps: Step[] }
    >
  >;
}

const file = join(repositoryRoot, 'examples/ci/openwhisk.yml');
const workflow = parse(readFileSync(file, 'utf8')) as Workflow;
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
const scripts = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
const step = (name: string): string => steps.find((candidate) => candidate.name === name)!.run!;

describe('the workflow in examples/ci', () => {
  it('previews pull requests, deploys what is on main, and looks for drift on a schedule', () => {
    expect(Object.keys(workflow.on).sort()).toEqual(['pull_request', 'push', 'schedule']);
    expect(workflow.on.push.branches).toEqual(['main']);
    expect(workflow.on.schedule[0]!.cron.split(' ')).toHaveLength(5);
    expect(workflow.jobs.prod!.needs).toBe('staging');
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
    for (const job of Object.values(workflow.jobs)) {
      for (const stack of job.strategy?.matrix.stack ?? [])
        expect(existsSync(join(repositoryRoot, `stacks/Pulumi.${stack}.yaml`))).toBe(true);
    }
  });

  it('is made of shell that can be read', async () => {
    for (const script of scripts) expect(await runCommand('bash', ['-n', '-c', script])).toMatchObject({ code: 0, stderr: '' });
  });

  it('calls only commands that exist, with options they have', async () => {
    const { scripts: commands } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const calls = scripts.flatMap((script) => [...script.matchAll(/npm run (?:--silent )?([\w:]+) -- ([^\n>|]*)/g)]);
    expect(calls.map(([, command]) => command).sort()).toEqual(['drift', 'preview:comment', 'promote', 'up']);
    for (const [, command, options] of calls) {
      expect(commands[command!]).toBe(`node tooling/run.mjs ${command}`);
      const help = await runCommand('npm', ['run', '--silent', command!, '--', '--help'], { cwd: repositoryRoot });
      expect(help.code).toBe(0);
      for (const option of options!.match(/--[a-z]+/g) ?? []) expect(help.stdout).toContain(option);
    }
  });
});

describe('its steps, played', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'openwhisk-ci-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Puts a program on PATH that notes its arguments and does what the shell text says. */
  function stub(name: string, body: string): void {
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\nprintf '%s ' "$@" >> ${folder}/${name}.calls\necho >> ${folder}/${name}.calls\n${body}\n`,
    );
    chmodSync(join(folder, name), 0o755);
  }
  const calls = (name: string): string[] =>
    readFileSync(join(folder, `${name}.calls`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim());

  function play(name: string, env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    return runCommand('bash', ['-e', '-c', step(name)], {
      cwd: folder,
      env: {
        PATH: `${folder}${delimiter}${process.env.PATH}`,
        STACK: 'staging',
        GITHUB_REPOSITORY: 'someone/something',
        GITHUB_OUTPUT: join(folder, 'output'),
        GITHUB_STEP_SUMMARY: join(folder, 'summary'),
        PULL_REQUEST: '7',
        ...env,
      },
    });
  }

  it.each([
    [0, 0],
    [2, 0],
    [3, 0],
    [1, 1],
  ])('goes on after a preview that ended with %i, or fails with it', async (code, expected) => {
    stub('npm', `exit ${code}`);
    expect((await play('Preview', { BASE: 'abc' })).code).toBe(expected);
    expect(calls('npm')).toEqual(['run --silent preview:comment -- --stack staging --base abc --out comment.md']);
    expect(readFileSync(join(folder, 'output'), 'utf8')).toBe(`code=${code}\n`);
  });

  it('writes a comment the first time and changes it afterwards', async () => {
    stub('gh', 'exit 0');
    expect((await play('Comment')).code).toBe(0);
    expect(calls('gh')[0]).toContain(commentMarker('staging'));
    expect(calls('gh')[1]).toBe('api --method POST repos/someone/something/issues/7/comments --field body=@comment.md --silent');
    rmSync(join(folder, 'gh.calls'));
    stub('gh', 'case "$*" in *--paginate*) echo 42; echo 43;; esac');
    expect((await play('Comment')).code).toBe(0);
    expect(calls('gh')[1]).toBe('api --method PATCH repos/someone/something/issues/comments/42 --field body=@comment.md --silent');
  });

  it('fails on drift and leaves the list in the summary', async () => {
    stub('npm', 'echo "Rule r is gone"; exit 2');
    expect((await play('Look for drift')).code).toBe(2);
    expect(readFileSync(join(folder, 'summary'), 'utf8')).toBe('```\nRule r is gone\n```\n');
  });
});
