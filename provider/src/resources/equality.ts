import { isValueMap, reveal, SourceArchive, SourceFile, Unknown, type Value } from './values';

/**
 * Whether two values mean the same: key order and secret wrappers do not matter, an absent key does. An unknown equals
 * nothing, not even another unknown, since it may turn out to be anything.
 */
export function sameValue(left: Value | undefined, right: Value | undefined): boolean {
  const a = reveal(left);
  const b = reveal(right);
  if (a instanceof Unknown || b instanceof Unknown) return false;
  if (a instanceof SourceFile || a instanceof SourceArchive || b instanceof SourceFile || b instanceof SourceArchive) {
    return sameSource(a, b);
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((element, i) => sameValue(element, b[i]));
  if (isValueMap(a) && isValueMap(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]));
  }
  return a === b;
}

function sameSource(a: Value | undefined, b: Value | undefined): boolean {
  const comparable = (a instanceof SourceFile && b instanceof SourceFile) || (a instanceof SourceArchive && b instanceof SourceArchive);
  return comparable && a.source.hash !== undefined && a.source.hash === b.source.hash;
}
