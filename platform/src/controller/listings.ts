import type { SystemLimits } from '../config/settings';
import type { EntityCollection } from '../model/entities';
import { summaryJson } from '../model/entityJson';
import type { ArtifactStore } from '../store/artifactStore';
import type { CallContext } from './context';
import { type Answer, jsonAnswer } from './http/answer';
import { readPage } from './http/listing';

/** GET of a collection: newest change first, or with `count=true` the number. */
export async function listEntities(
  store: ArtifactStore,
  limits: SystemLimits,
  collection: EntityCollection,
  path: { namespace: string; package?: string },
  { request }: CallContext,
): Promise<Answer> {
  const page = readPage(request.query, collection, { default: limits.listDefault, max: limits.listMax });
  if (request.query.flag('count', false)) {
    const count = await store.count({ collection, ...path, skip: page.skip });
    return jsonAnswer(JSON.stringify({ [collection]: count }));
  }
  const documents = await store.list({ collection, ...path, ...page });
  return jsonAnswer(JSON.stringify(documents.map(summaryJson)));
}
