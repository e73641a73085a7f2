import { nameOf, type Preview, type PreviewStep, type ResourceState, typeOf } from './preview';
import { parsePropertyPath, valueAt } from './propertyPath';

export type ChangeSort = 'replace' | 'delete' | 'update' | 'create' | 'import';
const SORTS: readonly ChangeSort[] = ['replace', 'delete', 'update', 'create', 'import'];

export interface PropertyChange {
  /** As the engine writes it, for people too: `limits.memory`. */
  readonly path: string;
  readonly parts: readonly (string | number)[];
  readonly kind: 'add' | 'update' | 'delete';
  /** This change is a reason to replace the resource. */
  readonly replaces: boolean;
  readonly before: unknown;
  readonly after: unknown;
}

/** What happens to one resource. */
export interface ResourceChange {
  readonly sort: ChangeSort;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Id on the platform, such as `guest/hello/greet`; absent before it is created. */
  readonly id?: string;
  /** In the order of their paths, without those of code. */
  readonly properties: readonly PropertyChange[];
  /** Files of an action's code that differ; empty when the code stays, undefined when it changes in a way that names no file. */
  readonly codeFiles: readonly CodeFileChange[] | undefined;
  readonly before?: ResourceState;
  readonly after?: ResourceState;
}

export interface CodeFileChange {
  readonly path: string;
  readonly kind: 'add' | 'update' | 'delete';
}

export interface Changes {
  /** Replacements, deletions, updates, creations; by type and name within. */
  readonly changed: readonly ResourceChange[];
  readonly unchanged: readonly { readonly type: string; readonly name: string }[];
}

/** Properties that say where code is and what is in it: shown as files. */
const CODE = new Set(['code', 'codeFiles', 'codeHash']);

/** What a preview of an update, or of a refresh, says will be (or has been) changed. */
export function changesOf(preview: Preview): Changes {
  const changed = new Map<string, ResourceChange>();
  const unchanged = new Map<string, { type: string; name: string }>();
  for (const step of preview.steps) {
    // The stack itself is no resource anybody looks after; its outputs follow from the others.
    if (typeOf(step.urn) === 'Stack') continue;
    const sort = sortOf(step);
    const subject = { type: typeOf(step.urn), name: nameOf(step.urn) };
    if (sort === undefined) {
      unchanged.set(step.urn, subject);
      continue;
    }
    // The CLI may tell a replacement as its parts too.
    if (changed.get(step.urn)?.sort === 'replace') continue;
    changed.set(step.urn, changeOf(step, sort, subject));
  }
  for (const urn of changed.keys()) unchanged.delete(urn);
  const order = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  const byName = (a: { type: string; name: string }, b: { type: string; name: string }) => order(a.type, b.type) || order(a.name, b.name);
  return {
    changed: [...changed.values()].sort((a, b) => SORTS.indexOf(a.sort) - SORTS.indexOf(b.sort) || byName(a, b) || order(a.urn, b.urn)),
    unchanged: [...unchanged.values()].sort(byName),
  };
}

function sortOf(step: PreviewStep): ChangeSort | undefined {
  switch (step.op) {
    case 'create':
    case 'update':
    case 'delete':
    case 'import':
      return step.op === 'update' && isEmptyUpdate(step) ? undefined : step.op;
    case 'replace':
    case 'create-replacement':
    case 'delete-replaced':
    case 'import-replacement':
      return 'replace';
    case 'discard':
    case 'remove-pending-replace':
      return 'delete';
    default:
      return undefined;
  }
}

/** A refresh may find nothing but a new version number: nobody has to do anything about that. */
function isEmptyUpdate(step: PreviewStep): boolean {
  return (
    Object.keys(step.detailedDiff ?? {}).length === 0 &&
    (step.diffReasons ?? []).length === 0 &&
    JSON.stringify(step.oldState?.inputs) === JSON.stringify(step.newState?.inputs)
  );
}

function changeOf(step: PreviewStep, sort: ChangeSort, subject: { type: string; name: string }): ResourceChange {
  const { oldState: before, newState: after } = step;
  const all = sort === 'delete' || sort === 'create' ? [] : propertyChanges(step);
  const files = all.flatMap(({ parts, kind }) =>
    parts[0] === 'codeFiles' && parts.length === 2 ? [{ path: String(parts[1]), kind }] : [],
  );
  const codeChanged = all.some(({ parts }) => CODE.has(String(parts[0])));
  const id = before?.id ?? after?.id;
  return {
    sort,
    ...subject,
    urn: step.urn,
    ...(id === undefined || id === '' ? {} : { id }),
    properties: all.filter(({ parts }) => !CODE.has(String(parts[0]))),
    codeFiles: codeChanged && files.length === 0 ? undefined : files,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

function propertyChanges({ detailedDiff, diffReasons, oldState, newState }: PreviewStep): PropertyChange[] {
  const kinds: Readonly<Record<string, { kind: string }>> = detailedDiff ?? {};
  const paths = Object.keys(kinds).length > 0 ? Object.keys(kinds) : [...(diffReasons ?? [])];
  return paths.sort().map((path) => {
    const parts = parsePropertyPath(path);
    const kind = kinds[path]?.kind ?? 'update';
    return {
      path,
      parts,
      kind: kind.startsWith('add') ? 'add' : kind.startsWith('delete') ? 'delete' : 'update',
      replaces: kind.endsWith('-replace'),
      before: valueAt(oldState?.inputs, parts) ?? valueAt(oldState?.outputs, parts),
      after: valueAt(newState?.inputs, parts),
    };
  });
}

/** How many of each sort there are, in the order of their gravity. */
export function countChanges(changed: readonly ResourceChange[]): { sort: ChangeSort; count: number }[] {
  return SORTS.map((sort) => ({ sort, count: changed.filter((change) => change.sort === sort).length })).filter(({ count }) => count > 0);
}

/** Whether something that exists goes away, if only to be made anew. */
export function isDestructive(changed: readonly ResourceChange[]): boolean {
  return changed.some(({ sort }) => sort === 'replace' || sort === 'delete');
}
