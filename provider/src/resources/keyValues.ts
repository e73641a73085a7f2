import type { WireJson, WireKeyValue } from '../openwhisk/entities';
import { sameValue } from './equality';
import type { PropertyPath } from './propertyPath';
import type { CheckFailure } from './resourceModel';
import { isValueMap, reveal, revealDeep, SourceArchive, SourceFile, Unknown, type Value, type ValueMap } from './values';

/** Parameters and annotations are maps in a program and lists of `{key, value}` on the wire; this is the way between. */

export function toWire(map: Value | undefined, init = false): WireKeyValue[] {
  const plain = reveal(map);
  if (!isValueMap(plain)) return [];
  return Object.keys(plain)
    .sort()
    .map((key) => ({ key, value: revealDeep(plain[key]!) as WireJson, ...(init ? { init: true } : {}) }));
}

/** The list as a map; of a repeated key the last counts, as on the platform. */
export function fromWire(list: readonly WireKeyValue[], keep: (entry: WireKeyValue) => boolean = () => true): ValueMap {
  const map: ValueMap = {};
  for (const entry of list) if (keep(entry)) map[entry.key] = entry.value as Value;
  return map;
}

/** The largest sum of key bytes and compact JSON value bytes of one set (rest-api.md, "Size limits"). */
const MAX_BYTES = 1024 * 1024;

/** What is wrong with a map of parameters or annotations, seen without the platform. */
export function checkKeyValues(property: string, value: Value | undefined): CheckFailure[] {
  const plain = reveal(value);
  if (plain === undefined || plain === null || plain instanceof Unknown) return [];
  if (!isValueMap(plain)) return [{ path: [property], reason: 'must be a map of names to values' }];
  const failures: CheckFailure[] = [];
  for (const key of Object.keys(plain)) refuseFiles([property, key], plain[key]!, failures);
  if (failures.length > 0) return failures;
  let bytes = 0;
  for (const key of Object.keys(plain)) bytes += Buffer.byteLength(key) + Buffer.byteLength(JSON.stringify(revealDeep(plain[key]!)) ?? '');
  if (bytes > MAX_BYTES)
    failures.push({ path: [property], reason: `take ${bytes} bytes, and ${MAX_BYTES} is the most the platform stores` });
  return failures;
}

function refuseFiles(path: PropertyPath, value: Value, failures: CheckFailure[]): void {
  const plain = reveal(value);
  if (plain instanceof SourceFile || plain instanceof SourceArchive) {
    failures.push({ path, reason: 'is a file, and only JSON values can be passed to an action' });
  } else if (Array.isArray(plain)) {
    plain.forEach((element, i) => {
      refuseFiles([...path, i], element, failures);
    });
  } else if (isValueMap(plain as Value)) {
    for (const [key, element] of Object.entries(plain as ValueMap)) refuseFiles([...path, key], element, failures);
  }
}

/** Whether two maps hold the same entries; no map and an empty one are the same. */
export function sameMap(left: Value | undefined, right: Value | undefined): boolean {
  return sameValue(orEmpty(left), orEmpty(right));
}

function orEmpty(value: Value | undefined): Value {
  const plain = reveal(value);
  return plain === undefined || plain === null ? {} : plain;
}

/** What is read from a package or a binding carries inherited parameters too; those the program did not give it are not its own. */
export function withoutInherited(live: ValueMap, inherited: ValueMap, before: Value | undefined): ValueMap {
  const own = reveal(before);
  const result: ValueMap = {};
  for (const [key, value] of Object.entries(live)) {
    const given = isValueMap(own) && Object.hasOwn(own, key);
    if (given || !Object.hasOwn(inherited, key) || !sameValue(inherited[key], value)) result[key] = value;
  }
  return result;
}
