import { parseOptions, refuseUnknown } from '../options';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { PulumiStack, type StackOutputs } from '../pulumiStack';
import { buildWorkspace } from '../workspaceBuild';

/** The action of examples/hello that shows that the platform answers. */
const HELLO_ACTION = 'hello/greet';
const HELLO_PARAMETERS = { name: 'newcomer' };
/** A first call starts a process; this is far more than it takes, in milliseconds. */
const INVOKE_TIMEOUT_MS = 60_000;

function actionUrl(apiHost: string): string {
  return `${apiHost}/api/v1/namespaces/_/actions/${HELLO_ACTION}?blocking=true&result=true`;
}

async function invokeHello(apiHost: string, auth: string): Promise<string> {
  const response = await fetch(actionUrl(apiHost), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(auth).toString('base64')}`, 'content-type': 'application/json' },
    body: JSON.stringify(HELLO_PARAMETERS),
    signal: AbortSignal.timeout(INVOKE_TIMEOUT_MS),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${HELLO_ACTION} answered ${response.status}: ${body}`);
  return body;
}

/** What to show at the end: the answer, where things are, and what to try next. */
export function nextSteps(outputs: Required<Pick<StackOutputs, 'apiHost' | 'auth'>> & StackOutputs, answer: string, stack: string): string {
  const suffix = stack === 'dev' ? '' : ` -- --stack ${stack}`;
  return [
    '',
    `${HELLO_ACTION} answered:  ${answer}`,
    '',
    `  API host   ${outputs.apiHost}`,
    ...(outputs.adminUrl === undefined ? [] : [`  admin API  ${outputs.adminUrl}`]),
    `  key        ${outputs.auth}   (a development key of the ${stack} stack: it opens nothing else)`,
    '',
    'Call it yourself:',
    `  curl -u ${outputs.auth} -H 'Content-Type: application/json' -d '${JSON.stringify({ name: 'you' })}' \\`,
    `    '${actionUrl(outputs.apiHost)}'`,
    '',
    'Change it: edit a file in examples/hello, then',
    `  npm run preview${suffix}    shows what would change`,
    `  npm run up${suffix}         applies it`,
    `  npm run down${suffix}       removes everything again`,
    '',
  ].join('\n');
}

/** `npm run up`: a platform, the example on it, and the example's answer. */
export async function up(args: readonly string[]): Promise<number> {
  const { stack: name, rest } = parseOptions(args);
  refuseUnknown('up', rest);
  await buildWorkspace();
  const cli = await step('Find a Pulumi CLI', acquirePulumiCli);
  say(`  Pulumi ${cli.version}, ${cli.origin}${cli.hasNodejsHost ? '' : ', with the language host of this repository'}`);
  const stack = new PulumiStack(cli, name);
  await step(`Make sure that the stack ${name} exists`, () => stack.create());
  if (!(await stack.operate('up', ['--yes', '--skip-preview', '--suppress-outputs']))) {
    say(
      `The update of the stack ${name} failed; what Pulumi said is above. "npm run up" goes on where it stopped, "npm run down" cleans up.`,
    );
    return 1;
  }
  const outputs = await stack.outputs();
  const { apiHost, auth } = outputs;
  if (apiHost === undefined || auth === undefined) {
    say(`The stack ${name} is up; it has no outputs apiHost and auth, so nothing is invoked.`);
    return 0;
  }
  const answer = await step(`Invoke ${HELLO_ACTION}`, () => invokeHello(apiHost, auth));
  process.stdout.write(nextSteps({ ...outputs, apiHost, auth }, answer, name));
  return 0;
}
