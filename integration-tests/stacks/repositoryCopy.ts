import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BUILD_STATE } from '../../tooling/src/buildState';
import { type CommandResult, runCommand, tail } from '../../tooling/src/command';
import { repositoryRoot } from '../../tooling/src/repository';
import { freePort } from '../platformProcess';

/** What a working copy needs to run `npm run up`; installed packages are shared with the original by a link. */
const PARTS = [
  ...['package.json', 'package-lock.json', '.npmrc', 'Pulumi.yaml', 'tsconfig.json', 'tsconfig.base.json'],
  ...['tooling', 'provider', 'platform', 'stacks', 'examples', 'integration-tests/package.json'],
];
/** What belongs to one working copy and is never taken over. */
const NOT_COPIED: readonly string[] = ['node_modules', '.openwhisk', '.pulumi-state'];

/** Ports that are free now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

/** Whether nothing listens on a port of this machine. */
export function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export interface StackInfo {
  readonly apiHost: string;
  readonly auth: string;
  readonly adminUrl: string;
}

/** A working copy of this repository in a temporary folder, with state, ports and data of its own: a test may change its files. */
export class RepositoryCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'openwhisk-copy-'));
  private readonly stacks: string[] = [];

  constructor() {
    // With its note of what was built, the copy need not build again.
    const parts = existsSync(join(repositoryRoot, BUILD_STATE)) ? [...PARTS, BUILD_STATE] : PARTS;
    for (const part of parts) {
      cpSync(join(repositoryRoot, part), join(this.folder, part), {
        recursive: true,
        preserveTimestamps: true,
        filter: (source) => !NOT_COPIED.includes(basename(source)),
      });
    }
    symlinkSync(join(repositoryRoot, 'node_modules'), join(this.folder, 'node_modules'));
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8');
  }

  edit(file: string, change: (text: string) => string): void {
    const before = this.read(file);
    const after = change(before);
    if (after === before) throw new Error(`the change to ${file} changes nothing`);
    writeFileSync(this.path(file), after);
  }

  /** Adds a stack that is dev on other ports; or, given an environment that there is, moves that one to free ports and to processes. */
  async addStack(name: string, like = 'dev'): Promise<{ apiPort: number; adminPort: number }> {
    const [apiPort, adminPort] = (await freePorts(2)) as [number, number];
    const text = this.read(`stacks/Pulumi.${like}.yaml`)
      .replace(/(platform:apiPort:).*/, `$1 "${apiPort}"`)
      .replace(/(platform:adminPort:).*/, `$1 "${adminPort}"`)
      .replace(/(platform:target:) docker/, '$1 local')
      .replace(/\n {2}platform:docker:(\n {4}.*)*/, '');
    writeFileSync(this.path(`stacks/Pulumi.${name}.yaml`), text);
    this.stacks.push(name);
    return { apiPort, adminPort };
  }

  /** `npm run COMMAND -- ARGS`, whatever its exit code. */
  npmRun(command: string, ...args: string[]): Promise<CommandResult> {
    return runCommand('npm', ['run', command, '--', ...args], { cwd: this.folder });
  }

  /** The same for a command that has to succeed; otherwise what it said is the error. */
  async mustRun(command: string, ...args: string[]): Promise<CommandResult> {
    const result = await this.npmRun(command, ...args);
    if (result.code === 0) return result;
    throw new Error(`npm run ${command} ${args.join(' ')} ended with ${result.code}:\n${tail(result, 60)}`);
  }

  async info(stack: string): Promise<StackInfo> {
    const { stdout } = await this.mustRun('info', '--stack', stack, '--json');
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as StackInfo;
  }

  /** Takes every stack down that a test may have left up, then removes the folder. */
  async remove(): Promise<void> {
    for (const stack of this.stacks) await this.npmRun('down', '--stack', stack);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
