import type { SystemLimits } from '../config/settings';
import { documentId, type TriggerDocument } from '../model/entities';
import { triggerJson } from '../model/entityJson';
import { isJsonObject } from '../model/json';
import { isEntityName } from '../model/names';
import { annotationOf } from '../model/parameters';
import { bumpPatch, initialVersion } from '../model/version';
import { type CallContext, ownsNamespace } from './context';
import type { Entities } from './entities';
import { type EntityBodyReader, given, readFields } from './entityBody';
import { type Answer, jsonAnswer } from './http/answer';
import { AlreadyExists, BadRequest, MalformedContent, NotAuthorized, NotInCollection } from './http/errors';
import { listEntities } from './listings';

/** `/namespaces/{ns}/triggers`: reference rest-api, section 5. Firing is in `triggerFiring.ts`. */
export class Triggers {
  constructor(
    private readonly entities: Entities,
    private readonly bodies: EntityBodyReader,
    private readonly limits: SystemLimits,
  ) {}

  async list(context: CallContext): Promise<Answer> {
    if (!ownsNamespace(context)) throw new NotAuthorized(context.namespace);
    return listEntities(this.entities.store, this.limits, 'triggers', { namespace: context.namespace }, context);
  }

  async get(context: CallContext, name: string): Promise<Answer> {
    const { document } = await this.entities.load('triggers', own(context, name));
    return answer(document);
  }

  async put(context: CallContext, name: string): Promise<Answer> {
    const id = own(context, name);
    const { json, parameters, annotations } = this.bodies.read(context.request, context.caller);
    const overwrite = context.request.query.flag('overwrite', false);
    const { version, publish } = readFields(json);
    // a trigger has no limits; what is there must be an object all the same
    if (given(json.limits) && !isJsonObject(json.limits)) throw new MalformedContent('Object expected as limits');
    const stored = await this.entities.find(id);
    if (stored && stored.document.type !== 'triggers') throw new NotInCollection();
    if (stored && !overwrite) throw new AlreadyExists();
    const before = stored?.document as TriggerDocument | undefined;
    if (!before && annotations) checkFeed(annotationOf(annotations, 'feed'));
    const document: TriggerDocument = {
      type: 'triggers',
      namespace: context.namespace,
      name,
      version: version ?? (before ? bumpPatch(before.version) : initialVersion),
      publish: publish ?? before?.publish ?? false,
      annotations: annotations ?? before?.annotations ?? [],
      updated: Date.now(),
      parameters: parameters ?? before?.parameters ?? [],
      ...(before?.rules ? { rules: before.rules } : {}),
    };
    await this.entities.put(id, document, stored?.revision);
    return answer(document);
  }

  async delete(context: CallContext, name: string): Promise<Answer> {
    const id = own(context, name);
    const { document, revision } = await this.entities.load('triggers', id);
    await this.entities.delete(id, revision);
    return answer(document);
  }
}

/** Id of an entity in the caller's own namespace; others' triggers and rules are never shown. */
export function own(context: CallContext, name: string): string {
  const id = documentId(context.namespace, name);
  if (!ownsNamespace(context)) throw new NotAuthorized(id);
  return id;
}

function answer(document: TriggerDocument): Answer {
  return jsonAnswer(JSON.stringify(triggerJson(document)));
}

/** A feed is named by a path; what is a path at all is looser than a name with a namespace. */
function checkFeed(feed: unknown): void {
  if (!given(feed)) {
    if (feed === null) throw new BadRequest('Feed name is not valid');
    return;
  }
  const segments = typeof feed === 'string' ? feed.split('/').filter((s) => s !== '') : [];
  if (segments.length === 0 || !segments.every(isEntityName)) throw new BadRequest('Feed name is not valid');
}
