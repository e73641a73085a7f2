import { resolveReference } from './entityId';
import { text } from './inputCheck';
import type { PropertyPath } from './propertyPath';
import type { CheckFailure } from './resourceModel';
import type { Value } from './values';

type Sort = 'action' | 'trigger' | 'package';

/** Inputs that name another entity. They are compared by what they name: `greet`, `/_/greet` and `/guest/greet` may be the same. */

/** What is wrong with a reference; unknown ones pass. */
export function checkReference(sort: Sort, path: PropertyPath, value: Value | undefined): CheckFailure[] {
  const reference = text(value);
  if (reference === undefined) return [];
  const resolved = resolveReference(sort, reference, '_');
  return 'problem' in resolved ? [{ path, reason: resolved.problem }] : [];
}

/** `namespace/...` of a reference seen from `namespace`. */
export function referencedId(sort: Sort, reference: string, namespace: string): string {
  const resolved = resolveReference(sort, reference, namespace);
  return 'id' in resolved ? resolved.id : reference;
}

/** Whether two references are known to name the same entity. */
export function sameReference(sort: Sort, left: Value | undefined, right: Value | undefined, namespace: string): boolean {
  const [before, after] = [text(left), text(right)];
  return before !== undefined && after !== undefined && referencedId(sort, before, namespace) === referencedId(sort, after, namespace);
}

/** The program's own reference as long as it names the entity with this id, else its full name. */
export function keepReference(sort: Sort, old: Value | undefined, id: string, namespace: string): Value {
  const before = text(old);
  return before !== undefined && old !== undefined && referencedId(sort, before, namespace) === id ? old : `/${id}`;
}
