import { MalformedEntity } from './errors';
import { isJsonObject, type Json } from './json';
import type { KeyValue, Parameter } from './parameters';

const malformed = 'parameters malformed!';

/** An array of `{"key","value"}`; duplicate keys: the last wins, at the place of the first. Other members are dropped. */
export function parseParameters(value: unknown): Parameter[] {
  return parse(value, true);
}

export function parseAnnotations(value: unknown): KeyValue[] {
  return parse(value, false);
}

function parse(value: unknown, withInit: boolean): Parameter[] {
  if (!Array.isArray(value)) throw new MalformedEntity(malformed);
  const byKey = new Map<string, Parameter>();
  for (const item of value) {
    if (!isJsonObject(item) || typeof item.key !== 'string' || item.value === undefined || !isFlag(item.init))
      throw new MalformedEntity(malformed);
    const parameter: Parameter = { key: item.key, value: item.value as Json };
    if (withInit && item.init === true) parameter.init = true;
    byKey.set(item.key, parameter);
  }
  return [...byKey.values()];
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

/** Bytes a parameter set counts for: keys plus compact JSON values, in UTF-8. */
export function parameterSize(parameters: readonly KeyValue[]): number {
  let size = 0;
  for (const p of parameters) size += Buffer.byteLength(p.key) + Buffer.byteLength(JSON.stringify(p.value));
  return size;
}

/** Lower precedence first; the result keeps one entry a key. */
export function mergeParameters(...sets: readonly (readonly Parameter[])[]): Parameter[] {
  const present = sets.filter((s) => s.length > 0);
  if (present.length === 1) return present[0] as Parameter[];
  const byKey = new Map<string, Parameter>();
  for (const set of present) for (const p of set) byKey.set(p.key, p);
  return [...byKey.values()];
}
