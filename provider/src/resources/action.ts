import type { EntityPut } from '../openwhisk/entities';
import { checkAction, sameKind } from './actionInputs';
import { DEFAULT_ACTION_LIMITS, effectiveLimits, limitsToSend } from './actionLimits';
import { annotationChanges, execOf, inputsFromLive, outputsOf, parametersOf, predictedKind, wantedAnnotations, webUrl } from './actionWire';
import { Changes } from './changes';
import { actionAddressOf, addressOf, explainMissingPackage, predictedNames, predictedNamespace } from './entityAddress';
import { formatId } from './entityId';
import { EntityMismatchError } from './errors';
import { text } from './inputCheck';
import { defined } from './keepUnchanged';
import { fromWire } from './keyValues';
import { annotationsToWire, createEntity } from './ownership';
import type { DiffRequest, PropertyChange, ResourceModel } from './resourceModel';
import { reveal, Secret, UNKNOWN, Unknown, type Value, type ValueMap } from './values';
import { predictedVersion } from './version';
import { webSecureKeyOf } from './webExport';

const TYPE = 'openwhisk:index:Action';
/** Inputs that make up `exec`, which the platform takes as a whole or not at all. */
const EXEC = ['kind', 'code', 'codeFiles', 'main', 'image'];
const ANNOTATED = ['annotations', 'web', 'webSecure', 'finalParameters'];

/** An action: code that runs when it is invoked. Code is compared file by file, and sent only when it changed. */
export const actionModel: ResourceModel = {
  secretOutputs: ['webSecureKey'],
  identity: ['name', 'namespace', 'package'],

  check: checkAction,

  async diff(request) {
    return { changes: actionChanges(request) };
  },

  async predict(inputs, old, context) {
    const namespace = predictedNamespace(inputs, old);
    const { id, fqn } = predictedNames([namespace, inputs.package, inputs.name]);
    const secured = reveal(inputs.webSecure);
    const webSecureKey = secured === true ? (old?.outputs.webSecureKey ?? new Secret(UNKNOWN)) : webSecureKeyOf(inputs, old?.outputs);
    const outputs = defined({
      ...inputs,
      namespace,
      fqn,
      version: predictedVersion(old?.outputs.version),
      resolvedKind: predictedKind(inputs, old),
      limits: effectiveLimits(inputs.limits),
      webUrl: webUrl(context.openwhisk().apiHost, namespace, inputs.package, inputs.name!, inputs.web),
      webSecureKey,
    });
    return { id: old?.id ?? id, outputs };
  },

  async create(inputs, context) {
    const client = context.openwhisk();
    const address = await addressOf(inputs, context);
    const webSecureKey = webSecureKeyOf(inputs, undefined);
    const limits = limitsToSend(inputs.limits, undefined);
    const body: EntityPut = {
      exec: await execOf(inputs, context.programFolder),
      parameters: parametersOf(inputs),
      annotations: annotationsToWire(wantedAnnotations(inputs, webSecureKey), context),
      ...(limits === undefined ? {} : { limits }),
      ...(reveal(inputs.publish) === true ? { publish: true } : {}),
    };
    const { entity } = await createEntity('actions', address, body, TYPE, context).catch((error) => {
      explainMissingPackage(error, 'action', address);
      throw error;
    });
    return { id: formatId(address), outputs: outputsOf(entity, address, inputs, client.apiHost, webSecureKey) };
  },

  async read({ id, oldInputs, oldOutputs }, context) {
    const client = context.openwhisk();
    const address = actionAddressOf(id);
    const entity = await client.get('actions', address, context);
    if (entity === undefined) return undefined;
    if (entity.exec.kind === 'sequence') throw new EntityMismatchError(`"${id}" is a sequence, not an action with code of its own.`);
    const inherited =
      address.package === undefined
        ? undefined
        : await client.get('packages', { namespace: address.namespace, name: address.package }, context);
    const old = oldInputs === undefined ? undefined : { inputs: oldInputs, outputs: oldOutputs ?? {} };
    const { inputs, webSecureKey } = await inputsFromLive(entity, address, fromWire(inherited?.parameters ?? []), old);
    return { id: formatId(address), inputs, outputs: outputsOf(entity, address, inputs, client.apiHost, webSecureKey) };
  },

  async update(request, context) {
    const { id, inputs, oldInputs, oldOutputs } = request;
    const client = context.openwhisk();
    const address = actionAddressOf(id);
    const changed = new Set(actionChanges(request).map((change) => change.path[0] as string));
    const webSecureKey = webSecureKeyOf(inputs, oldOutputs);
    const body: EntityPut = {};
    if (EXEC.some((property) => changed.has(property))) {
      const keepCode = !changed.has('code') && request.ignored.has('code');
      const live = keepCode ? await client.get('actions', address, context, { code: true }) : undefined;
      body.exec = await execOf(inputs, context.programFolder, live?.exec.code);
    }
    if (changed.has('parameters') || changed.has('initParameters')) body.parameters = parametersOf(inputs);
    if (ANNOTATED.some((property) => changed.has(property))) {
      const before = wantedAnnotations(oldInputs, oldOutputs.webSecureKey);
      Object.assign(body, annotationChanges(before, wantedAnnotations(inputs, webSecureKey)));
    }
    if (changed.has('limits')) Object.assign(body, { limits: limitsToSend(inputs.limits, oldInputs.limits) });
    if (changed.has('publish')) body.publish = reveal(inputs.publish) === true;
    const entity = await client.update('actions', address, body, context);
    const outputs = outputsOf(entity, address, inputs, client.apiHost, webSecureKey);
    if (!request.ignored.has('code')) return outputs;
    return defined({ ...outputs, codeFiles: oldOutputs.codeFiles, codeHash: oldOutputs.codeHash });
  },

  async delete(id, _outputs, _inputs, context) {
    const address = actionAddressOf(id);
    await context.openwhisk().delete('actions', address, context);
  },
};

/** What differs. `code` changes name the files: the hashes are inputs, computed when the inputs are checked. */
function actionChanges({ oldInputs, oldOutputs, inputs, ignored }: DiffRequest): PropertyChange[] {
  const changes = new Changes(ignored);
  changes.value('name', oldInputs.name, inputs.name, { replace: true });
  changes.value('namespace', oldInputs.namespace, inputs.namespace, { replace: true });
  changes.value('package', oldInputs.package, inputs.package, { replace: true });
  if (!sameKind(text(oldInputs.kind), text(inputs.kind))) changes.value('kind', oldInputs.kind, inputs.kind);
  if (!ignored.has('code')) {
    // The outputs say what is live, also after updates in which the code was to be left alone.
    const before: Value | undefined = oldOutputs.codeHash ?? oldInputs.codeHash;
    const after = inputs.codeHash;
    const count = changes.list.length;
    changes.value('codeHash', before, after);
    if (changes.list.length > count) {
      const { kind } = changes.list.pop()!;
      changes.list.push({ path: ['code'], kind });
      changes.map('codeFiles', oldOutputs.codeFiles ?? oldInputs.codeFiles, inputs.codeFiles);
    }
  }
  changes.value('main', oldInputs.main, inputs.main);
  changes.value('image', oldInputs.image, inputs.image);
  changes.map('parameters', oldInputs.parameters, inputs.parameters);
  changes.map('initParameters', oldInputs.initParameters, inputs.initParameters);
  changes.map('annotations', oldInputs.annotations, inputs.annotations);
  changes.map('limits', oldInputs.limits, inputs.limits, { fallbacks: DEFAULT_ACTION_LIMITS });
  changes.value('web', oldInputs.web, inputs.web, { fallback: false });
  changes.value('webSecure', oldInputs.webSecure, inputs.webSecure, { fallback: false });
  if (isFinal(oldInputs) !== isFinal(inputs))
    changes.value('finalParameters', oldInputs.finalParameters, inputs.finalParameters, { fallback: false });
  changes.value('publish', oldInputs.publish, inputs.publish, { fallback: false });
  return changes.list;
}

/** A web export makes parameters final by itself; unknown while either input is. */
function isFinal(inputs: ValueMap): Value {
  const [web, final] = [reveal(inputs.web), reveal(inputs.finalParameters)];
  if (web === true || web === 'raw' || final === true) return true;
  return web instanceof Unknown || final instanceof Unknown ? new Unknown() : false;
}
