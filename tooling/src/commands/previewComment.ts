import { readFileSync, writeFileSync } from 'node:fs';
import { parseNamedOptions } from '../options';
import { codeDiffs } from '../previews/codeDiff';
import { previewComment as comment } from '../previews/comment';
import { GitHistory } from '../previews/gitHistory';
import { LiveSource } from '../previews/liveSource';
import { failures, type Preview, parsePreview, type ResourceState } from '../previews/preview';
import { redactor, secretTexts } from '../previews/redactor';
import { type Changes, changesOf, isDestructive } from '../previews/resourceChange';
import { say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { givenPath, type ProjectFolders, readProject, repositoryProject } from '../pulumiProject';
import { PulumiStack } from '../pulumiStack';
import { buildWorkspace } from '../workspaceBuild';

/** Exit codes: what a workflow decides by. */
export const NO_CHANGES = 0;
export const CHANGES = 2;
export const DESTRUCTIVE = 3;

/** What a comment is made from. */
interface Material {
  readonly preview: Preview;
  readonly errors: readonly string[];
  /** The state, secrets in clear. */
  readonly resources: readonly ResourceState[];
  readonly secretConfig: readonly string[];
}

/**
 * `npm run preview:comment`: what `npm run up` would change, as a Markdown comment. Ends with 0 when nothing would change, 2 when something
 * would, 3 when something would be deleted or replaced, 1 when the preview failed (the comment then says why).
 */
export async function previewComment(args: readonly string[]): Promise<number> {
  const {
    stack: name,
    values,
    flags,
  } = parseNamedOptions('preview:comment', args, {
    values: ['--out', '--base', '--from', '--project'],
    flags: ['--no-live'],
  });
  const project = values['--project'] === undefined ? repositoryProject : readProject(givenPath(values['--project']));
  const material = values['--from'] === undefined ? await previewNow(name, project) : recorded(givenPath(values['--from']));
  const changes = material.errors.length > 0 ? { changed: [], unchanged: [] } : changesOf(material.preview);
  const redact = redactor([...secretTexts(material.resources), ...material.secretConfig]);
  const live = flags.has('--no-live') ? undefined : new LiveSource(material.resources);
  const git = new GitHistory(project.program, values['--base']);
  const diffs = new Map(
    await Promise.all(
      changes.changed.map(
        async (change) =>
          [change.urn, await codeDiffs(change, project.program, live === undefined ? { git } : { git, live }, redact)] as const,
      ),
    ),
  );
  await live?.close();
  const text = comment({ stack: name, changes, diffs, errors: material.errors, redactor: redact });
  if (values['--out'] === undefined) process.stdout.write(text);
  else writeFileSync(givenPath(values['--out']), text);
  say(text.split('\n')[0]!.replaceAll('**', '').replaceAll('`', '"'));
  return exitCode(material.errors, changes);
}

function exitCode(errors: readonly string[], { changed }: Changes): number {
  if (errors.length > 0) return 1;
  if (changed.length === 0) return NO_CHANGES;
  return isDestructive(changed) ? DESTRUCTIVE : CHANGES;
}

async function previewNow(name: string, project: ProjectFolders): Promise<Material> {
  await buildWorkspace();
  const stack = new PulumiStack(await step('Find a Pulumi CLI', acquirePulumiCli), name, project);
  await stack.create();
  const { code, stdout, stderr } = await step(`Preview the stack ${name}`, () => stack.previewJson('preview', ['--show-sames']));
  const preview = code !== 0 && !stdout.includes('{') ? { steps: [], diagnostics: [] } : parsePreview(stdout);
  return {
    preview,
    errors: code === 0 ? [] : failures(preview, stderr),
    resources: await stack.resources(),
    secretConfig: await stack.secretConfig(),
  };
}

/** A preview that was recorded with `pulumi preview --json`, told without the state. */
function recorded(file: string): Material {
  const preview = parsePreview(readFileSync(file, 'utf8'));
  const errors = preview.diagnostics.some(({ severity }) => severity === 'error') ? failures(preview, '') : [];
  return { preview, errors, resources: [], secretConfig: [] };
}
