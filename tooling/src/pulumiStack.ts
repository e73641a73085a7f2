import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandResult, runCommand, tail } from './command';
import type { ResourceState } from './previews/preview';
import type { PulumiCli } from './pulumiCli/cli';
import { type PulumiEnvironmentOptions, pulumiEnvironment } from './pulumiEnvironment';
import { type ProjectFolders, repositoryProject } from './pulumiProject';
import { keepingStackConfig } from './stackConfigSalt';
import { UserError } from './userError';

/** Outputs of the stacks/ program; those of a stack that is being changed may be missing. */
export interface StackOutputs {
  /** "http://127.0.0.1:3233" */
  readonly apiHost?: string;
  /** "uuid:key" of the namespace the example is deployed to. A secret. */
  readonly auth?: string;
  readonly adminUrl?: string;
  /** Of the authority that signed the platform's certificate, in PEM form; empty when none was generated. */
  readonly caCertificate?: string;
  readonly namespace?: string;
  /** Full name of the example's action, such as /guest/hello/greet. */
  readonly greeting?: string;
}

/** What one command may print as JSON, in characters: previews and states hold the code of actions that is given as text. */
const MAX_JSON = 256 * 1024 * 1024;

/** One stack of this repository's program, or of another project, driven through the CLI. */
export class PulumiStack {
  private readonly env: NodeJS.ProcessEnv;

  constructor(
    private readonly cli: PulumiCli,
    readonly name: string,
    private readonly project: ProjectFolders = repositoryProject,
    options: PulumiEnvironmentOptions = {},
  ) {
    this.env = pulumiEnvironment(cli, options);
  }

  private run(args: readonly string[], output: 'quiet' | 'progress'): Promise<CommandResult> {
    const options = { env: this.env, output, cwd: this.project.root, maxCollected: MAX_JSON };
    return keepingStackConfig(this.name, () => runCommand(this.cli.executable, args, options), this.project.stackConfig);
  }

  private async mustSucceed(args: readonly string[]): Promise<string> {
    const result = await this.run(args, 'quiet');
    if (result.code !== 0) throw new UserError(`"pulumi ${args.join(' ')}" failed:\n${tail(result)}`);
    return result.stdout;
  }

  async exists(): Promise<boolean> {
    const listed = JSON.parse(await this.mustSucceed(['stack', 'ls', '--json'])) as { name: string }[];
    // A backend may qualify the name: organization/openwhisk/dev.
    return listed.some(({ name }) => name === this.name || name.endsWith(`/${this.name}`));
  }

  /** Makes it where it does not exist. Of the repository's own project there are those that have a configuration: any other name is a slip. */
  async create(): Promise<void> {
    if (await this.exists()) return;
    if (this.project === repositoryProject) this.requireConfiguration();
    await this.mustSucceed(['stack', 'init', this.name, '--no-select', '--non-interactive']);
  }

  private requireConfiguration(): void {
    const name = this.name.split('/').pop()!;
    const folder = this.project.stackConfig;
    if (existsSync(join(folder, `Pulumi.${name}.yaml`))) return;
    const there = readdirSync(folder)
      .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
      .sort();
    throw new UserError(
      `There is no stack "${name}"; there are ${there.join(', ')}. Copy stacks/Pulumi.dev.yaml to stacks/Pulumi.${name}.yaml to have another one.`,
    );
  }

  /** Runs an operation such as "up" with its progress shown, and says whether it succeeded. */
  async operate(operation: 'up' | 'preview' | 'refresh' | 'destroy', args: readonly string[] = []): Promise<boolean> {
    const result = await this.run([operation, '--stack', this.name, ...args], 'progress');
    return result.code === 0;
  }

  /** Sets a secret of the configuration; its value is on no command line. */
  async setSecret(key: string, value: string): Promise<void> {
    await this.feed(['config', 'set', '--secret', key, '--stack', this.name, '--non-interactive'], value);
  }

  /** The whole state, its secrets encrypted. */
  exportState(): Promise<string> {
    return this.mustSucceed(['stack', 'export', '--stack', this.name]);
  }

  /** Puts a state in place of what there is. Its secrets have to be encrypted with the key of this stack. */
  async importState(state: string): Promise<void> {
    await this.feed(['stack', 'import', '--stack', this.name, '--non-interactive'], state);
  }

  private async feed(args: readonly string[], input: string): Promise<void> {
    const options = { env: this.env, cwd: this.project.root, input };
    const result = await keepingStackConfig(this.name, () => runCommand(this.cli.executable, args, options), this.project.stackConfig);
    if (result.code !== 0) throw new UserError(`"pulumi ${args.join(' ')}" failed:\n${tail(result)}`);
  }

  /** Takes what a file of `pulumi import` names over into the state. */
  async importFile(file: string): Promise<boolean> {
    const fixed = ['--yes', '--skip-preview', '--generate-code=false', '--protect=false', '--non-interactive', '--suppress-outputs'];
    return (await this.run(['import', '--file', file, '--stack', this.name, ...fixed], 'progress')).code === 0;
  }

  /** What an operation would do, as the CLI's JSON; a failed one says why in there or on stderr. */
  previewJson(operation: 'preview' | 'refresh', args: readonly string[] = []): Promise<CommandResult> {
    const fixed = operation === 'refresh' ? ['--preview-only'] : [];
    return this.run([operation, '--stack', this.name, '--json', '--non-interactive', '--color', 'never', ...fixed, ...args], 'quiet');
  }

  /** Resources of the state with their secrets in clear: for this process, never for a log. */
  async resources(): Promise<ResourceState[]> {
    const exported = JSON.parse(await this.mustSucceed(['stack', 'export', '--stack', this.name, '--show-secrets'])) as {
      deployment?: { resources?: ResourceState[] | null } | null;
    };
    return exported.deployment?.resources ?? [];
  }

  /** Values of the configuration that are secret, in clear: for this process, never for a log. */
  async secretConfig(): Promise<string[]> {
    const values = JSON.parse(await this.mustSucceed(['config', '--stack', this.name, '--show-secrets', '--json'])) as Record<
      string,
      { value?: string; secret?: boolean }
    >;
    return Object.values(values).flatMap(({ value, secret }) => (secret === true && value !== undefined ? [value] : []));
  }

  /** Outputs with their secrets in clear: for this process, never for a log. */
  async outputs(): Promise<StackOutputs> {
    return JSON.parse(await this.mustSucceed(['stack', 'output', '--stack', this.name, '--json', '--show-secrets'])) as StackOutputs;
  }

  /** Forgets the stack; its configuration file stays, it belongs to the program. */
  async remove(): Promise<void> {
    await this.mustSucceed(['stack', 'rm', this.name, '--yes', '--preserve-config', '--remove-backups', '--non-interactive']);
  }
}
