import { looksLikeSecretName, looksLikeSecretText } from '../secretLooks';
import type { EntityPlace } from './adoptedEntity';
import { Expression, isProgramMap, type ProgramValue, printString } from './programValue';

/** A value that was taken out of a program and belongs into the configuration of its stacks. */
export interface SecretValue {
  /** Key in the project's configuration. */
  readonly key: string;
  /** Where it was: "parameters.token of hello/greet". */
  readonly place: string;
  readonly value: ProgramValue;
}

/** Inputs in which people keep secrets. */
const WHERE = new Set(['parameters', 'initParameters', 'feedParameters', 'annotations']);

/** Collects what is, or looks like, a secret. No secret is written into a program. */
export class SecretValues {
  readonly list: SecretValue[] = [];

  /** Whether the value at a path of a resource's inputs looks like a secret. Numbers and truth values never do. */
  looksSecret(path: readonly string[], value: ProgramValue): boolean {
    if (!WHERE.has(path[0] ?? '') || path.length < 2) return false;
    const named = looksLikeSecretName(path.at(-1)!);
    if (typeof value === 'string') return value !== '' && (named || looksLikeSecretText(value));
    return named && (Array.isArray(value) ? value.length > 0 : isProgramMap(value) && Object.keys(value).length > 0);
  }

  /** Takes a value out: the code that stands in its place reads it from the configuration. */
  take(value: ProgramValue, place: EntityPlace, path: readonly string[]): Expression {
    const words = [place.package, place.name, ...path.filter((part) => !WHERE.has(part))].filter((part) => part !== undefined);
    const base = camelCase(words);
    let key = base;
    for (let count = 2; this.list.some((secret) => secret.key === key); count += 1) key = `${base}${count}`;
    const owner = place.package === undefined ? place.name : `${place.package}/${place.name}`;
    this.list.push({ key, place: `${path.join('.')} of ${owner}`, value });
    return new Expression(`config.requireSecret${typeof value === 'string' ? '' : 'Object'}(${printString(key)})`);
  }
}

/** `["hello", "db-password"]` as `helloDbPassword`. */
export function camelCase(words: readonly string[]): string {
  const parts = words.flatMap((word) => word.split(/[^A-Za-z0-9]+/)).filter((part) => part !== '');
  return parts.map((part, index) => (index === 0 ? part[0]!.toLowerCase() : part[0]!.toUpperCase()) + part.slice(1)).join('') || 'value';
}
