import { sameValue } from './equality';
import { sameMap } from './keyValues';
import { isValueMap, reveal, type Value, type ValueMap, withSecretsOf } from './values';

/**
 * Reading a resource back must not rewrite what the program said as long as it still holds, or every refresh would show a
 * change. These functions keep the old input where it means the same as the live value.
 */
export function keepValue(old: Value | undefined, live: Value | undefined, fallback?: Value): Value | undefined {
  if (sameValue(old ?? fallback ?? null, live ?? fallback ?? null)) return old;
  return live === undefined ? undefined : withSecretsOf(old, live);
}

export function keepMap(old: Value | undefined, live: ValueMap): Value | undefined {
  if (sameMap(old, live)) return old;
  const plain = reveal(old);
  if (Object.keys(live).length === 0) return undefined;
  if (old === undefined || !isValueMap(plain)) return live;
  // Entry by entry, so that an entry that did not change keeps exactly the form it was written in.
  const merged: ValueMap = {};
  for (const key of Object.keys(live)) {
    const before = Object.hasOwn(plain, key) ? plain[key] : undefined;
    merged[key] = before !== undefined && sameValue(before, live[key]) ? before : withSecretsOf(before, live[key]!);
  }
  return old === plain ? merged : withSecretsOf(old, merged);
}

/** The map without its undefined entries. */
export function defined(map: Record<string, Value | undefined>): ValueMap {
  const result: ValueMap = {};
  for (const [key, value] of Object.entries(map)) if (value !== undefined) result[key] = value;
  return result;
}
