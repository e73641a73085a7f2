import type { PathName } from './entities';
import { MalformedEntity } from './errors';
import { isJsonObject } from './json';

/** Reference rest-api, section 1.5: one word character, or starts with one and does not end in a space. */
const nameGrammar = /^(?:\w|\w[\w@ .&-]{0,254}[\w@.&-])$/;
export const maxNameLength = 256;

export const defaultNamespace = '_';

/** `$` also matches before a final line feed in other dialects; JavaScript's does not, so the test is exact. */
export function isEntityName(text: string): boolean {
  return text.length <= maxNameLength && nameGrammar.test(text);
}

export const illegalName = 'The name of the entity contains illegal characters.';
export const illegalNamespace = 'The namespace contains illegal characters.';

export function nameTooLong(length: number): string {
  // the misspelling is what clients see from Apache OpenWhisk
  return `Name segement longer than allowed: ${length} > ${maxNameLength}.`;
}

export function namespaceTooLong(length: number): string {
  return `Namespace longer than allowed: ${length} > ${maxNameLength}.`;
}

const notQualified =
  'requirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity.';

/** Splits `/ns/[pkg/]name` (or without the leading slash); empty segments are ignored. `_` stays as it is. */
export function parseFullyQualifiedName(text: string): PathName {
  const segments = text.split('/').filter((s) => s !== '');
  if (segments.length === 0) throw new MalformedEntity('requirement failed: path undefined');
  if (!segments.every(isEntityName)) throw new MalformedEntity(`requirement failed: path contains invalid parts ${text}`);
  if (segments.length < 2) throw new MalformedEntity(notQualified);
  const name = segments.pop()!;
  return { path: segments.join('/'), name };
}

/** A reference in a body: `"/ns/x"`, `"ns/x"` or `{"path","name"}`. */
export function parseReference(value: unknown): PathName {
  if (typeof value === 'string') return parseFullyQualifiedName(value);
  if (isJsonObject(value) && typeof value.path === 'string' && typeof value.name === 'string') {
    return parseFullyQualifiedName(`${value.path}/${value.name}`);
  }
  throw new MalformedEntity('fully qualified name malformed');
}

/** `_` as the first segment is the namespace of the caller. */
export function resolveNamespace(reference: PathName, callers: string): PathName {
  if (reference.path === defaultNamespace) return { path: callers, name: reference.name };
  if (reference.path.startsWith('_/')) return { path: callers + reference.path.slice(1), name: reference.name };
  return reference;
}

export function namespaceOf(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
}

/** The package of an action's path, or undefined in the default package. */
export function packageOf(path: string): string | undefined {
  const slash = path.indexOf('/');
  return slash < 0 ? undefined : path.slice(slash + 1);
}

export function qualified(reference: PathName): string {
  return `${reference.path}/${reference.name}`;
}
