import type { Collection, EntityOf, EntityPut, WireKeyValue } from '../openwhisk/entities';
import { ApiError } from '../openwhisk/errors';
import type { EntityAddress } from '../openwhisk/openWhiskClient';
import { alreadyExists } from './entityAddress';
import { formatId } from './entityId';
import { fromWire, toWire } from './keyValues';
import type { OperationContext } from './resourceModel';
import { isValueMap, reveal, type Value, type ValueMap } from './values';

/**
 * The annotation that says which resource made an entity. When an update is killed after the platform made an entity and before the
 * engine noted it, nothing else tells it from one of somebody else; with it the next update goes on where the last one ended. It is
 * written here, and left out of what programs see of their annotations.
 */
export const OWNER_ANNOTATION = 'pulumi-urn';

/** Annotations for the wire, with the owner's. */
export function annotationsToWire(annotations: Value | undefined, context: OperationContext): WireKeyValue[] {
  const owner = context.urn === undefined ? [] : [{ key: OWNER_ANNOTATION, value: context.urn }];
  return [...toWire(withoutOwner(annotations)), ...owner];
}

/** Annotations from the wire, without the owner's. */
export function annotationsFromWire(list: readonly WireKeyValue[]): ValueMap {
  return fromWire(list, ({ key }) => key !== OWNER_ANNOTATION);
}

/** The program's annotations without the owner's, which gets among them when a live entity is copied into a program. */
export function withoutOwner(annotations: Value | undefined): Value | undefined {
  const plain = reveal(annotations);
  if (!isValueMap(plain) || !Object.hasOwn(plain, OWNER_ANNOTATION)) return annotations;
  const { [OWNER_ANNOTATION]: _owner, ...rest } = plain;
  return rest;
}

export interface CreatedEntity<C extends Collection> {
  entity: EntityOf[C];
  /** It was there already, made by an earlier update of this same resource that did not come to its end. */
  resumed: boolean;
}

/**
 * Creates an entity. One that is there and was made by this very resource is taken over and brought up to date; any other is
 * refused with the command that adopts it. `body` carries its annotations as `annotationsToWire` writes them.
 */
export async function createEntity<C extends Collection>(
  collection: C,
  address: EntityAddress,
  body: EntityPut,
  type: string,
  context: OperationContext,
): Promise<CreatedEntity<C>> {
  const client = context.openwhisk();
  try {
    const { entity, uncertain } = await client.create(collection, address, body, context);
    if (!uncertain || isOwn(entity, context)) return { entity, resumed: false };
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409 && error.message === 'resource already exists')) throw error;
    const entity = await client.get(collection, address, context, collection === 'actions' ? { code: false } : {}).catch(() => undefined);
    if (entity !== undefined && context.urn !== undefined && isOwn(entity, context)) {
      context.log('info', `"${formatId(address)}" was made by an earlier update of this resource that was interrupted; it is taken over.`);
      const stale = collection === 'actions' ? staleAnnotations(entity.annotations, body.annotations ?? []) : {};
      return { entity: await client.update(collection, address, { ...body, ...stale }, context), resumed: true };
    }
  }
  throw alreadyExists(type, context.logicalName, formatId(address));
}

/** Without a URN of its own (in no engine), an entity that is as new as can be must be the one a lost attempt made. */
function isOwn(entity: { version: string; annotations: readonly WireKeyValue[] }, context: OperationContext): boolean {
  if (context.urn === undefined) return entity.version === '0.0.1';
  return fromWire(entity.annotations)[OWNER_ANNOTATION] === context.urn;
}

/** Updates of actions merge annotations, so those that are no longer wanted are named. */
function staleAnnotations(live: readonly WireKeyValue[], wanted: readonly WireKeyValue[]): Pick<EntityPut, 'delAnnotations'> {
  const kept = new Set([...wanted.map(({ key }) => key), 'exec', 'provide-api-key']);
  const stale = live.map(({ key }) => key).filter((key) => !kept.has(key));
  return stale.length === 0 ? {} : { delAnnotations: stale };
}
