import type { EntityPut, WireAction } from '../openwhisk/entities';
import type { EntityAddress } from '../openwhisk/openWhiskClient';
import { annotationChanges, liveWebSecure, wantedAnnotations, webUrl } from './actionWire';
import { Changes } from './changes';
import { actionAddressOf, addressOf, explainMissingPackage, predictedNames, predictedNamespace } from './entityAddress';
import { formatFullName, formatId } from './entityId';
import { EntityMismatchError } from './errors';
import { checkNames, checkShape, withoutNulls } from './inputCheck';
import { defined, keepMap, keepValue } from './keepUnchanged';
import { checkKeyValues } from './keyValues';
import { annotationsFromWire, annotationsToWire, createEntity, withoutOwner } from './ownership';
import { checkReference, keepReference, referencedId, sameReference } from './references';
import type { CheckFailure, DiffRequest, PropertyChange, ResourceModel } from './resourceModel';
import { isValueMap, reveal, Secret, UNKNOWN, Unknown, type Value, type ValueMap } from './values';
import { predictedVersion } from './version';
import { checkWeb, readManagedAnnotations, webSecureKeyOf } from './webExport';

const TYPE = 'openwhisk:index:Sequence';
const PROPERTIES = {
  name: 'string',
  namespace: 'string',
  package: 'string',
  components: 'any',
  annotations: 'map',
  web: 'any',
  webSecure: 'any',
  publish: 'boolean',
} as const;
const ANNOTATED = ['annotations', 'web', 'webSecure'];

/** A sequence: an action that runs other actions one after another, each with the result of the one before. */
export const sequenceModel: ResourceModel = {
  secretOutputs: ['webSecureKey'],
  identity: ['name', 'namespace', 'package'],

  async check(request, context) {
    const inputs = withoutNulls(request.inputs);
    if (inputs.annotations !== undefined) inputs.annotations = withoutOwner(inputs.annotations)!;
    const failures = [
      ...checkShape(inputs, PROPERTIES),
      ...checkNames(inputs, request, context),
      ...checkKeyValues('annotations', inputs.annotations),
      ...checkComponents(inputs.components),
      ...checkWeb(inputs),
    ];
    if (typeof inputs.webSecure === 'string') inputs.webSecure = new Secret(inputs.webSecure);
    return { inputs, failures };
  },

  async diff(request) {
    return { changes: sequenceChanges(request) };
  },

  async predict(inputs, old, context) {
    const namespace = predictedNamespace(inputs, old);
    const { id, fqn } = predictedNames([namespace, inputs.package, inputs.name]);
    const random = reveal(inputs.webSecure) === true;
    const webSecureKey = random ? (old?.outputs.webSecureKey ?? new Secret(UNKNOWN)) : webSecureKeyOf(inputs, old?.outputs);
    const outputs = defined({
      ...inputs,
      namespace,
      fqn,
      version: predictedVersion(old?.outputs.version),
      webUrl: webUrl(context.openwhisk().apiHost, namespace, inputs.package, inputs.name!, inputs.web),
      webSecureKey,
    });
    return { id: old?.id ?? id, outputs };
  },

  async create(inputs, context) {
    const client = context.openwhisk();
    const address = await addressOf(inputs, context);
    const webSecureKey = webSecureKeyOf(inputs, undefined);
    const body: EntityPut = {
      exec: execOf(inputs, address.namespace),
      annotations: annotationsToWire(wantedAnnotations(inputs, webSecureKey), context),
      ...(reveal(inputs.publish) === true ? { publish: true } : {}),
    };
    const { entity } = await createEntity('actions', address, body, TYPE, context).catch((error) => {
      explainMissingPackage(error, 'sequence', address);
      throw error;
    });
    return { id: formatId(address), outputs: outputsOf(entity, address, inputs, client.apiHost, webSecureKey) };
  },

  async read({ id, oldInputs, oldOutputs }, context) {
    const client = context.openwhisk();
    const address = actionAddressOf(id);
    const entity = await client.get('actions', address, context, { code: false });
    if (entity === undefined) return undefined;
    if (entity.exec.kind !== 'sequence') throw new EntityMismatchError(`"${id}" is an action with code of its own, not a sequence.`);
    const before: ValueMap = oldInputs ?? {};
    const ownKey = isValueMap(before.annotations) && Object.hasOwn(before.annotations, 'provide-api-key');
    const live = readManagedAnnotations(annotationsFromWire(entity.annotations), ownKey);
    const secure = liveWebSecure(before, oldOutputs, live.secureKey as Value | undefined);
    const inputs = defined({
      name: address.name,
      namespace: oldInputs !== undefined && before.namespace === undefined ? undefined : address.namespace,
      package: address.package,
      components: liveComponents(before.components, entity.exec.components ?? [], address.namespace),
      annotations: keepMap(before.annotations, live.rest),
      web: keepValue(before.web, live.web, false),
      webSecure: secure.input,
      publish: keepValue(before.publish, entity.publish, false),
    });
    return { id: formatId(address), inputs, outputs: outputsOf(entity, address, inputs, client.apiHost, secure.key) };
  },

  async update(request, context) {
    const { id, inputs, oldInputs, oldOutputs } = request;
    const client = context.openwhisk();
    const address = actionAddressOf(id);
    const changed = new Set(sequenceChanges(request).map((change) => change.path[0] as string));
    const webSecureKey = webSecureKeyOf(inputs, oldOutputs);
    const body: EntityPut = {};
    if (changed.has('components')) body.exec = execOf(inputs, address.namespace);
    if (ANNOTATED.some((property) => changed.has(property))) {
      const before = wantedAnnotations(oldInputs, oldOutputs.webSecureKey);
      Object.assign(body, annotationChanges(before, wantedAnnotations(inputs, webSecureKey)));
    }
    if (changed.has('publish')) body.publish = reveal(inputs.publish) === true;
    const entity = await client.update('actions', address, body, context);
    return outputsOf(entity, address, inputs, client.apiHost, webSecureKey);
  },

  async delete(id, _outputs, _inputs, context) {
    await context.openwhisk().delete('actions', actionAddressOf(id), context);
  },
};

function checkComponents(value: Value | undefined): CheckFailure[] {
  const components = reveal(value);
  if (components instanceof Unknown) return [];
  if (components === undefined) return [{ path: ['components'], reason: 'is required: name the actions of the sequence in their order' }];
  if (!Array.isArray(components)) return [{ path: ['components'], reason: 'must be a list of actions' }];
  if (components.length === 0) return [{ path: ['components'], reason: 'must name at least one action' }];
  return components.flatMap((component, i) => {
    const plain = reveal(component);
    if (plain instanceof Unknown) return [];
    if (typeof plain !== 'string') return [{ path: ['components', i], reason: 'must be the name of an action' }];
    return checkReference('action', ['components', i], plain);
  });
}

/** What differs; of the components, the places at which another action stands. */
function sequenceChanges({ id, oldInputs, inputs, ignored }: DiffRequest): PropertyChange[] {
  const { namespace } = actionAddressOf(id);
  const changes = new Changes(ignored);
  changes.value('name', oldInputs.name, inputs.name, { replace: true });
  changes.value('namespace', oldInputs.namespace, inputs.namespace, { replace: true });
  changes.value('package', oldInputs.package, inputs.package, { replace: true });
  if (!ignored.has('components') && !ignored.has('*')) changes.list.push(...componentChanges(oldInputs, inputs, namespace));
  changes.map('annotations', oldInputs.annotations, inputs.annotations);
  changes.value('web', oldInputs.web, inputs.web, { fallback: false });
  changes.value('webSecure', oldInputs.webSecure, inputs.webSecure, { fallback: false });
  changes.value('publish', oldInputs.publish, inputs.publish, { fallback: false });
  return changes.list;
}

function componentChanges(old: ValueMap, wanted: ValueMap, namespace: string): PropertyChange[] {
  const before = reveal(old.components);
  const after = reveal(wanted.components);
  if (!Array.isArray(before) || !Array.isArray(after)) return [{ path: ['components'], kind: 'update' }];
  const changes: PropertyChange[] = [];
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const path = ['components', i];
    if (i >= before.length) changes.push({ path, kind: 'add' });
    else if (i >= after.length) changes.push({ path, kind: 'delete' });
    else if (!sameReference('action', before[i], after[i], namespace)) changes.push({ path, kind: 'update' });
  }
  return changes;
}

function execOf(inputs: ValueMap, namespace: string): { kind: string; components: string[] } {
  const components = reveal(inputs.components) as Value[];
  return {
    kind: 'sequence',
    components: components.map((component) => `/${referencedId('action', String(reveal(component)), namespace)}`),
  };
}

function liveComponents(old: Value | undefined, live: readonly string[], namespace: string): Value {
  const before = reveal(old);
  const kept = live.map((name, i) =>
    keepReference('action', Array.isArray(before) ? before[i] : undefined, name.replace(/^\//, ''), namespace),
  );
  const same = Array.isArray(before) && before.length === kept.length && kept.every((component, i) => component === before[i]);
  return same ? old! : kept;
}

function outputsOf(
  entity: WireAction,
  address: EntityAddress,
  inputs: ValueMap,
  apiHost: string,
  webSecureKey: Value | undefined,
): ValueMap {
  return defined({
    ...inputs,
    namespace: address.namespace,
    fqn: formatFullName(address),
    version: entity.version,
    webUrl: webUrl(apiHost, address.namespace, address.package, address.name, inputs.web),
    webSecureKey,
  });
}
