import { runCommand } from '../command.js';
import { parseOptions } from '../options.js';
import { acquirePulumiCli } from '../pulumiCli/acquire.js';
import { acquireSdkGenerator } from '../pulumiCli/sdkGenerator.js';
import { pulumiEnvironment } from '../pulumiEnvironment.js';
import { keepingStackConfig } from '../stackConfigSalt.js';
import { buildWorkspace } from '../workspaceBuild.js';

/** `npm run pulumi -- ARGS`: the CLI with this repository's environment; every argument is its own. */
export async function pulumi(args: readonly string[]): Promise<number> {
  await buildWorkspace();
  const cli = await acquirePulumiCli();
  const needsGenerator = args[0] === 'package' && !cli.hasNodejsHost;
  const env = pulumiEnvironment(cli, needsGenerator ? { sdkGenerator: await acquireSdkGenerator() } : {});
  const { stack } = parseOptions(args);
  const result = await keepingStackConfig(stack, () => runCommand(cli.executable, args, { env, output: 'show' }));
  return result.code;
}
