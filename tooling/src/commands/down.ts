import { forgetAuthority } from '../authorityFile';
import { parseOptions, refuseUnknown } from '../options';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { PulumiStack } from '../pulumiStack';
import { buildWorkspace } from '../workspaceBuild';

/** `npm run down`: removes a stack's resources and the stack itself. Fine when nothing is up. */
export async function down(args: readonly string[]): Promise<number> {
  const { stack: name, rest } = parseOptions(args);
  refuseUnknown('down', rest);
  await buildWorkspace();
  const cli = await step('Find a Pulumi CLI', acquirePulumiCli);
  const stack = new PulumiStack(cli, name);
  if (!(await stack.exists())) {
    say(`The stack ${name} is not up: there is nothing to remove.`);
    return 0;
  }
  const destroy = () => stack.operate('destroy', ['--yes', '--skip-preview', '--suppress-outputs']);
  if (!(await destroy())) {
    // A platform that has died can't delete what was on it. A refresh drops what is gone, and then the rest can go.
    say('Not everything could be removed: looking at what is really there, then trying once more.');
    await stack.operate('refresh', ['--yes', '--skip-preview', '--suppress-outputs']);
    if (!(await destroy())) {
      say(`The stack ${name} could not be removed; what Pulumi said is above.`);
      return 1;
    }
  }
  forgetAuthority(name);
  await step(`Remove the stack ${name}`, () => stack.remove());
  return 0;
}
