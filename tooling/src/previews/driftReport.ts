import type { Redactor } from './redactor';
import type { Changes, PropertyChange, ResourceChange } from './resourceChange';
import { SECRET, shownValue } from './shownValue';

/** Lines of a report; more drift than that is counted. */
const MAX_LINES = 500;

/** What differs between the state and what is really there, for people. Empty without drift. */
export function driftReport(stack: string, { changed, unchanged }: Changes, redactor: Redactor): string {
  if (changed.length === 0) return '';
  const lines = changed.flatMap((change) => resourceLines(change, redactor));
  const shown = lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES), `... and ${lines.length - MAX_LINES} more lines`];
  return [
    `The stack ${stack} has drifted: ${changed.length} of ${changed.length + unchanged.length} resources are not as the last update left them.`,
    '',
    ...shown,
    '',
    `"npm run up -- --stack ${stack}" makes them again what the program says, after "npm run refresh -- --stack ${stack}" took note of the drift.`,
    '',
  ].join('\n');
}

function resourceLines(change: ResourceChange, redactor: Redactor): string[] {
  const subject = `${change.type} ${change.name}${change.id === undefined ? '' : ` (${change.id})`}`;
  if (change.sort === 'delete') return [`${subject} is gone`];
  const files = (change.codeFiles ?? []).map(({ path, kind }) => `${path} ${FILE_WORDS[kind]}`);
  const code = change.codeFiles === undefined ? ['  code: changed'] : files.length === 0 ? [] : [`  code: ${files.join(', ')}`];
  return [`${subject} was changed`, ...code, ...change.properties.map((property) => propertyLine(property, redactor))];
}

const FILE_WORDS = { add: 'was added', update: 'was changed', delete: 'was removed' } as const;

function propertyLine({ path, parts, kind, before, after }: PropertyChange, { redact }: Redactor): string {
  const [old, live] = [redact(shownValue(before ?? null, parts)), redact(shownValue(after ?? null, parts))];
  if (kind === 'add') return `  ${path}: was added, ${live}`;
  if (kind === 'delete') return `  ${path}: was removed, it was ${old}`;
  return old === live ? `  ${path}: was changed${live === SECRET ? ` ${SECRET}` : ''}` : `  ${path}: ${old} → ${live}`;
}
