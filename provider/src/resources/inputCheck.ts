import { nameProblem } from './entityId';
import type { CheckFailure, CheckRequest, OperationContext } from './resourceModel';
import { isValueMap, reveal, Unknown, type Value, type ValueMap } from './values';

export type InputSort = 'string' | 'boolean' | 'number' | 'list' | 'map' | 'any';

/** Says of every input the resource does not have, and of every one of the wrong sort, what is wrong with it. */
export function checkShape(inputs: ValueMap, properties: Readonly<Record<string, InputSort>>): CheckFailure[] {
  const failures: CheckFailure[] = [];
  for (const [key, value] of Object.entries(inputs)) {
    // Engines keep notes of their own beside the inputs.
    if (key.startsWith('__')) continue;
    const sort = properties[key];
    if (sort === undefined) {
      const near = Object.keys(properties).find((name) => name.toLowerCase() === key.toLowerCase());
      const hint = near === undefined ? `there are ${Object.keys(properties).join(', ')}` : `did you mean "${near}"?`;
      failures.push({ path: [key], reason: `is not a property of this resource: ${hint}` });
    } else if (!isOfSort(reveal(value), sort)) {
      failures.push({ path: [key], reason: `must be a ${sort}` });
    }
  }
  return failures;
}

function isOfSort(value: Value | undefined, sort: InputSort): boolean {
  if (value === undefined || value === null || value instanceof Unknown || sort === 'any') return true;
  if (sort === 'list') return Array.isArray(value);
  return sort === 'map' ? isValueMap(value) : typeof value === sort;
}

/** The inputs without those that are null, which means the same as leaving them out. */
export function withoutNulls(inputs: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => reveal(value) !== null));
}

/**
 * Fills in the name and the namespace an entity has when the program gives none: the resource's own name, and the namespace
 * the provider was configured with. Checks both, and `package` when there is one.
 */
export function checkNames(inputs: ValueMap, request: CheckRequest, context: Pick<OperationContext, 'defaultNamespace'>): CheckFailure[] {
  if (inputs.name === undefined) inputs.name = request.proposedName ?? request.logicalName;
  if (inputs.namespace === '_') delete inputs.namespace;
  if (inputs.namespace === undefined && context.defaultNamespace !== undefined) inputs.namespace = context.defaultNamespace;
  const failures: CheckFailure[] = [];
  for (const property of ['name', 'namespace', 'package']) {
    const value = reveal(inputs[property]);
    if (typeof value !== 'string') continue;
    const problem = nameProblem(value);
    if (problem !== undefined) failures.push({ path: [property], reason: `"${value}" ${problem}` });
  }
  return failures;
}

export function text(value: Value | undefined): string | undefined {
  const plain = reveal(value);
  return typeof plain === 'string' ? plain : undefined;
}

/** A value that must be known and text by the time it is used, as after a successful check. */
export function requiredText(inputs: ValueMap, property: string): string {
  const value = text(inputs[property]);
  if (value === undefined) throw new Error(`The input "${property}" is not known although the operation needs it.`);
  return value;
}
