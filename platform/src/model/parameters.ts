import type { Json } from './json';

/** An annotation, or one parameter of an entity. */
export interface KeyValue {
  key: string;
  value: Json;
}

/** A parameter; `init` ones reach the action as environment at `/init` and never as arguments. */
export interface Parameter extends KeyValue {
  init?: boolean;
}

export function annotationOf(annotations: readonly KeyValue[], key: string): Json | undefined {
  for (const a of annotations) if (a.key === key) return a.value;
  return undefined;
}

/** OpenWhisk's notion of a truthy annotation: everything except `false`, `0`, `""` and `null`. */
export function isTruthy(value: Json): boolean {
  return value !== false && value !== 0 && value !== '' && value !== null;
}
