import type { WireAction } from '@openwhisk-as-code/provider/dist/openwhisk/entities';
import { OpenWhiskClient } from '@openwhisk-as-code/provider/dist/openwhisk/openWhiskClient';
import { modelOf } from '@openwhisk-as-code/provider/dist/plugin/resourceTypes';
import { decodeCode } from '@openwhisk-as-code/provider/dist/resources/code/actionCode';
import { looksLikeZip } from '@openwhisk-as-code/provider/dist/resources/code/zipArchive';
import type { OperationContext } from '@openwhisk-as-code/provider/dist/resources/resourceModel';
import {
  isValueMap,
  Secret,
  SourceArchive,
  SourceFile,
  type Value,
  type ValueMap,
} from '@openwhisk-as-code/provider/dist/resources/values';
import { UserError } from '../userError';
import type { AdoptedCode, AdoptedEntity, Adoption, EntityPlace, EntityType } from './adoptedEntity';
import { archiveCode, extensionOf } from './codeFiles';
import { names } from './program';
import type { ProgramMap, ProgramValue } from './programValue';
import type { SecretValues } from './secretValues';

/** How long one entity may take to be read, in milliseconds. */
const DEADLINE_MS = 60_000;
/** More than this is no namespace one program should hold. */
const MAX_ENTITIES = 5_000;

export interface LiveOptions {
  readonly apiHost: string;
  /** `uuid:key` */
  readonly auth: string;
  /** Default: the namespace the key belongs to. */
  readonly namespace?: string;
  readonly insecure?: boolean;
  /** Certificate in PEM form of an authority that is trusted beside those every program trusts. */
  readonly caCertificate?: string;
}

/**
 * Reads a namespace with the provider's own eyes: the inputs of each resource are those that its model would import, so that the program
 * that is made of them matches the state after an import.
 * @throws UserError when the host does not answer or refuses the key
 */
export async function readNamespace(options: LiveOptions, secrets: SecretValues): Promise<Adoption> {
  const trustHint = 'give a file with the certificate of its authority with --ca, or --insecure to accept any';
  const client = new OpenWhiskClient({ ...options, trustHint, retry: { maxRetries: 3, baseDelayMs: 200, maxDelayMs: 2_000 } });
  try {
    const namespace = options.namespace ?? (await client.namespace(limits()));
    const reader = new NamespaceReader(client, namespace, secrets);
    const entities = await reader.entities();
    return {
      projectName: namespace.replace(/[^\w.-]/g, '-'),
      origin: `the namespace ${namespace} of ${client.apiHost}`,
      host: {
        apiHost: client.apiHost,
        namespace,
        ...(options.insecure ? { insecure: true } : {}),
        ...(options.caCertificate === undefined ? {} : { caCertificate: options.caCertificate }),
      },
      entities,
      warnings: reader.warnings,
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${client.apiHost} could not be read: ${(error as Error).message}`);
  } finally {
    await client.close();
  }
}

function limits(): { signal: AbortSignal; deadline: number } {
  return { signal: new AbortController().signal, deadline: performance.now() + DEADLINE_MS };
}

class NamespaceReader {
  readonly warnings: string[] = [];

  constructor(
    private readonly client: OpenWhiskClient,
    private readonly namespace: string,
    private readonly secrets: SecretValues,
  ) {}

  async entities(): Promise<AdoptedEntity[]> {
    const { client, namespace } = this;
    const packages = await client.list('packages', namespace, limits());
    const actions = await client.list('actions', namespace, limits());
    const triggers = await client.list('triggers', namespace, limits());
    const rules = await client.list('rules', namespace, limits());
    const count = packages.length + actions.length + triggers.length + rules.length;
    if (count > MAX_ENTITIES)
      throw new UserError(
        `The namespace ${namespace} holds ${count} entities; ${MAX_ENTITIES} is the most one program can be written for.`,
      );
    const found: { type: EntityType; place: EntityPlace }[] = [
      ...packages.map(({ name, binding }) => ({
        type: binding === false || binding?.name === undefined ? ('Package' as const) : ('PackageBinding' as const),
        place: { namespace, name },
      })),
      ...actions.map((action) => ({
        type: isSequence(action) ? ('Sequence' as const) : ('Action' as const),
        place: placeOf(action, namespace),
      })),
      ...triggers.map(({ name }) => ({ type: 'Trigger' as const, place: { namespace, name } })),
      ...rules.map(({ name }) => ({ type: 'Rule' as const, place: { namespace, name } })),
    ];
    const entities: AdoptedEntity[] = [];
    for (const { type, place } of found) {
      const entity = await this.entity(type, place);
      if (entity !== undefined) entities.push(entity);
    }
    return entities.filter((entity) => this.isWhole(entity, entities));
  }

  /** A rule outlives its trigger and its action; without them it does nothing, and could not be made again. */
  private isWhole({ type, place, inputs }: AdoptedEntity, all: readonly AdoptedEntity[]): boolean {
    const gone = (reference: ProgramValue, types: readonly EntityType[]) =>
      isIn(reference, this.namespace) &&
      !all.some((other) =>
        other.type === 'PackageBinding' ? isBelow(reference, other.place) : types.includes(other.type) && names(reference, other.place),
      );
    if (type === 'Rule') {
      const lost = [
        ...(gone(inputs.trigger ?? null, ['Trigger']) ? [`its trigger ${String(inputs.trigger)}`] : []),
        ...(gone(inputs.action ?? null, ['Action', 'Sequence']) ? [`its action ${String(inputs.action)}`] : []),
      ];
      if (lost.length > 0)
        this.warnings.push(`Rule ${place.name} has lost ${lost.join(' and ')}, so it does nothing: it is not in the program.`);
      return lost.length === 0;
    }
    const missing = Array.isArray(inputs.components)
      ? inputs.components.filter((component) => gone(component, ['Action', 'Sequence']))
      : [];
    if (missing.length > 0) {
      this.warnings.push(`Sequence ${place.name} names ${missing.join(', ')}, which is not there: the sequence could not be made again.`);
    }
    return true;
  }

  private async entity(type: EntityType, place: EntityPlace): Promise<AdoptedEntity | undefined> {
    const label = `${type} ${place.package === undefined ? '' : `${place.package}/`}${place.name}`;
    const id = [place.namespace, place.package, place.name].filter((part) => part !== undefined).join('/');
    const read = await modelOf(`openwhisk:index:${type}`).read({ id }, this.context(place.name));
    if (read === undefined) {
      this.warnings.push(`${label} was gone, or may not be read, when it was its turn: it is not in the program.`);
      return undefined;
    }
    if (type === 'Rule' && (read.inputs.trigger === undefined || read.inputs.action === undefined)) {
      this.warnings.push(`${label} has no trigger or no action any more, so it does nothing: it is not in the program.`);
      return undefined;
    }
    const { name: _name, namespace: _namespace, code: _code, codeFiles: _files, codeHash: _hash, ...rest } = read.inputs;
    if (type === 'Action' || type === 'Sequence') delete rest.package;
    const inputs: ProgramMap = {};
    for (const [key, value] of Object.entries(rest)) inputs[key] = this.programValue(value, place, [key]);
    const code = type === 'Action' ? await this.code(place) : undefined;
    return { type, place, inputs, ...(code === undefined ? {} : { code }) };
  }

  private async code(place: EntityPlace): Promise<AdoptedCode | undefined> {
    const { namespace = this.namespace, ...rest } = place;
    const entity = await this.client.get('actions', { ...rest, namespace }, limits(), { code: true });
    const code = entity === undefined ? undefined : await decodeCode(entity.exec);
    if (entity === undefined || code === undefined) return undefined;
    if (code.form === 'source') return { form: 'file', extension: extensionOf(entity.exec.kind), content: Buffer.from(code.text) };
    if (code.packed !== undefined && !looksLikeZip(code.packed)) return { form: 'binary', content: code.packed };
    return archiveCode(code.files, code.packed);
  }

  /** The value in the program; what is, or looks like, a secret becomes one of the configuration. */
  private programValue(value: Value, place: EntityPlace, path: readonly string[]): ProgramValue {
    if (value instanceof Secret) return this.secrets.take(plainValue(value.value), place, path);
    if (Array.isArray(value)) return value.map((element, index) => this.programValue(element, place, [...path, String(index)]));
    if (isValueMap(value)) {
      const map: ProgramMap = {};
      for (const [key, element] of Object.entries(value)) map[key] = this.programValue(element, place, [...path, key]);
      return this.secrets.looksSecret(path, plainValue(value)) ? this.secrets.take(plainValue(value), place, path) : map;
    }
    const plain = plainValue(value);
    return this.secrets.looksSecret(path, plain) ? this.secrets.take(plain, place, path) : plain;
  }

  private context(logicalName: string): OperationContext {
    return {
      ...limits(),
      openwhisk: () => this.client,
      admin: () => {
        throw new Error('nothing that is read here is read from the admin API');
      },
      logicalName,
      defaultNamespace: undefined,
      programFolder: process.cwd(),
      projectRoot: process.cwd(),
      log: (severity, message) => {
        if (severity === 'warning' || severity === 'error') this.warnings.push(message);
      },
    };
  }
}

function plainValue(value: Value): Exclude<ProgramValue, undefined> {
  if (value instanceof Secret) return plainValue(value.value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (isValueMap(value)) return Object.fromEntries(Object.entries(value as ValueMap).map(([key, element]) => [key, plainValue(element)]));
  if (value instanceof SourceFile || value instanceof SourceArchive || typeof value === 'object') return null;
  return value;
}

function isIn(reference: ProgramValue, namespace: string): boolean {
  return typeof reference === 'string' && reference.startsWith(`/${namespace}/`);
}

/** Whether an action is named through a binding: then it is wherever the bound package is. */
function isBelow(reference: ProgramValue, { namespace, name }: EntityPlace): boolean {
  return typeof reference === 'string' && reference.startsWith(`/${namespace}/${name}/`);
}

/** A list of actions comes without `exec`, but the platform notes the kind in an annotation. */
function isSequence(action: WireAction): boolean {
  return action.annotations.some(({ key, value }) => key === 'exec' && value === 'sequence') || action.exec?.kind === 'sequence';
}

/** A listed action's namespace is `namespace` or `namespace/package`. */
function placeOf(action: WireAction, namespace: string): EntityPlace {
  const packageName = action.namespace.split('/')[1];
  return packageName === undefined ? { namespace, name: action.name } : { namespace, package: packageName, name: action.name };
}
