import { ResourceIdError } from './errors';

/** The grammar of an entity's name: a word character first, no space last, at most 256 characters (rest-api.md, "Namespaces, names, versions"). */
const NAME = /^(\w|\w[\w@ .&-]{0,254}[\w@.&-])$/;

/** Why a name cannot be used, or `undefined` when it can. */
export function nameProblem(name: string): string | undefined {
  if (name.length > 256) return `is ${name.length} characters long, and 256 is the most a name may have`;
  if (NAME.test(name)) return undefined;
  return 'may hold letters, digits, "_", "@", ".", "&", "-" and inner spaces, and begins with a letter, a digit or "_"';
}

export interface ActionAddress {
  namespace: string;
  package: string | undefined;
  name: string;
}

export interface PlainAddress {
  namespace: string;
  name: string;
}

/** Id of an action: `namespace/name` or `namespace/package/name`; a leading slash is allowed. */
export function parseActionId(id: string): ActionAddress {
  const parts = split(id);
  if (parts !== undefined && parts.length === 2) return { namespace: parts[0]!, package: undefined, name: parts[1]! };
  if (parts !== undefined && parts.length === 3) return { namespace: parts[0]!, package: parts[1]!, name: parts[2]! };
  throw new ResourceIdError(`"${id}" is not the id of an action: use "namespace/name" or "namespace/package/name".`);
}

/** Id of a package, a trigger or a rule: `namespace/name`. */
export function parseEntityId(sort: 'package' | 'trigger' | 'rule', id: string): PlainAddress {
  const parts = split(id);
  if (parts?.length === 2) return { namespace: parts[0]!, name: parts[1]! };
  throw new ResourceIdError(`"${id}" is not the id of a ${sort}: use "namespace/name".`);
}

/** Id of a namespace: its name. */
export function parseNamespaceId(id: string): string {
  const parts = split(id);
  if (parts?.length === 1) return parts[0]!;
  throw new ResourceIdError(`"${id}" is not the id of a namespace: use its name alone.`);
}

function split(id: string): string[] | undefined {
  const parts = id.replace(/^\//, '').split('/');
  return parts.every((part) => nameProblem(part) === undefined) ? parts : undefined;
}

export function formatId(address: { namespace: string; package?: string | undefined; name: string }): string {
  return [address.namespace, address.package, address.name].filter((part) => part !== undefined).join('/');
}

/** The fully qualified name: the id with a leading slash. */
export function formatFullName(address: { namespace: string; package?: string | undefined; name: string }): string {
  return `/${formatId(address)}`;
}

/**
 * A reference to an action, a trigger or a package as people write it: `name`, `package/name` (actions only), or `/namespace/...`.
 * `_` stands for `namespace`. Answers the id, or a problem in words.
 */
export function resolveReference(
  sort: 'action' | 'trigger' | 'package',
  text: string,
  namespace: string,
): { id: string } | { problem: string } {
  const absolute = text.startsWith('/');
  const parts = text.split('/').filter((part) => part !== '');
  const bad = parts.find((part) => nameProblem(part) !== undefined);
  if (bad !== undefined) return { problem: `"${bad}" in "${text}" ${nameProblem(bad)}` };
  const longest = sort === 'action' ? 3 : 2;
  const form = sort === 'action' ? '"name", "package/name" or "/namespace/package/name"' : '"name" or "/namespace/name"';
  // Without a slash in front, `a/b` is a packaged action; triggers and packages are in no package, so there it is a namespace.
  const relative = !absolute && (parts.length === 1 || (sort === 'action' && parts.length === 2));
  const full = relative ? [namespace, ...parts] : parts;
  if (full.length < 2 || full.length > longest)
    return { problem: `"${text}" does not name ${sort === 'action' ? 'an action' : `a ${sort}`}: use ${form}` };
  if (full[0] === '_') full[0] = namespace;
  return { id: full.join('/') };
}
