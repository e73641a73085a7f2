import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, runCommand } from '../../tooling/src/command';
import { acquirePulumiCli } from '../../tooling/src/pulumiCli/acquire';
import type { PulumiCli } from '../../tooling/src/pulumiCli/cli';
import { pulumiEnvironment } from '../../tooling/src/pulumiEnvironment';
import { repositoryRoot } from '../../tooling/src/repository';

/** A Pulumi program in a folder of its own, with a backend of its own, run by the real CLI and this repository's language host. */
export class PulumiProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'openwhisk-project-'));
  readonly env: NodeJS.ProcessEnv;

  /** @param files path within the project to content */
  constructor(
    private readonly cli: PulumiCli,
    files: Readonly<Record<string, string>>,
  ) {
    mkdirSync(join(this.folder, 'state'));
    symlinkSync(join(repositoryRoot, 'node_modules'), join(this.folder, 'node_modules'));
    const usual = {
      'Pulumi.yaml': 'name: sample\nruntime: nodejs\n',
      'package.json': JSON.stringify({ name: 'sample', main: 'index.ts', dependencies: { '@pulumi/pulumi': '*' } }),
    };
    for (const [name, content] of Object.entries({ ...usual, ...files })) this.write(name, content);
    const { OPENWHISK_PULUMI_BACKEND_URL: _elsewhere, ...withoutBackend } = process.env;
    // The host of this repository is what is tested, also where a CLI on PATH brings one of its own.
    this.env = pulumiEnvironment({ ...cli, nodejsHost: 'none' }, { stateFolder: join(this.folder, 'state'), base: withoutBackend });
  }

  static async create(files: Readonly<Record<string, string>>): Promise<PulumiProject> {
    return new PulumiProject(await acquirePulumiCli(), files);
  }

  write(name: string, content: string): void {
    writeFileSync(join(this.folder, name), content);
  }

  /** Runs `pulumi ARGS` in the project, whatever its exit code. */
  pulumi(...args: string[]): Promise<CommandResult> {
    return runCommand(this.cli.executable, [...args, '--non-interactive'], { cwd: this.folder, env: this.env });
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.pulumi('stack', 'output', '--json', '--show-secrets');
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
