/**
 * The plain data resources are described with. It is JSON plus three markers an infrastructure engine needs: a value that is
 * not known yet, a value that must never be shown, and code that lives in files. No engine's own type appears here.
 */
export type Value = null | boolean | number | string | Unknown | Secret | SourceFile | SourceArchive | Value[] | ValueMap;
export interface ValueMap {
  [key: string]: Value;
}

/** Stands for a value that is only known once something else has been created. */
export class Unknown {
  /** Keeps the class nominal: no other object is an `Unknown` by accident of shape. */
  readonly marker = 'unknown';
}
export const UNKNOWN = new Unknown();

/** Wraps a value that is stored encrypted and never printed. */
export class Secret {
  readonly marker = 'secret';
  constructor(readonly value: Value) {}
  /** What a log line or an error message may show of it. */
  toJSON(): string {
    return '[secret]';
  }
  toString(): string {
    return '[secret]';
  }
}

/** One file: its text, a path on this machine, or an address. `hash` is the engine's; all three are absent in a record of the past. */
export class SourceFile {
  readonly marker = 'file';
  constructor(readonly source: { text?: string; path?: string; uri?: string; hash?: string }) {}
}

/** Several files: a map of them, a folder or an archive on this machine, or the address of an archive. */
export class SourceArchive {
  readonly marker = 'archive';
  constructor(readonly source: { entries?: Record<string, SourceFile | SourceArchive>; path?: string; uri?: string; hash?: string }) {}
}

export function isValueMap(value: Value | undefined): value is ValueMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Unknown) &&
    !(value instanceof Secret) &&
    !(value instanceof SourceFile) &&
    !(value instanceof SourceArchive)
  );
}

/** The value inside any number of secret wrappers; what lies deeper keeps its own. */
export function reveal(value: Value | undefined): Value | undefined {
  let current = value;
  while (current instanceof Secret) current = current.value;
  return current;
}

/** The value with every secret wrapper taken off, at every depth. Only for talking to the platform, never for printing. */
export function revealDeep(value: Value): Value {
  if (value instanceof Secret) return revealDeep(value.value);
  if (Array.isArray(value)) return value.map(revealDeep);
  if (isValueMap(value)) return mapValues(value, revealDeep);
  return value;
}

export function mapValues(map: ValueMap, change: (value: Value, key: string) => Value): ValueMap {
  const result: ValueMap = {};
  for (const key of Object.keys(map)) result[key] = change(map[key]!, key);
  return result;
}

function some(value: Value | undefined, found: (value: Value) => boolean): boolean {
  if (value === undefined) return false;
  if (found(value)) return true;
  if (value instanceof Secret) return some(value.value, found);
  if (value instanceof SourceArchive) return Object.values(value.source.entries ?? {}).some((entry) => some(entry, found));
  if (Array.isArray(value)) return value.some((element) => some(element, found));
  if (isValueMap(value)) return Object.values(value).some((element) => some(element, found));
  return false;
}

export function containsUnknown(value: Value | undefined): boolean {
  return some(value, (v) => v instanceof Unknown);
}

export function containsSecret(value: Value | undefined): boolean {
  return some(value, (v) => v instanceof Secret);
}

/** Wraps `value` when `origin`, what it was computed from, holds a secret anywhere. */
export function secretIf(origin: Value | undefined, value: Value): Value {
  return containsSecret(origin) && !(value instanceof Secret) ? new Secret(value) : value;
}

/**
 * Puts the secret wrappers of `template` onto `value`, which came back bare from the platform. A list that held a secret
 * becomes secret as a whole, because its elements may have moved.
 */
export function withSecretsOf(template: Value | undefined, value: Value): Value {
  if (template === undefined || value instanceof Secret) return value;
  if (template instanceof Secret) return new Secret(value);
  if (isValueMap(template) && isValueMap(value)) return mapValues(value, (element, key) => withSecretsOf(template[key], element));
  return secretIf(template, value);
}
