import { runCommand } from '../command';
import { parseNamedOptions } from '../options';
import { failures, parsePreview } from '../previews/preview';
import { changesOf } from '../previews/resourceChange';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { PulumiStack } from '../pulumiStack';
import { UserError } from '../userError';
import { buildWorkspace } from '../workspaceBuild';
import { up } from './up';

/**
 * `npm run promote -- --from staging --to prod`: brings a stack to what another one runs. One program serves all stacks and the one that is
 * checked out is deployed, so what is checked first is that the other stack runs exactly that: committed, and without pending changes.
 */
export async function promote(args: readonly string[]): Promise<number> {
  const { values } = parseNamedOptions('promote', args, { values: ['--from', '--to'] });
  const { '--from': from, '--to': to } = values;
  if (from === undefined || to === undefined || from === to) {
    throw new UserError('"npm run promote" needs two stacks, such as "npm run promote -- --from staging --to prod".');
  }
  const commit = await committed();
  await buildWorkspace();
  const stack = new PulumiStack(await step('Find a Pulumi CLI', acquirePulumiCli), from);
  if (!(await stack.exists()))
    throw new UserError(`The stack ${from} is not up, so there is nothing to promote: run "npm run up -- --stack ${from}".`);
  await step(`Make sure that ${from} runs ${commit}`, () => mustBeCurrent(stack));
  const code = await up(['--stack', to, '--quiet']);
  if (code === 0) say(`${to} runs what ${from} runs: ${commit}.`);
  return code;
}

/** What is checked out, for people. */
async function committed(): Promise<string> {
  const git = async (...args: string[]) => {
    const result = await runCommand('git', args).catch(() => undefined);
    return result?.code === 0 ? result.stdout.trim() : undefined;
  };
  const head = await git('rev-parse', '--short', 'HEAD');
  if (head === undefined) return 'what is in this folder (which is no git repository)';
  const changed = await git('status', '--porcelain', '--untracked-files=no');
  if (changed !== undefined && changed !== '') {
    throw new UserError(
      `There are changes that are not committed, so a promotion could not be repeated: commit or drop them first.\n${changed}`,
    );
  }
  return `commit ${head}`;
}

async function mustBeCurrent(stack: PulumiStack): Promise<void> {
  const { code, stdout, stderr } = await stack.previewJson('preview');
  const preview = stdout.includes('{') ? parsePreview(stdout) : { steps: [], diagnostics: [] };
  if (code !== 0) throw new UserError(`The stack ${stack.name} can't be previewed:\n${failures(preview, stderr).join('\n')}`);
  const { changed } = changesOf(preview);
  if (changed.length === 0) return;
  const names = changed.map(({ sort, type, name }) => `${sort} ${type} ${name}`).join(', ');
  throw new UserError(
    `The stack ${stack.name} does not run what is checked out (${names}): run "npm run up -- --stack ${stack.name}" and try it there first.`,
  );
}
