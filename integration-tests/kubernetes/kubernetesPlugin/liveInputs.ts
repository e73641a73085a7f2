import { isValueMap, reveal, Secret, type Value, type ValueMap } from '../../../provider/src/resources/values';
import type { Kind } from './kinds';

/**
 * The inputs with which an object would be as it is: of what it was made of, each field as the cluster has it now. What the API added by
 * itself is left out, and what it writes in another way stays as it was written.
 */
export function liveInputs(inputs: ValueMap, live: ValueMap, kind: Kind): ValueMap {
  const seen = kind.apiVersion === 'v1' && kind.kind === 'Secret' ? withStringData(inputs, live) : live;
  return merged(inputs, seen) as ValueMap;
}

/** Of an object that is imported: everything in it that somebody can have set. */
export function importedInputs({ status: _, ...live }: ValueMap): ValueMap {
  const { name, namespace, labels, annotations } = live.metadata as ValueMap;
  const metadata = { name: name!, namespace, labels, annotations };
  return {
    ...live,
    metadata: Object.fromEntries(Object.entries(metadata).filter((entry): entry is [string, Value] => entry[1] !== undefined)),
  };
}

/** The object a Secret is applied as: its texts are data like others, since the API forgets what it was given as a text. */
export function withTextsAsData(object: Record<string, unknown>, { apiVersion, kind }: Kind): Record<string, unknown> {
  if (apiVersion !== 'v1' || kind !== 'Secret' || object.stringData === undefined) return object;
  const { stringData, data, ...rest } = object as { stringData: Record<string, string>; data?: Record<string, string> };
  const encoded = Object.entries(stringData).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
  return { ...rest, data: { ...data, ...Object.fromEntries(encoded) } };
}

function withStringData(inputs: ValueMap, live: ValueMap): ValueMap {
  const texts = reveal(inputs.stringData);
  const data = live.data;
  if (!isValueMap(texts) || !isValueMap(data)) return live;
  const decoded = Object.keys(texts).flatMap((name) =>
    typeof data[name] === 'string' ? [[name, Buffer.from(data[name], 'base64').toString()]] : [],
  );
  return { ...live, stringData: Object.fromEntries(decoded) };
}

/** `undefined` when the cluster has no such field any more. */
function merged(input: Value, live: Value | undefined): Value | undefined {
  if (input instanceof Secret) {
    const inside = merged(input.value, live);
    return inside === undefined ? undefined : new Secret(inside);
  }
  if (live === undefined) return isEmpty(input) ? input : undefined;
  if (isValueMap(input) && isValueMap(live)) {
    const fields = Object.keys(input).map((name) => [name, merged(input[name]!, live[name])] as const);
    return Object.fromEntries(fields.filter((field): field is [string, Value] => field[1] !== undefined));
  }
  if (Array.isArray(input) && Array.isArray(live) && input.length === live.length)
    return input.map((one, index) => merged(one, live[index]) ?? null);
  return sameInKubernetes(input, live) ? input : live;
}

/** The API leaves such fields away. */
function isEmpty(value: Value): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isValueMap(value)) return Object.values(value).every(isEmpty);
  return value === null || value === '' || value === 0 || value === false;
}

/** `1024Mi` is `1Gi`, `0.5` is `500m`. */
function sameInKubernetes(input: Value, live: Value): boolean {
  if (input === live) return true;
  const [left, right] = [quantity(input), quantity(live)];
  return left !== undefined && left === right;
}

const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function quantity(value: Value): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const { number, unit } = /^(?<number>\d+(?:\.\d+)?)(?<unit>[a-zA-Z]{0,2})$/.exec(String(value))?.groups ?? {};
  const factor = unit === undefined ? undefined : UNITS[unit];
  // as precise as its smallest unit
  return factor === undefined ? undefined : Math.round(Number(number) * factor * 1e9);
}
