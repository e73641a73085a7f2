import { createHash, randomBytes } from 'node:crypto';
import { isValueMap, Secret, type Value, type ValueMap } from '../../../provider/src/resources/values';
import { isNamespaced, type Kind } from './kinds';

/** On objects whose name the provider chose. */
export const AUTONAMED = 'pulumi.com/autonamed';
/** What the API fills in and nobody sets. */
const READ_ONLY = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'uid',
];

export interface CheckedInputsOptions {
  kind: Kind;
  /** The resource's name in the program. */
  logicalName: string;
  /** Name the engine wants. */
  proposedName?: string;
  /** The same each time in one operation, so that a preview names what the update makes. */
  seed: Uint8Array;
  /** Absent when the object is new. */
  before?: ValueMap;
  /** Of objects that name none; absent while no cluster is known. */
  namespace?: string;
}

/** Inputs as they are compared and stored: with a name, with a namespace, and with the content of a Secret hidden. */
export function checkedInputs(given: ValueMap, options: CheckedInputsOptions): ValueMap {
  const inputs = withoutNulls({ ...given, ...options.kind }) as ValueMap;
  const metadata = inputs.metadata ?? {};
  // not known yet, or hidden as a whole: then it is as it is
  if (isValueMap(metadata)) inputs.metadata = checkedMetadata(metadata, options);
  return hideContent(inputs, options.kind);
}

/** The content of a Secret is one, wherever it came from. */
export function hideContent(values: ValueMap, { apiVersion, kind }: Kind): ValueMap {
  if (apiVersion !== 'v1' || kind !== 'Secret') return values;
  const hidden = ['data', 'stringData'].filter((name) => values[name] !== undefined && !(values[name] instanceof Secret));
  return { ...values, ...Object.fromEntries(hidden.map((name) => [name, new Secret(values[name]!)])) };
}

export function isAutonamed(metadata: Value | undefined): boolean {
  return isValueMap(metadata) && isValueMap(metadata.annotations) && metadata.annotations[AUTONAMED] === 'true';
}

function checkedMetadata(given: ValueMap, { kind, logicalName, proposedName, seed, before, namespace }: CheckedInputsOptions): ValueMap {
  const metadata = Object.fromEntries(Object.entries(given).filter(([name]) => !READ_ONLY.includes(name)));
  if (metadata.name === undefined) {
    const old = before?.metadata;
    metadata.name = isAutonamed(old) ? (old as ValueMap).name! : (proposedName ?? `${logicalName}-${suffix(seed, logicalName)}`);
    const annotations = isValueMap(metadata.annotations) ? metadata.annotations : {};
    metadata.annotations = { ...annotations, [AUTONAMED]: 'true' };
  }
  if (isNamespaced(kind) && metadata.namespace === undefined && namespace !== undefined) metadata.namespace = namespace;
  return metadata;
}

function suffix(seed: Uint8Array, name: string): string {
  const origin = seed.length === 0 ? randomBytes(16) : seed;
  return createHash('sha256').update(origin).update(name).digest('hex').slice(0, 8);
}

function withoutNulls(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isValueMap(value)) return value instanceof Secret ? new Secret(withoutNulls(value.value)) : value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([name, one]) => [name, withoutNulls(one)]),
  );
}
