import { keepAuthority, typedPath } from '../authorityFile';
import { parseOptions, refuseUnknown } from '../options';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { PulumiStack, type StackOutputs } from '../pulumiStack';
import { invokePath, RunningPlatform } from '../runningPlatform';
import { buildWorkspace } from '../workspaceBuild';

/** What the example's action is called with. */
const HELLO_PARAMETERS = { name: 'newcomer' };

/** Outputs of a stack that has the example deployed. */
export type HelloOutputs = Required<Pick<StackOutputs, 'apiHost' | 'auth' | 'greeting'>> & StackOutputs;

function hasHello(outputs: StackOutputs): outputs is HelloOutputs {
  return outputs.apiHost !== undefined && outputs.auth !== undefined && outputs.greeting !== undefined;
}

/**
 * What to show at the end: the answer, where things are, and what to try next.
 * @param authority Path of the file with the authority that curl has to trust.
 */
export function nextSteps(outputs: HelloOutputs, answer: string, stack: string, authority?: string): string {
  const suffix = stack === 'dev' ? '' : ` -- --stack ${stack}`;
  const trust = authority === undefined ? '' : `--cacert '${authority}' `;
  return [
    '',
    `${outputs.greeting} answered:  ${answer}`,
    '',
    `  API host   ${outputs.apiHost}`,
    ...(outputs.adminUrl === undefined ? [] : [`  admin API  ${outputs.adminUrl}`]),
    ...(authority === undefined ? [] : [`  authority  ${authority}   (who trusts it trusts the platform's certificate)`]),
    `  key        ${outputs.auth}   (a development key of the ${stack} stack: it opens nothing else)`,
    '',
    'Call it yourself:',
    `  curl ${trust}-u ${outputs.auth} -H 'Content-Type: application/json' -d '${JSON.stringify({ name: 'you' })}' \\`,
    `    '${outputs.apiHost}${invokePath(outputs.greeting)}'`,
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
  const authority = keepAuthority(name, outputs.caCertificate);
  if (!hasHello(outputs)) {
    say(`The stack ${name} is up; it has no outputs apiHost, auth and greeting, so nothing is invoked.`);
    return 0;
  }
  const answer = await step(`Invoke ${outputs.greeting}`, () =>
    new RunningPlatform(outputs).invoke(outputs.apiHost, outputs.auth, outputs.greeting, HELLO_PARAMETERS),
  );
  // The key of a stack is for whoever sits in front of it, not for the log of a pipeline.
  process.stdout.write(
    rest.includes('--quiet')
      ? `${outputs.greeting} answered:  ${answer}\n`
      : nextSteps(outputs, answer, name, authority && typedPath(authority)),
  );
  return 0;
}
