import type { SystemLimits } from '../config/settings';
import { documentId, type PathName, type RuleDocument, type RuleStatus, type TriggerDocument } from '../model/entities';
import { ruleJson } from '../model/entityJson';
import type { Identity } from '../model/identity';
import { isJsonObject, type JsonObject } from '../model/json';
import { namespaceOf, packageOf, parseReference, qualified, resolveNamespace } from '../model/names';
import { bumpPatch, initialVersion } from '../model/version';
import { RevisionConflict } from '../store/artifactStore';
import { type CallContext, ownsNamespace } from './context';
import type { Entities } from './entities';
import { type EntityBodyReader, given, readFields, readJsonBody } from './entityBody';
import { type Answer, jsonAnswer, textAnswer } from './http/answer';
import { AlreadyExists, ApiError, BadRequest, MalformedContent, NotAuthorized, NotInCollection } from './http/errors';
import { listEntities } from './listings';
import type { PackageResolver } from './packageResolver';
import { own } from './triggers';

const done: Answer = { ...textAnswer('OK'), unconditional: true };

/** A trigger's rules change under concurrent rules; a lost race is tried again this often. */
const attempts = 5;

/** `/namespaces/{ns}/rules`: reference rest-api, section 6. A rule's status lives in its trigger. */
export class Rules {
  constructor(
    private readonly entities: Entities,
    private readonly packages: PackageResolver,
    private readonly bodies: EntityBodyReader,
    private readonly limits: SystemLimits,
  ) {}

  async list(context: CallContext): Promise<Answer> {
    if (!ownsNamespace(context)) throw new NotAuthorized(context.namespace);
    return listEntities(this.entities.store, this.limits, 'rules', { namespace: context.namespace }, context);
  }

  async get(context: CallContext, name: string): Promise<Answer> {
    const { document } = await this.entities.load('rules', own(context, name));
    return answer(document, await this.status(document));
  }

  async put(context: CallContext, name: string): Promise<Answer> {
    const id = own(context, name);
    const { json, annotations } = this.bodies.read(context.request, context.caller);
    const overwrite = context.request.query.flag('overwrite', false);
    const { version, publish } = readFields(json);
    const wanted = readTargets(json, context.caller.namespace.name);
    await this.checkRights(context.caller, wanted);
    const stored = await this.entities.find(id);
    if (stored && stored.document.type !== 'rules') throw new NotInCollection();
    if (stored && !overwrite) throw new AlreadyExists();
    const before = stored?.document as RuleDocument | undefined;
    const trigger = wanted.trigger ?? before?.trigger;
    const action = wanted.action ?? before?.action;
    if (!trigger || !action) throw new BadRequest('rule requires a valid trigger and a valid action');
    const status = before ? await this.status(before) : 'active';
    await this.requireTrigger(trigger);
    await this.requireAction(action);
    const document: RuleDocument = {
      type: 'rules',
      namespace: context.namespace,
      name,
      version: version ?? (before ? bumpPatch(before.version) : initialVersion),
      publish: publish ?? before?.publish ?? false,
      annotations: annotations ?? before?.annotations ?? [],
      updated: Date.now(),
      trigger,
      action,
    };
    if (before && qualified(before.trigger) !== qualified(trigger)) await this.changeTrigger(before.trigger, (rules) => without(rules, id));
    await this.changeTrigger(trigger, (rules) => ({ ...rules, [id]: { action, status } }));
    await this.entities.put(id, document, stored?.revision);
    return answer(document, status);
  }

  async delete(context: CallContext, name: string): Promise<Answer> {
    const id = own(context, name);
    const { document, revision } = await this.entities.load('rules', id);
    await this.changeTrigger(document.trigger, (rules) => without(rules, id));
    await this.entities.delete(id, revision);
    return answer(document, 'inactive');
  }

  /** POST `{"status": "active" | "inactive"}`. */
  async setStatus(context: CallContext, name: string): Promise<Answer> {
    const id = own(context, name);
    const status = readStatus(readJsonBody(context.request));
    const { document } = await this.entities.load('rules', id);
    if ((await this.status(document)) === status) return done;
    const found = await this.changeTrigger(document.trigger, (rules) => ({ ...rules, [id]: { action: document.action, status } }));
    if (!found && status === 'active') throw new ApiError(404, 'Only rules with existing triggers can be activated');
    return done;
  }

  private async status(rule: RuleDocument): Promise<RuleStatus> {
    const trigger = await this.entities.find(qualified(rule.trigger));
    if (!trigger) return 'inactive';
    if (trigger.document.type !== 'triggers') throw new NotInCollection();
    return trigger.document.rules?.[documentId(rule.namespace, rule.name)]?.status ?? 'inactive';
  }

  /** Changes the rules inside a trigger; false when there is no such trigger. */
  private async changeTrigger(
    { path, name }: PathName,
    change: (rules: NonNullable<TriggerDocument['rules']>) => NonNullable<TriggerDocument['rules']>,
  ): Promise<boolean> {
    const id = documentId(path, name);
    for (let attempt = 1; ; attempt++) {
      const stored = await this.entities.store.getWithoutCode(id);
      if (!stored) return false;
      if (stored.document.type !== 'triggers') throw new NotInCollection();
      try {
        await this.entities.put(
          id,
          { ...stored.document, rules: change(stored.document.rules ?? {}), updated: Date.now() },
          stored.revision,
        );
        return true;
      } catch (error) {
        if (!(error instanceof RevisionConflict) || attempt === attempts) throw error;
      }
    }
  }

  /** READ on both targets; a refusal names all that were refused. */
  private async checkRights(caller: Identity, { trigger, action }: { trigger?: PathName; action?: PathName }): Promise<void> {
    const refused: string[] = [];
    const foreign = (target: PathName) => namespaceOf(target.path) !== caller.namespace.name;
    if (trigger && foreign(trigger)) refused.push(qualified(trigger));
    if (action && packageOf(action.path) === undefined) {
      if (foreign(action)) refused.push(qualified(action));
    } else if (action) {
      try {
        await this.packages.resolve(caller, action.path);
      } catch (error) {
        if (!(error instanceof NotAuthorized)) throw error;
        refused.push(...error.resources);
      }
    }
    if (refused.length > 0) throw new NotAuthorized(...new Set(refused));
  }

  private async requireTrigger(target: PathName): Promise<void> {
    const found = await this.entities.find(qualified(target));
    if (!found) throw new BadRequest(`trigger /${qualified(target)} does not exist`);
    if (found.document.type !== 'triggers') throw new BadRequest(`trigger /${qualified(target)} is not a trigger`);
  }

  private async requireAction(target: PathName): Promise<void> {
    const found = await this.entities.find(await this.throughBinding(target));
    if (!found) throw new BadRequest(`action /${qualified(target)} does not exist`);
    if (found.document.type !== 'actions') throw new BadRequest(`action /${qualified(target)} is not an action`);
  }

  private async throughBinding(target: PathName): Promise<string> {
    if (packageOf(target.path) === undefined) return qualified(target);
    const { binding } = (await this.entities.load('packages', target.path)).document;
    return binding ? `${binding.namespace}/${binding.name}/${target.name}` : qualified(target);
  }
}

function answer(rule: RuleDocument, status: RuleStatus): Answer {
  return jsonAnswer(JSON.stringify(ruleJson(rule, status)));
}

function without<T>(rules: Record<string, T>, id: string): Record<string, T> {
  const { [id]: _, ...rest } = rules;
  return rest;
}

function readTargets(json: JsonObject, namespace: string): { trigger?: PathName; action?: PathName } {
  const read = (value: unknown) => (given(value) ? resolveNamespace(parseReference(value), namespace) : undefined);
  const trigger = read(json.trigger);
  const action = read(json.action);
  return { ...(trigger ? { trigger } : {}), ...(action ? { action } : {}) };
}

function readStatus(json: unknown): RuleStatus {
  if (!isJsonObject(json)) throw new MalformedContent("Object expected in field 'status'");
  if (json.status === undefined) throw new MalformedContent('key not found: status');
  const status = typeof json.status === 'string' ? json.status.trim() : json.status;
  if (status === '') throw new MalformedContent('requirement failed: argument undefined');
  if (status === 'active' || status === 'inactive') return status;
  throw new MalformedContent(
    `requirement failed: ${typeof json.status === 'string' ? json.status : JSON.stringify(json.status)} is not a recognized rule state`,
  );
}
