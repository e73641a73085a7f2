import { keepAuthority, typedPath } from '../authorityFile';
import { parseOptions, refuseUnknown } from '../options';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { PulumiStack } from '../pulumiStack';
import { RunningPlatform } from '../runningPlatform';
import { UserError } from '../userError';

/** `npm run info`: where a running stack is and how to get in; with --json as one line for programs. */
export async function info(args: readonly string[]): Promise<number> {
  const { stack: name, rest } = parseOptions(args);
  refuseUnknown('info', rest, ['--json']);
  const stack = new PulumiStack(await acquirePulumiCli(), name);
  if (!(await stack.exists())) throw new UserError(`The stack ${name} is not up: start it with "npm run up".`);
  const outputs = await stack.outputs();
  const { apiHost, auth, adminUrl, caCertificate } = outputs;
  if (apiHost === undefined || auth === undefined || adminUrl === undefined) {
    throw new UserError(`The stack ${name} is not completely up: run "npm run up" again.`);
  }
  const ailment = await new RunningPlatform(outputs).ailment(adminUrl);
  if (ailment !== undefined) {
    throw new UserError(
      `The platform of the stack ${name} does not answer at ${adminUrl} (${ailment}): run "npm run refresh" and then "npm run up".`,
    );
  }
  const file = keepAuthority(name, caCertificate);
  if (rest.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ apiHost, auth, adminUrl, ...(file === undefined ? {} : { caCertificate }) })}\n`);
  } else {
    const authority = file === undefined ? '' : `authority  ${typedPath(file)}\n`;
    process.stdout.write(`API host   ${apiHost}\nkey        ${auth}\nadmin API  ${adminUrl}\n${authority}`);
  }
  return 0;
}
