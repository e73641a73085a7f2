import type { PlatformConfig } from '../config/settings';
import { type ActionDocument, documentId } from '../model/entities';
import { actionJson } from '../model/entityJson';
import type { Exec } from '../model/exec';
import { actionLimitBounds, checkLimits, defaultLimits, parseLimits } from '../model/limits';
import { mergeParameters } from '../model/parameterParser';
import type { KeyValue, Parameter } from '../model/parameters';
import type { RuntimesManifest } from '../model/runtimesManifest';
import { bumpPatch, initialVersion } from '../model/version';
import type { Stored } from '../store/artifactStore';
import type { CallContext } from './context';
import { ownsNamespace } from './context';
import type { Entities } from './entities';
import { type EntityBodyReader, given, readFields } from './entityBody';
import { type Answer, jsonAnswer } from './http/answer';
import { AlreadyExists, BadRequest, KindNotAllowed, MalformedContent, NotAuthorized, NotInCollection } from './http/errors';
import { listEntities } from './listings';
import type { PackageResolver, ResolvedPackage } from './packageResolver';
import type { SequenceComponents } from './sequenceComponents';

const bindingRefused = 'Operation not permitted on package binding.';

/** What a PUT body asks for, read and checked. */
interface ActionPut {
  exec?: Exec;
  parameters?: Parameter[];
  annotations?: KeyValue[];
  delAnnotations: string[];
  limits: Partial<ActionDocument['limits']>;
  version?: string;
  publish?: boolean;
}

/** `/namespaces/{ns}/actions`: reference rest-api, section 3. Invoking is in `invocation.ts`. */
export class Actions {
  constructor(
    private readonly bodies: EntityBodyReader,
    private readonly entities: Entities,
    private readonly packages: PackageResolver,
    private readonly sequences: SequenceComponents,
    private readonly manifest: RuntimesManifest,
    private readonly config: PlatformConfig,
  ) {}

  async list(context: CallContext): Promise<Answer> {
    if (!ownsNamespace(context)) throw new NotAuthorized(context.namespace);
    return listEntities(this.entities.store, this.config.limits, 'actions', { namespace: context.namespace }, context);
  }

  async listPackage(context: CallContext, packageName: string): Promise<Answer> {
    const { provider } = await this.packages.resolve(context.caller, documentId(context.namespace, packageName));
    const { namespace, name } = provider.document;
    return listEntities(this.entities.store, this.config.limits, 'actions', { namespace, package: `${namespace}/${name}` }, context);
  }

  async get(context: CallContext, packageName: string | undefined, name: string): Promise<Answer> {
    const found = await this.readable(context, packageName, name);
    const path = found ? packagePath(found) : context.namespace;
    const withCode = context.request.query.flag('code', true);
    const id = documentId(path, name);
    const { document } = withCode ? await this.entities.loadWithCode('actions', id) : await this.entities.load('actions', id);
    const inherited = found ? [found.provider.document.parameters, ...(found.isBinding ? [found.named.document.parameters] : [])] : [];
    const merged = { ...document, parameters: mergeParameters(...inherited, document.parameters) };
    const binding = found?.isBinding && !withCode ? `${context.namespace}/${packageName}` : undefined;
    return jsonAnswer(JSON.stringify(actionJson(merged, { code: withCode, ...(binding === undefined ? {} : { binding }) })));
  }

  async put(context: CallContext, packageName: string | undefined, name: string): Promise<Answer> {
    const path = packageName === undefined ? context.namespace : `${context.namespace}/${packageName}`;
    const id = documentId(path, name);
    if (!ownsNamespace(context)) throw new NotAuthorized(id);
    if (packageName !== undefined) await this.writablePackage(path);
    const body = this.bodies.read(context.request, context.caller);
    const overwrite = context.request.query.flag('overwrite', false);
    const put: ActionPut = {
      ...body,
      ...readFields(body.json),
      limits: readLimits(body.json.limits),
      delAnnotations: readKeys(body.json.delAnnotations),
    };
    const bounds = actionLimitBounds(context.caller.limits, this.config.limits);
    checkLimits({ ...neutralLimits(bounds), ...put.limits }, bounds);
    if (put.exec) await this.checkExec(context, put.exec);
    const before = await this.entities.find(id);
    if (before && before.document.type !== 'actions') throw new NotInCollection();
    if (before && !overwrite) throw new AlreadyExists();
    const exec = put.exec ?? (before?.document as ActionDocument | undefined)?.exec;
    if (!exec) throw new BadRequest('exec undefined');
    if (exec.kind === 'sequence') await this.sequences.check(exec as Extract<Exec, { kind: 'sequence' }>, id, put.exec !== undefined);
    this.refuseDeprecated(exec);
    const document = before ? updated(before as Stored<ActionDocument>, put, exec) : this.created(path, name, put, exec);
    await this.entities.put(id, document, before?.revision, put.exec ? undefined : 'keepCode');
    const answer = put.exec ? document : (await this.entities.loadWithCode('actions', id)).document;
    return jsonAnswer(JSON.stringify(actionJson(answer, { code: true })));
  }

  async delete(context: CallContext, packageName: string | undefined, name: string): Promise<Answer> {
    const path = packageName === undefined ? context.namespace : `${context.namespace}/${packageName}`;
    const id = documentId(path, name);
    if (!ownsNamespace(context)) throw new NotAuthorized(id);
    if (packageName !== undefined) await this.writablePackage(path);
    const { document, revision } = await this.entities.loadWithCode('actions', id);
    await this.entities.delete(id, revision);
    return jsonAnswer(JSON.stringify(actionJson(document, { code: true })));
  }

  private async readable(context: CallContext, packageName: string | undefined, name: string): Promise<ResolvedPackage | undefined> {
    if (packageName !== undefined) return this.packages.resolve(context.caller, documentId(context.namespace, packageName));
    if (!ownsNamespace(context)) throw new NotAuthorized(documentId(context.namespace, name));
    return undefined;
  }

  private async writablePackage(id: string): Promise<void> {
    const found = await this.entities.load('packages', id);
    if (found.document.binding) throw new BadRequest(bindingRefused);
  }

  private async checkExec(context: CallContext, exec: Exec): Promise<void> {
    if (exec.kind === 'sequence') {
      const sequence = exec as Extract<Exec, { kind: 'sequence' }>;
      sequence.components = this.sequences.qualify(sequence.components, context.caller.namespace.name);
      await this.sequences.checkRights(context.caller, sequence.components);
      return;
    }
    const allowed = context.caller.limits.allowedKinds;
    if (allowed && allowed.length > 0 && !allowed.includes(exec.kind)) throw new KindNotAllowed(exec.kind);
  }

  private refuseDeprecated(exec: Exec): void {
    if (this.manifest.get(exec.kind)?.deprecated) throw new BadRequest(deprecatedText(exec.kind));
  }

  private created(path: string, name: string, put: ActionPut, exec: Exec): ActionDocument {
    const annotations = (put.annotations ?? []).filter((a) => a.key !== 'exec');
    if (this.config.controller.requireApiKeyAnnotation && !annotations.some((a) => a.key === 'provide-api-key')) {
      annotations.push({ key: 'provide-api-key', value: false });
    }
    return {
      type: 'actions',
      namespace: path,
      name,
      version: put.version ?? initialVersion,
      publish: put.publish ?? false,
      annotations: [...annotations, { key: 'exec', value: exec.kind }],
      updated: Date.now(),
      exec,
      parameters: parametersFor(exec, put.parameters ?? []),
      limits: { ...defaultLimits(this.config.limits), ...put.limits },
    };
  }
}

export function deprecatedText(kind: string): string {
  return `The '${kind}' runtime is no longer supported. You may read and delete but not update or invoke this action.`;
}

function updated({ document: before }: Stored<ActionDocument>, put: ActionPut, exec: Exec): ActionDocument {
  // removing annotations gets lost in OpenWhisk while it resolves the components of a new sequence
  const removed = put.exec?.kind === 'sequence' ? [] : put.delAnnotations;
  const kept = before.annotations.filter((a) => a.key !== 'exec' && !removed.includes(a.key));
  const annotations = [
    ...mergeParameters(
      kept,
      (put.annotations ?? []).filter((a) => a.key !== 'exec'),
    ),
    { key: 'exec', value: exec.kind },
  ];
  const wasSequence = before.exec.kind === 'sequence' && exec.kind !== 'sequence';
  return {
    ...before,
    version: put.version ?? bumpPatch(before.version),
    publish: put.publish ?? before.publish,
    annotations,
    updated: Date.now(),
    exec,
    parameters: parametersFor(exec, put.parameters ?? (wasSequence ? [] : before.parameters)),
    limits: { ...before.limits, ...put.limits },
  };
}

/** A sequence has its components as its one parameter, whatever the client sent. */
function parametersFor(exec: Exec, parameters: Parameter[]): Parameter[] {
  return exec.kind === 'sequence' && 'components' in exec ? [{ key: '_actions', value: exec.components }] : parameters;
}

function packagePath({ provider }: ResolvedPackage): string {
  return `${provider.document.namespace}/${provider.document.name}`;
}

function readLimits(value: unknown): Partial<ActionDocument['limits']> {
  return given(value) ? parseLimits(value) : {};
}

function readKeys(value: unknown): string[] {
  if (!given(value)) return [];
  if (!Array.isArray(value) || !value.every((k) => typeof k === 'string'))
    throw new MalformedContent('Expected a list of strings as delAnnotations');
  return value;
}

/** Only limits that were given are checked. */
function neutralLimits(bounds: ReturnType<typeof actionLimitBounds>): ActionDocument['limits'] {
  return { memory: bounds.memory.min, timeout: bounds.timeout.min, logs: bounds.logs.min, concurrency: bounds.concurrency.min };
}
