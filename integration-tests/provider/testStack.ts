import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type EngineEvent,
  LocalWorkspace,
  type OutputMap,
  type ProjectSettings,
  type PulumiFn,
  type Stack,
} from '@pulumi/pulumi/automation';
import { runCommand } from '../../tooling/src/command';
import { acquirePulumiCli } from '../../tooling/src/pulumiCli/acquire';
import { pulumiBehaviour, pulumiSearchPath } from '../../tooling/src/pulumiEnvironment';

/** What an operation did, or would do, to one resource. */
export interface Step {
  /** `create`, `update`, `delete`, `replace`, `refresh`, ... */
  op: string;
  type: string;
  name: string;
  /** Paths of the properties that differ, with the kind of difference. */
  diff: Record<string, string>;
}

export interface Run {
  /** Steps that change something; stack, providers and components left out. */
  steps: Step[];
  /** Everything the CLI printed. */
  output: string;
}

let searchPath: string | undefined;

/** A stack of the real CLI with a backend, a home and a project folder of its own. */
export class TestStack {
  readonly folder: string;
  private readonly readOutputs: () => Promise<OutputMap>;

  private constructor(
    private readonly root: string,
    private readonly stack: Stack,
  ) {
    this.folder = join(root, 'project');
    this.readOutputs = stack.outputs.bind(stack);
    // After each operation the Automation API asks the CLI three times what came of it, which costs more time than the operation: here
    // only who wants the outputs asks, and the summary is used by nobody.
    stack.outputs = async () => ({});
    stack.info = async () => undefined;
  }

  /**
   * `program` runs in this process, or, given as the text of a JavaScript file, in one of its own: what is meant to fail in the middle
   * leaves rejected promises behind that a test run would count against itself.
   */
  static async create(program: PulumiFn | string = async () => undefined, name = 'test'): Promise<TestStack> {
    const root = mkdtempSync(join(tmpdir(), 'provider-'));
    for (const folder of ['project', 'home', 'state']) mkdirSync(join(root, folder));
    const cli = await acquirePulumiCli();
    // The Automation API looks for the CLI on this process's own PATH.
    searchPath ??= pulumiSearchPath(cli);
    process.env.PATH = searchPath;
    const envVars: Record<string, string> = {
      ...pulumiBehaviour,
      PULUMI_HOME: join(root, 'home'),
      PULUMI_BACKEND_URL: pathToFileURL(join(root, 'state')).href,
      PULUMI_CONFIG_PASSPHRASE: 'a passphrase for tests',
    };
    // Without these settings the program would run in the folder of the tests, and its plugins too.
    const projectSettings: ProjectSettings = { name: 'life', runtime: { name: 'nodejs', options: { typescript: false } } };
    const workDir = join(root, 'project');
    const options = { envVars, projectSettings };
    const stack =
      typeof program === 'string'
        ? await LocalWorkspace.createOrSelectStack({ stackName: name, workDir: writeProgram(workDir, program) }, options)
        : await LocalWorkspace.createOrSelectStack({ stackName: name, projectName: 'life', program }, { ...options, workDir });
    return new TestStack(root, stack);
  }

  set program(program: PulumiFn) {
    this.stack.workspace.program = program;
  }

  preview(): Promise<Run> {
    return this.run((options) => this.stack.preview(options));
  }

  up(): Promise<Run> {
    return this.run((options) => this.stack.up(options));
  }

  refresh(): Promise<Run> {
    return this.run((options) => this.stack.refresh(options));
  }

  destroy(): Promise<Run> {
    return this.run((options) => this.stack.destroy(options));
  }

  import(type: string, name: string, id: string, more: { provider?: string } = {}): Promise<void> {
    const args = [
      'import',
      type,
      name,
      id,
      '--yes',
      '--skip-preview',
      '--generate-code=false',
      '--protect=false',
      '--stack',
      this.stack.name,
    ];
    return this.cli([...args, ...(more.provider === undefined ? [] : ['--provider', more.provider])]).then(() => undefined);
  }

  /** A command of the CLI in the project's folder. Fails with what it printed. */
  async cli(args: string[]): Promise<string> {
    const { workDir, envVars } = this.stack.workspace;
    const { code, stdout, stderr } = await runCommand('pulumi', args, { cwd: workDir, env: { ...process.env, ...envVars } });
    if (code !== 0) throw new Error(`pulumi ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  async setConfig(key: string, value: string, secret = false): Promise<void> {
    await this.stack.setConfig(key, { value, secret });
  }

  outputs(): Promise<OutputMap> {
    return this.readOutputs();
  }

  /** The state as it is stored, secrets encrypted. */
  async state(): Promise<string> {
    return this.cli(['stack', 'export', '--stack', this.stack.name]);
  }

  /** Inputs and outputs of all resources in the state, as text; without the engine's notes on which line of code made them. */
  async properties(): Promise<string> {
    const state = JSON.parse(await this.state()) as { deployment: { resources: { inputs?: unknown; outputs?: unknown }[] } };
    return JSON.stringify(state.deployment.resources.map(({ inputs, outputs }) => ({ inputs, outputs })));
  }

  /** Destroys what is left and removes every trace. */
  async remove(): Promise<void> {
    await this.stack.destroy().catch(() => undefined);
    rmSync(this.root, { recursive: true, force: true });
  }

  private async run(
    operation: (options: { onEvent: (event: EngineEvent) => void; onOutput: (text: string) => void; color: 'never' }) => Promise<unknown>,
  ): Promise<Run> {
    const steps: Step[] = [];
    let output = '';
    await operation({
      color: 'never',
      onOutput: (text) => {
        output += text;
      },
      onEvent: ({ resourcePreEvent, resOutputsEvent }) => {
        if (resourcePreEvent !== undefined) addStep(steps, resourcePreEvent.metadata);
        // What a refresh finds is known only afterwards.
        if (resOutputsEvent !== undefined) addStep(steps, resOutputsEvent.metadata);
      },
    });
    return { steps, output };
  }
}

function writeProgram(folder: string, source: string): string {
  writeFileSync(join(folder, 'index.js'), source);
  writeFileSync(join(folder, 'package.json'), '{ "name": "life", "main": "index.js" }');
  symlinkSync(join(__dirname, '../../node_modules'), join(folder, 'node_modules'));
  return folder;
}

type Metadata = NonNullable<EngineEvent['resourcePreEvent']>['metadata'];

const SILENT = new Set(['same', 'read', 'refresh']);

function addStep(steps: Step[], metadata: Metadata): void {
  const op = metadata.op.toString();
  const [, , path, name] = metadata.urn.split('::');
  const token = path!.split('$').pop()!;
  if (SILENT.has(op) || token.startsWith('pulumi:') || token === 'openwhisk:index:Platform') return;
  const type = token.replace(/^openwhisk:(index:)?/, '');
  // The same step is told when it begins and when it ends.
  if (steps.some((step) => step.op === op && step.type === type && step.name === name)) return;
  const diff = Object.fromEntries(
    Object.entries(metadata.detailedDiff ?? {}).map(([property, { diffKind }]) => [property, String(diffKind)]),
  );
  steps.push({ op, type, name: name!, diff });
}
