import { ApiError } from '../openwhisk/errors';
import type { EntityAddress } from '../openwhisk/openWhiskClient';
import { parseActionId } from './entityId';
import { AlreadyExistsError } from './errors';
import { requiredText, text } from './inputCheck';
import type { OperationContext } from './resourceModel';
import { UNKNOWN, type Value, type ValueMap } from './values';

/** Where the entity with these inputs goes; without a namespace, into the key's own. */
export async function addressOf(inputs: ValueMap, context: OperationContext): Promise<EntityAddress> {
  const packageName = text(inputs.package);
  return {
    namespace: text(inputs.namespace) ?? (await context.openwhisk().namespace(context)),
    ...(packageName === undefined ? {} : { package: packageName }),
    name: requiredText(inputs, 'name'),
  };
}

/** The place an action's or a sequence's id stands for. */
export function actionAddressOf(id: string): EntityAddress {
  const { package: packageName, ...plain } = parseActionId(id);
  return packageName === undefined ? plain : { ...plain, package: packageName };
}

/** The namespace as far as it is known without asking the platform. */
export function predictedNamespace(inputs: ValueMap, old: { outputs: ValueMap } | undefined): Value {
  return inputs.namespace ?? old?.outputs.namespace ?? UNKNOWN;
}

/** `id` and full name of an entity that is not there yet, unknown while any of its parts is. */
export function predictedNames(parts: (Value | undefined)[]): { id: string; fqn: Value } {
  const known = parts.filter((part) => part !== undefined);
  if (!known.every((part) => typeof part === 'string')) return { id: '', fqn: UNKNOWN };
  const id = known.join('/');
  return { id, fqn: `/${id}` };
}

/** A package that is missing is answered with 404, which says nothing to someone who wanted to create something in it. */
export function explainMissingPackage(error: unknown, sort: 'action' | 'sequence', address: EntityAddress): void {
  if (!(error instanceof ApiError) || error.status !== 404 || address.package === undefined) return;
  throw new Error(
    `The package "${address.namespace}/${address.package}" does not exist, so the ${sort} "${address.name}" cannot be created in it.`,
  );
}

export function alreadyExists(type: string, logicalName: string, id: string): AlreadyExistsError {
  const sort = type
    .split(':')
    .pop()!
    .replace(/(?<=[a-z])[A-Z]/g, ' $&')
    .toLowerCase();
  const quote = (part: string) => (/^[\w./:@-]+$/.test(part) ? part : `'${part.replace(/'/g, `'\\''`)}'`);
  return new AlreadyExistsError(
    `The ${sort} "${id}" exists already and is not managed by this stack; adopt it with: pulumi import ${type} ${quote(logicalName)} ${quote(id)}`,
  );
}
