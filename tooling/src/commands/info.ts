import { parseOptions, refuseUnknown } from '../options';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { PulumiStack } from '../pulumiStack';
import { UserError } from '../userError';

/** A platform on this machine answers its health route at once, in milliseconds. */
const HEALTH_TIMEOUT_MS = 5_000;

async function isHealthy(adminUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${adminUrl}/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}

/** `npm run info`: where a running stack is and how to get in; with --json as one line for programs. */
export async function info(args: readonly string[]): Promise<number> {
  const { stack: name, rest } = parseOptions(args);
  refuseUnknown('info', rest, ['--json']);
  const stack = new PulumiStack(await acquirePulumiCli(), name);
  if (!(await stack.exists())) throw new UserError(`The stack ${name} is not up: start it with "npm run up".`);
  const { apiHost, auth, adminUrl } = await stack.outputs();
  if (apiHost === undefined || auth === undefined || adminUrl === undefined) {
    throw new UserError(`The stack ${name} is not completely up: run "npm run up" again.`);
  }
  if (!(await isHealthy(adminUrl))) {
    throw new UserError(`The platform of the stack ${name} does not answer at ${adminUrl}: run "npm run refresh" and then "npm run up".`);
  }
  if (rest.includes('--json')) process.stdout.write(`${JSON.stringify({ apiHost, auth, adminUrl })}\n`);
  else process.stdout.write(`API host   ${apiHost}\nkey        ${auth}\nadmin API  ${adminUrl}\n`);
  return 0;
}
