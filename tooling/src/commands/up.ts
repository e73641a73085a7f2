import { parseOptions, refuseUnknown } from '../options';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { PulumiStack, type StackOutputs } from '../pulumiStack';
import { UserError } from '../userError';
import { buildWorkspace } from '../workspaceBuild';

/** What the example's action is called with. */
const HELLO_PARAMETERS = { name: 'newcomer' };
/** A first call starts a process; this is far more than it takes, in milliseconds. */
const INVOKE_TIMEOUT_MS = 60_000;

/** Outputs of a stack that has the example deployed. */
export type HelloOutputs = Required<Pick<StackOutputs, 'apiHost' | 'auth' | 'greeting'>> & StackOutputs;

function hasHello(outputs: StackOutputs): outputs is HelloOutputs {
  return outputs.apiHost !== undefined && outputs.auth !== undefined && outputs.greeting !== undefined;
}

/** URL that invokes an action and waits for its result; the action by its full name, /namespace/package/action. */
export function invokeUrl(apiHost: string, fullName: string): string {
  const [namespace = '_', ...action] = fullName.split('/').filter((segment) => segment !== '');
  const path = [namespace, 'actions', ...action].map(encodeURIComponent).join('/');
  return `${apiHost}/api/v1/namespaces/${path}?blocking=true&result=true`;
}

async function invoke(outputs: HelloOutputs): Promise<string> {
  const response = await fetch(invokeUrl(outputs.apiHost, outputs.greeting), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(outputs.auth).toString('base64')}`, 'content-type': 'application/json' },
    body: JSON.stringify(HELLO_PARAMETERS),
    signal: AbortSignal.timeout(INVOKE_TIMEOUT_MS),
  });
  const body = await response.text();
  if (!response.ok) throw new UserError(`${outputs.greeting} answered ${response.status}: ${body}`);
  return body;
}

/** What to show at the end: the answer, where things are, and what to try next. */
export function nextSteps(outputs: HelloOutputs, answer: string, stack: string): string {
  const suffix = stack === 'dev' ? '' : ` -- --stack ${stack}`;
  return [
    '',
    `${outputs.greeting} answered:  ${answer}`,
    '',
    `  API host   ${outputs.apiHost}`,
    ...(outputs.adminUrl === undefined ? [] : [`  admin API  ${outputs.adminUrl}`]),
    `  key        ${outputs.auth}   (a development key of the ${stack} stack: it opens nothing else)`,
    '',
    'Call it yourself:',
    `  curl -u ${outputs.auth} -H 'Content-Type: application/json' -d '${JSON.stringify({ name: 'you' })}' \\`,
    `    '${invokeUrl(outputs.apiHost, outputs.greeting)}'`,
    '',
    'Change it: edit a file in examples/hello, then',
    `  npm run preview${suffix}    shows what would change`,
    `  npm run up${suffix}         applies it`,
    `  npm run down${suffix}       removes everything again`,
    '',
  ].join('\n');
}

/** `npm run up`: a platform, the example on it, and the example's answer; with --quiet no key and no next steps. */
export async function up(args: readonly string[]): Promise<number> {
  const { stack: name, rest } = parseOptions(args);
  refuseUnknown('up', rest, ['--quiet']);
  await buildWorkspace();
  const cli = await step('Find a Pulumi CLI', acquirePulumiCli);
  say(`  Pulumi ${cli.version}, ${cli.origin}`);
  const stack = new PulumiStack(cli, name);
  await step(`Make sure that the stack ${name} exists`, () => stack.create());
  if (!(await stack.operate('up', ['--yes', '--skip-preview', '--suppress-outputs']))) {
    say(
      `The update of the stack ${name} failed; what Pulumi said is above. "npm run up" goes on where it stopped, "npm run down" cleans up.`,
    );
    return 1;
  }
  const outputs = await stack.outputs();
  if (!hasHello(outputs)) {
    say(`The stack ${name} is up; it has no outputs apiHost, auth and greeting, so nothing is invoked.`);
    return 0;
  }
  const answer = await step(`Invoke ${outputs.greeting}`, () => invoke(outputs));
  // The key of a stack is for whoever sits in front of it, not for the log of a pipeline.
  process.stdout.write(rest.includes('--quiet') ? `${outputs.greeting} answered:  ${answer}\n` : nextSteps(outputs, answer, name));
  return 0;
}
