import { parseNamedOptions } from '../options';
import { driftReport } from '../previews/driftReport';
import { failures, parsePreview } from '../previews/preview';
import { redactor, secretTexts } from '../previews/redactor';
import { changesOf } from '../previews/resourceChange';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { givenPath, readProject, repositoryProject } from '../pulumiProject';
import { PulumiStack } from '../pulumiStack';
import { UserError } from '../userError';
import { buildWorkspace } from '../workspaceBuild';

/** Exit code that says that something drifted. */
const DRIFTED = 2;

/** `npm run drift`: whether what is really there is what the last update left. Ends with 0 when it is, 2 when not, 1 when it can't be told. */
export async function drift(args: readonly string[]): Promise<number> {
  const { stack: name, values } = parseNamedOptions('drift', args, { values: ['--project'] });
  const project = values['--project'] === undefined ? repositoryProject : readProject(givenPath(values['--project']));
  await buildWorkspace();
  const stack = new PulumiStack(await step('Find a Pulumi CLI', acquirePulumiCli), name, project);
  if (!(await stack.exists())) throw new UserError(`The stack ${name} is not up: nothing can have drifted. Start it with "npm run up".`);
  const { code, stdout, stderr } = await step(`Look at what is really there of the stack ${name}`, () => stack.previewJson('refresh'));
  if (code !== 0) {
    const preview = stdout.includes('{') ? parsePreview(stdout) : { steps: [], diagnostics: [] };
    throw new UserError(`The drift of the stack ${name} can't be told:\n${failures(preview, stderr).join('\n')}`);
  }
  const report = driftReport(name, changesOf(parsePreview(stdout)), redactor(secretTexts(await stack.resources())));
  if (report === '') {
    say(`The stack ${name} has not drifted.`);
    return 0;
  }
  process.stdout.write(report);
  return DRIFTED;
}
