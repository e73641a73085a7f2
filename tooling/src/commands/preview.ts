import { parseOptions } from '../options';
import { step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { PulumiStack } from '../pulumiStack';
import { buildWorkspace } from '../workspaceBuild';

/** Prepares a stack for an operation that is passed on to the CLI as it is. */
async function passOn(operation: 'preview' | 'refresh', args: readonly string[], fixed: readonly string[]): Promise<number> {
  const { stack: name, rest } = parseOptions(args);
  await buildWorkspace();
  const stack = new PulumiStack(await step('Find a Pulumi CLI', acquirePulumiCli), name);
  await stack.create();
  return (await stack.operate(operation, [...fixed, ...rest])) ? 0 : 1;
}

/** `npm run preview`: what `npm run up` would change. Further arguments go to `pulumi preview`. */
export const preview = (args: readonly string[]): Promise<number> => passOn('preview', args, ['--diff']);

/** `npm run refresh`: takes what is really there over into the state. Further arguments go to `pulumi refresh`. */
export const refresh = (args: readonly string[]): Promise<number> => passOn('refresh', args, ['--yes', '--skip-preview', '--diff']);
