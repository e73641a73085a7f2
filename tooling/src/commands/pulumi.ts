import { runCommand } from '../command';
import { parseOptions } from '../options';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { acquireSdkGenerator } from '../pulumiCli/sdkGenerator';
import { pulumiEnvironment } from '../pulumiEnvironment';
import { keepingStackConfig } from '../stackConfigSalt';
import { buildWorkspace } from '../workspaceBuild';

/** `npm run pulumi -- ARGS`: the CLI with this repository's environment; every argument is its own. */
export async function pulumi(args: readonly string[]): Promise<number> {
  await buildWorkspace();
  const cli = await acquirePulumiCli();
  const needsGenerator = args[0] === 'package' && cli.nodejsHost !== 'official';
  const env = pulumiEnvironment(cli, needsGenerator ? { sdkGenerator: await acquireSdkGenerator() } : {});
  const { stack } = parseOptions(args);
  const result = await keepingStackConfig(stack, () => runCommand(cli.executable, args, { env, output: 'show' }));
  return result.code;
}
