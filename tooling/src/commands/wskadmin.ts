import { join } from 'node:path';
import { keepAuthority } from '../authorityFile';
import { runCommand } from '../command';
import { parseOptions } from '../options';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { givenPath } from '../pulumiProject';
import { PulumiStack, type StackOutputs } from '../pulumiStack';
import { repositoryRoot } from '../repository';
import { UserError } from '../userError';
import { buildWorkspace } from '../workspaceBuild';

/**
 * `npm run wskadmin -- <command>`: OpenWhisk's admin tool over the admin API of a running stack, or of OPENWHISK_ADMIN_URL with
 * OPENWHISK_ADMIN_KEY and, where its certificate needs it, OPENWHISK_ADMIN_CA.
 */
export async function wskadmin(args: readonly string[]): Promise<number> {
  // `-s` is an option of `user create` here
  const ours = args.map((argument) => (argument === '-s' ? '--silent' : argument));
  const { stack, rest } = parseOptions(ours);
  await buildWorkspace();
  const program = join(repositoryRoot, 'platform/dist/main/wskadmin.js');
  const help = rest.length === 0 || rest.includes('--help') || rest.includes('-h');
  const env = { ...process.env, ...(help ? {} : process.env.OPENWHISK_ADMIN_KEY ? givenAuthority() : await adminOf(stack)) };
  return (await runCommand(process.execPath, [program, ...rest], { env, output: 'show' })).code;
}

/** A file that is named as seen from where the command was started. */
function givenAuthority(): Record<string, string> {
  const { OPENWHISK_ADMIN_CA: file } = process.env;
  return file ? { OPENWHISK_ADMIN_CA: givenPath(file) } : {};
}

async function adminOf(name: string): Promise<Record<string, string>> {
  const stack = new PulumiStack(await acquirePulumiCli(), name);
  const outputs: StackOutputs & { adminKey?: string } = (await stack.exists()) ? await stack.outputs() : {};
  const { adminUrl, adminKey, caCertificate } = outputs;
  if (adminUrl === undefined || adminKey === undefined) {
    throw new UserError(
      `The stack ${name} is not up: start it with "npm run up", or set OPENWHISK_ADMIN_URL and OPENWHISK_ADMIN_KEY for another platform.`,
    );
  }
  return { OPENWHISK_ADMIN_URL: adminUrl, OPENWHISK_ADMIN_KEY: adminKey, OPENWHISK_ADMIN_CA: keepAuthority(name, caCertificate) ?? '' };
}
