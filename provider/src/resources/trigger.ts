import type { WireTrigger } from '../openwhisk/entities';
import { Changes } from './changes';
import { addressOf, alreadyExists, explainConflict, predictedNames, predictedNamespace } from './entityAddress';
import { formatFullName, formatId, parseEntityId } from './entityId';
import { checkNames, checkShape, withoutNulls } from './inputCheck';
import { defined, keepMap } from './keepUnchanged';
import { checkKeyValues, fromWire, toWire } from './keyValues';
import type { ResourceModel } from './resourceModel';
import type { ValueMap } from './values';
import { predictedVersion } from './version';

const TYPE = 'openwhisk:index:Trigger';
const PROPERTIES = { name: 'string', namespace: 'string', parameters: 'map', annotations: 'map' } as const;

/** A trigger: a named event that rules connect to actions. */
export const triggerModel: ResourceModel = {
  secretOutputs: [],
  identity: ['name', 'namespace'],

  async check(request, context) {
    const inputs = withoutNulls(request.inputs);
    const failures = [
      ...checkShape(inputs, PROPERTIES),
      ...checkNames(inputs, request, context),
      ...checkKeyValues('parameters', inputs.parameters),
      ...checkKeyValues('annotations', inputs.annotations),
    ];
    return { inputs, failures };
  },

  async diff({ oldInputs, inputs, ignored }) {
    const changes = new Changes(ignored);
    changes.value('name', oldInputs.name, inputs.name, { replace: true });
    changes.value('namespace', oldInputs.namespace, inputs.namespace, { replace: true });
    changes.map('parameters', oldInputs.parameters, inputs.parameters);
    changes.map('annotations', oldInputs.annotations, inputs.annotations);
    return { changes: changes.list };
  },

  async predict(inputs, old) {
    const namespace = predictedNamespace(inputs, old);
    const { id, fqn } = predictedNames([namespace, inputs.name]);
    return { id: old?.id ?? id, outputs: { ...inputs, namespace, fqn, version: predictedVersion(old?.outputs.version) } };
  },

  async create(inputs, context) {
    const address = await addressOf(inputs, context);
    const body = { parameters: toWire(inputs.parameters), annotations: toWire(inputs.annotations) };
    const { entity, uncertain } = await context
      .openwhisk()
      .create('triggers', address, body, context)
      .catch((error) => explainConflict(error, TYPE, context.logicalName, address));
    if (uncertain && entity.version !== '0.0.1') throw alreadyExists(TYPE, context.logicalName, formatId(address));
    return { id: formatId(address), outputs: outputsOf(entity, address, inputs) };
  },

  async read({ id, oldInputs }, context) {
    const address = parseEntityId('trigger', id);
    const entity = await context.openwhisk().get('triggers', address, context);
    if (entity === undefined) return undefined;
    const inputs = defined({
      name: address.name,
      namespace: oldInputs !== undefined && oldInputs.namespace === undefined ? undefined : address.namespace,
      parameters: keepMap(oldInputs?.parameters, fromWire(entity.parameters)),
      annotations: keepMap(oldInputs?.annotations, fromWire(entity.annotations)),
    });
    return { id: formatId(address), inputs, outputs: outputsOf(entity, address, inputs) };
  },

  async update(request, context) {
    const { changes } = await triggerModel.diff(request, context);
    const changed = new Set(changes.map((change) => change.path[0]));
    const address = parseEntityId('trigger', request.id);
    const { inputs } = request;
    const entity = await context.openwhisk().update(
      'triggers',
      address,
      {
        ...(changed.has('parameters') ? { parameters: toWire(inputs.parameters) } : {}),
        ...(changed.has('annotations') ? { annotations: toWire(inputs.annotations) } : {}),
      },
      context,
    );
    return outputsOf(entity, address, inputs);
  },

  async delete(id, _outputs, _inputs, context) {
    await context.openwhisk().delete('triggers', parseEntityId('trigger', id), context);
  },
};

function outputsOf(entity: WireTrigger, address: { namespace: string; name: string }, inputs: ValueMap): ValueMap {
  return { ...inputs, namespace: address.namespace, fqn: formatFullName(address), version: entity.version };
}
