import type { SystemLimits } from '../config/settings';
import { type ActionDocument, documentId, type PackageDocument } from '../model/entities';
import { isFeed, packagedJson, packageJson, summaryJson } from '../model/entityJson';
import { isJsonObject } from '../model/json';
import { defaultNamespace, isEntityName } from '../model/names';
import { mergeParameters } from '../model/parameterParser';
import type { KeyValue } from '../model/parameters';
import { bumpPatch, initialVersion } from '../model/version';
import type { Stored } from '../store/artifactStore';
import { type CallContext, ownsNamespace } from './context';
import type { Entities } from './entities';
import { type EntityBodyReader, readFields } from './entityBody';
import { type Answer, jsonAnswer } from './http/answer';
import { AlreadyExists, BadRequest, Conflict, MalformedContent, NoSuchResource, NotAuthorized, NotInCollection } from './http/errors';
import { readPage } from './http/listing';
import { listEntities } from './listings';
import type { PackageResolver, ResolvedPackage } from './packageResolver';

type Binding = NonNullable<PackageDocument['binding']>;

/** `/namespaces/{ns}/packages`, bindings included: reference rest-api, section 4. */
export class Packages {
  constructor(
    private readonly entities: Entities,
    private readonly resolver: PackageResolver,
    private readonly bodies: EntityBodyReader,
    private readonly limits: SystemLimits,
  ) {}

  /** Anybody may list; of a foreign namespace the published packages are shown, without bindings. */
  async list(context: CallContext): Promise<Answer> {
    const { store } = this.entities;
    if (ownsNamespace(context)) return listEntities(store, this.limits, 'packages', { namespace: context.namespace }, context);
    const page = readPage(context.request.query, 'packages', { default: this.limits.listDefault, max: this.limits.listMax });
    const count = context.request.query.flag('count', false);
    const all = await store.list({ collection: 'packages', namespace: context.namespace, skip: 0, limit: 0 });
    const shown = all.filter((p) => p.type === 'packages' && p.publish && !p.binding);
    if (count) return jsonAnswer(JSON.stringify({ packages: Math.max(0, shown.length - page.skip) }));
    return jsonAnswer(JSON.stringify(shown.slice(page.skip, page.skip + page.limit).map(summaryJson)));
  }

  async get(context: CallContext, name: string): Promise<Answer> {
    const { named, provider, isBinding } = await this.readable(context, name);
    const own = provider.document;
    const actions = (await this.entities.store.list({
      collection: 'actions',
      namespace: own.namespace,
      package: `${own.namespace}/${own.name}`,
      skip: 0,
      limit: 0,
    })) as ActionDocument[];
    const parameters = isBinding ? mergeParameters(own.parameters, named.document.parameters) : own.parameters;
    return jsonAnswer(
      JSON.stringify({
        ...packageJson({ ...named.document, parameters }),
        actions: actions.filter((a) => !isFeed(a)).map(packagedJson),
        feeds: actions.filter(isFeed).map(packagedJson),
      }),
    );
  }

  async put(context: CallContext, name: string): Promise<Answer> {
    const id = documentId(context.namespace, name);
    if (!ownsNamespace(context)) throw new NotAuthorized(id);
    const { json, parameters, annotations } = this.bodies.read(context.request, context.caller);
    const overwrite = context.request.query.flag('overwrite', false);
    if (name === 'default') throw new BadRequest("Package name 'default' is reserved.");
    const { version, publish } = readFields(json);
    const binding = readBinding(json.binding, context.caller.namespace.name);
    if (binding) await this.checkTarget(context, binding);
    const stored = await this.entities.find(id);
    if (stored && stored.document.type !== 'packages') throw new NotInCollection();
    if (stored && !overwrite) throw new AlreadyExists();
    const before = stored?.document as PackageDocument | undefined;
    if (before && !before.binding && binding) throw new Conflict('Resource is a package and cannot be converted into a binding.');
    if (binding) await this.refuseChain(binding);
    const target = binding ?? before?.binding;
    const document: PackageDocument = {
      type: 'packages',
      namespace: context.namespace,
      name,
      version: version ?? (before ? bumpPatch(before.version) : initialVersion),
      publish: publish ?? before?.publish ?? false,
      annotations: withBinding(annotations ?? before?.annotations ?? [], target),
      updated: Date.now(),
      parameters: parameters ?? before?.parameters ?? [],
      ...(target ? { binding: target } : {}),
    };
    await this.entities.put(id, document, stored?.revision);
    return jsonAnswer(JSON.stringify(packageJson(document)));
  }

  async delete(context: CallContext, name: string): Promise<Answer> {
    const id = documentId(context.namespace, name);
    if (!ownsNamespace(context)) throw new NotAuthorized(id);
    const force = context.request.query.flag('force', false);
    const { document, revision } = await this.entities.load('packages', id);
    if (!document.binding) await this.empty(id, force);
    await this.entities.delete(id, revision);
    return jsonAnswer(JSON.stringify(packageJson(document)));
  }

  private async empty(id: string, force: boolean): Promise<void> {
    const namespace = id.slice(0, id.indexOf('/'));
    const contents = await this.entities.store.list({ collection: 'actions', namespace, package: id, skip: 0, limit: 0 });
    if (contents.length === 0) return;
    if (!force) {
      const what = contents.length === 1 ? 'entity' : 'entities';
      throw new Conflict(`Package not empty (contains ${contents.length} ${what}). Set force param or delete package contents.`);
    }
    for (const { namespace: path, name } of contents) {
      const action = await this.entities.store.getWithoutCode(documentId(path, name));
      if (action) await this.entities.delete(documentId(path, name), action.revision);
    }
  }

  private async readable(context: CallContext, name: string): Promise<ResolvedPackage> {
    const id = documentId(context.namespace, name);
    try {
      return await this.resolver.resolve(context.caller, id);
    } catch (error) {
      // on this route a missing package is named
      if (error instanceof NoSuchResource) throw new NoSuchResource(id);
      throw error;
    }
  }

  /** The right to read the target comes before the existence of the binding. */
  private async checkTarget(context: CallContext, binding: Binding): Promise<void> {
    const id = documentId(binding.namespace, binding.name);
    const target = await this.entities.find(id);
    const own = binding.namespace === context.caller.namespace.name;
    if (target && target.document.type !== 'packages') {
      if (!own) throw new NotAuthorized(id);
      throw new Conflict('Cannot bind to a resource that is not a package.');
    }
    const missing = 'Binding references a package that does not exist.';
    if (!target && own) throw new BadRequest(missing);
    const document = target?.document as PackageDocument | undefined;
    const behind = document?.binding;
    if (own && behind && !(await this.entities.find(documentId(behind.namespace, behind.name)))) throw new BadRequest(missing);
    if (!own && (!document?.publish || document.binding)) throw new NotAuthorized(id);
  }

  private async refuseChain(binding: Binding): Promise<void> {
    const target = (await this.entities.find(documentId(binding.namespace, binding.name))) as Stored<PackageDocument> | undefined;
    if (target?.document.binding) throw new BadRequest('Cannot bind to another package binding.');
  }
}

function readBinding(value: unknown, callersNamespace: string): Binding | undefined {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw new MalformedContent('binding malformed');
  if (Object.keys(value).length === 0) return undefined;
  const { namespace, name } = value;
  if (namespace === undefined || name === undefined) throw new MalformedContent('binding malformed');
  if (typeof namespace !== 'string' || typeof name !== 'string') throw new MalformedContent('entity name malformed');
  const path = namespace.replace(/^\//, '');
  if (!isEntityName(path) || !isEntityName(name)) throw new MalformedContent('entity name malformed');
  return { namespace: path === defaultNamespace ? callersNamespace : path, name };
}

/** The `binding` annotation is the server's; what clients put there goes. */
function withBinding(annotations: KeyValue[], binding: Binding | undefined): KeyValue[] {
  const kept = annotations.filter((a) => a.key !== 'binding');
  return binding ? [...kept, { key: 'binding', value: { namespace: binding.namespace, name: binding.name } }] : kept;
}
