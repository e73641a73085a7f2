import type { CodeDiff } from './codeDiff';
import { codeBlock, counted, folded, inlineCode, tableRow } from './markdown';
import type { Redactor } from './redactor';
import { type ChangeSort, type Changes, countChanges, type PropertyChange, type ResourceChange } from './resourceChange';
import { SECRET, shownValue } from './shownValue';

/** The most a comment on GitHub may have, in characters. */
export const MAX_COMMENT = 65_536;
/** Lines of one diff that are shown. */
const MAX_DIFF_LINES = 400;
/** Room kept for the notes on what was cut. */
const RESERVE = 600;

export interface CommentParts {
  readonly stack: string;
  readonly changes: Changes;
  /** Diffs of code by the URN of the action. */
  readonly diffs: ReadonlyMap<string, readonly CodeDiff[]>;
  /** What went wrong; a preview with an error says nothing about what would happen. */
  readonly errors: readonly string[];
  readonly redactor: Redactor;
  /** Default: what GitHub takes. */
  readonly maxLength?: number;
}

/** How a workflow finds the comment it wrote for a stack before. */
export function commentMarker(stack: string): string {
  return `<!-- preview of the stack ${stack.replace(/--+/g, '-')} -->`;
}

const NOUNS: Readonly<Record<ChangeSort, string>> = {
  replace: 'to replace',
  delete: 'to delete',
  update: 'to update',
  create: 'to create',
  import: 'to import',
};
const WORDS: Readonly<Record<ChangeSort, string>> = {
  replace: '**replace**',
  delete: '**delete**',
  update: 'update',
  create: 'create',
  import: 'import',
};

/** A preview as a comment in Markdown: the same for the same preview, and never longer than a comment may be. */
export function previewComment(parts: CommentParts): string {
  const { changed, unchanged } = parts.changes;
  const max = parts.maxLength ?? MAX_COMMENT;
  const marker = commentMarker(parts.stack);
  const cut: string[] = [];
  const head = firstLine(parts);
  let left = max - head.length - marker.length - RESERVE;
  const take = (blocks: readonly string[], what: string): string[] => {
    const kept: string[] = [];
    for (const block of blocks) {
      if (block.length + 2 > left) break;
      left -= block.length + 2;
      kept.push(block);
    }
    if (kept.length < blocks.length) cut.push(`${blocks.length - kept.length} of ${blocks.length} ${what}`);
    return kept;
  };
  // In the order of what may least be missing; diffs come last and are cut first.
  const errors = take(
    parts.errors.map((error) => codeBlock('', parts.redactor.redact(error).trimEnd())),
    'errors',
  );
  const destructive = take(
    changed.filter(({ sort }) => sort === 'replace' || sort === 'delete').map(destructiveLine),
    'replacements and deletions',
  );
  const tableHead = changed.length === 0 ? '' : ['| change | type | name | what changes |', '| --- | --- | --- | --- |'].join('\n');
  left -= tableHead.length + 200;
  const rows = take(changed.map(changeRow), 'rows of the table');
  const details = new Map(
    take(
      changed.flatMap((change) => change.properties.map((property) => `${change.urn}\n${propertyLine(property, parts.redactor)}`)),
      'changed properties',
    )
      .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry.slice(entry.indexOf('\n') + 1)] as const)
      .reduce((map, [urn, line]) => map.set(urn, [...(map.get(urn) ?? []), line]), new Map<string, string[]>()),
  );
  const same = take(
    unchanged.map(({ type, name }) => `- ${type} ${inlineCode(name)}`),
    'unchanged resources',
  );
  const diffs = diffBlocks(
    parts,
    () => left,
    (used) => {
      left -= used;
    },
    cut,
  );
  const sections = [
    head,
    ...errors,
    destructive.length === 0 ? '' : `#### Replaced or deleted\n\n${destructive.join('\n')}`,
    rows.length === 0 ? '' : `${tableHead}\n${rows.join('\n')}`,
    ...changed.flatMap((change) => {
      const content = [details.get(change.urn)?.join('\n') ?? '', ...(diffs.get(change.urn) ?? [])].filter((block) => block !== '');
      return content.length === 0 ? [] : [`#### ${change.type} ${inlineCode(change.name)}\n\n${content.join('\n\n')}`];
    }),
    same.length === 0 ? '' : folded(`${counted(unchanged.length, 'resource')} unchanged`, same.join('\n')),
    cut.length === 0 ? '' : `_Cut to fit into a comment: ${cut.join('; ')}. "npm run preview -- --stack ${parts.stack}" shows all of it._`,
    marker,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function firstLine({ stack, changes: { changed, unchanged }, errors }: CommentParts): string {
  const title = `Preview of the stack ${inlineCode(stack)}`;
  if (errors.length > 0) return `**${title} failed: nothing can be said about what would happen.**`;
  if (changed.length === 0) return `**${title}: no changes**, ${counted(unchanged.length, 'resource')} unchanged.`;
  const counts = countChanges(changed).map(({ sort, count }) => `${count} ${NOUNS[sort]}`);
  return `**${title}: ${counts.join(', ')}**, ${unchanged.length} unchanged.`;
}

function destructiveLine(change: ResourceChange): string {
  const subject = `${change.type} ${inlineCode(change.name)}${change.id === undefined ? '' : ` (${inlineCode(change.id)})`}`;
  if (change.sort === 'delete') return `- ${subject} is **deleted**.`;
  const reasons = change.properties.filter(({ replaces }) => replaces).map(({ path }) => inlineCode(path));
  return `- ${subject} is **replaced**: deleted and made anew${reasons.length === 0 ? '' : `, because ${reasons.join(', ')} can't be changed in place`}.`;
}

/** Names in a cell of the table; what does not fit is counted. */
const MAX_NAMES = 8;

function changeRow(change: ResourceChange): string {
  const names = change.properties.map(({ path }) => inlineCode(path));
  const files = change.codeFiles?.map(({ path }) => inlineCode(path)) ?? [];
  const code = change.codeFiles === undefined ? ['code'] : files.length === 0 ? [] : [`code (${limited(files)})`];
  return tableRow([WORDS[change.sort], change.type, inlineCode(change.name), limited([...code, ...names])]);
}

function limited(names: readonly string[]): string {
  if (names.length <= MAX_NAMES) return names.join(', ');
  return `${names.slice(0, MAX_NAMES).join(', ')} and ${names.length - MAX_NAMES} more`;
}

function propertyLine({ path, parts, kind, before, after }: PropertyChange, { redact }: Redactor): string {
  const [old, wanted] = [redact(shownValue(before ?? null, parts)), redact(shownValue(after ?? null, parts))];
  const label = `- ${inlineCode(path)}`;
  if (kind === 'add') return `${label} added: ${value(wanted)}`;
  if (kind === 'delete') return `${label} removed: was ${value(old)}`;
  // Of a secret only that it changes may be seen.
  return old === wanted ? `${label} changed: ${value(wanted)}` : `${label}: ${value(old)} → ${value(wanted)}`;
}

function value(shown: string): string {
  return shown === SECRET || shown.startsWith('[hidden') || shown.startsWith('(known') ? shown : inlineCode(shown);
}

/** The diffs that fit; of a diff that is too long its beginning. */
function diffBlocks(parts: CommentParts, left: () => number, use: (characters: number) => void, cut: string[]): Map<string, string[]> {
  const blocks = new Map<string, string[]>();
  let dropped = 0;
  let shortened = 0;
  for (const { urn } of parts.changes.changed) {
    for (const file of parts.diffs.get(urn) ?? []) {
      const { block, isCut } = diffBlock(file);
      if (block.length + 4 > left()) {
        dropped += 1;
        continue;
      }
      use(block.length + 4);
      if (isCut) shortened += 1;
      blocks.set(urn, [...(blocks.get(urn) ?? []), block]);
    }
  }
  if (dropped > 0) cut.push(counted(dropped, 'diff'));
  if (shortened > 0) cut.push(`the end of ${counted(shortened, 'long diff')}`);
  return blocks;
}

const FILE_WORDS = { add: 'is added', update: 'changes', delete: 'is removed' } as const;

function diffBlock({ path, kind, diff, reason }: CodeDiff): { block: string; isCut: boolean } {
  if (diff === undefined) return { block: `${inlineCode(path)} ${FILE_WORDS[kind]}; not shown: ${reason}.`, isCut: false };
  const lines = diff.split('\n');
  const shown = lines.slice(0, MAX_DIFF_LINES).map((line) => (line.length > 500 ? `${line.slice(0, 500)}…` : line));
  const rest = lines.length - shown.length;
  const more = rest > 0 ? `\n${counted(rest, 'more line')} of this diff not shown.` : '';
  return { block: `${inlineCode(path)} ${FILE_WORDS[kind]}:\n\n${codeBlock('diff', shown.join('\n'))}${more}`, isCut: rest > 0 };
}
