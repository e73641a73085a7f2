import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../command';
import { codeDiffs } from './codeDiff';
import { type CommentParts, MAX_COMMENT, previewComment } from './comment';
import { GitHistory } from './gitHistory';
import { parsePreview } from './preview';
import { redactor } from './redactor';
import { changesOf, isDestructive, type ResourceChange } from './resourceChange';

/** Made with `pulumi preview --json --show-sames` from the hello example with changes; the secret in it was "another-secret-token". */
const recorded = parsePreview(readFileSync(join(__dirname, 'testing/recordedPreview.json'), 'utf8'));
const SECRETS = redactor(['another-secret-token']);
const OLD = `/** A greeting for someone, or for everyone. */
exports.greetingFor = (greeting, name = 'world') => \`\${greeting}, \${name}!\`;
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comment-'));
  mkdirSync(join(folder, 'greet'));
  const now = { 'greeting.js': OLD.replace('{greeting},', '{greeting} there,'), 'extra.js': "exports.token = 'another-secret-token';\n" };
  for (const [name, text] of Object.entries(now)) writeFileSync(join(folder, 'greet', name), text);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const live = (text = OLD) => ({
  files: async () => new Map([['4ca34d682425c40bc7eaba8cde1fe1807c0377875493ef77459e7c6e86e40334', Buffer.from(text)]]),
});

async function comment(sources: Parameters<typeof codeDiffs>[2], more: Partial<CommentParts> = {}): Promise<string> {
  const changes = changesOf(recorded);
  const diffs = new Map(
    await Promise.all(changes.changed.map(async (change) => [change.urn, await codeDiffs(change, folder, sources, SECRETS)] as const)),
  );
  return previewComment({ stack: 'staging', changes, diffs, errors: [], redactor: SECRETS, ...more });
}

it('tells a preview with its replacements first, its diffs, and no secret', async () => {
  const text = await comment({ live: live() });
  expect(text).toMatchSnapshot();
  for (const secret of ['another-secret-token', 'in-plain']) expect(text).not.toContain(secret);
});

it('is the same whatever order the steps come in', async () => {
  const reversed = changesOf({ ...recorded, steps: [...recorded.steps].reverse() });
  expect(reversed).toEqual(changesOf(recorded));
  expect(isDestructive(reversed.changed)).toBe(true);
});

it('finds the deployed text in git, also some commits ago, and names the file when it is nowhere', async () => {
  const git = (...args: string[]) => runCommand('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder });
  const greeting = join(folder, 'greet/greeting.js');
  const now = readFileSync(greeting, 'utf8');
  await git('init', '--quiet');
  for (const text of [OLD, `${OLD}// another\n`, now]) {
    writeFileSync(greeting, text);
    await git('add', '.');
    await git('commit', '--quiet', '-m', 'change');
  }
  const found = await comment({ git: new GitHistory(folder, undefined) });
  expect(found).toContain('-exports.greetingFor = (greeting, name');
  const nowhere = await comment({});
  expect(nowhere).toContain('`greeting.js` changes; not shown: its deployed text is neither in git nor on the host as the state knows it.');
  // What the host has now is not what the state knows: that would be another diff.
  expect(await comment({ live: { files: async () => new Map([['0'.repeat(64), Buffer.from('other')]]) } })).not.toContain(
    '+exports.greetingFor',
  );
});

it('fits into a comment whatever its size: diffs are cut first, and what was cut is said', () => {
  const change = (index: number): ResourceChange => ({
    sort: 'update',
    type: 'Action',
    name: `action-${String(index).padStart(4, '0')}`,
    urn: `urn:${index}`,
    codeFiles: [{ path: 'index.js', kind: 'update' }],
    properties: [{ path: 'limits.memory', parts: ['limits', 'memory'], kind: 'update', replaces: false, before: 128, after: 256 }],
  });
  const many = (count: number): CommentParts => {
    const changed = Array.from({ length: count }, (_, index) => change(index));
    const diff = `@@ -1 +1 @@\n${'+more of it\n'.repeat(300)}`;
    return {
      stack: 'dev',
      changes: { changed, unchanged: Array.from({ length: 50 }, (_, index) => ({ type: 'Rule', name: `r${index}` })) },
      diffs: new Map(changed.map(({ urn }) => [urn, [{ path: 'index.js', kind: 'update' as const, diff }]])),
      errors: [],
      redactor: redactor([]),
    };
  };
  const some = previewComment(many(40));
  expect(some.length).toBeLessThanOrEqual(MAX_COMMENT);
  expect(some).toContain('action-0039');
  expect(some).toContain('50 resources unchanged');
  expect(some).toMatch(/Cut to fit into a comment: \d+ diffs\. /);
  const huge = previewComment(many(2_000));
  expect(huge.length).toBeLessThanOrEqual(MAX_COMMENT);
  expect(huge).toMatch(/Cut to fit into a comment: .*of 2000 rows of the table; .*2000 diffs/);
  expect(huge).toMatch(/^\*\*Preview of the stack `dev`: 2000 to update\*\*/);
});

it('says in its first line that nothing changes, or that the preview failed', () => {
  const none = { stack: 'dev', changes: { changed: [], unchanged: [] }, diffs: new Map(), redactor: SECRETS };
  expect(previewComment({ ...none, errors: [] })).toMatch(/^\*\*Preview of the stack `dev`: no changes\*\*/);
  const failed = previewComment({ ...none, errors: ['token another-secret-token was refused'] });
  expect(failed).toMatch(/failed: nothing can be said about what would happen/);
  expect(failed).toContain('token [secret] was refused');
});
