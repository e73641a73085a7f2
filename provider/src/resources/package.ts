import type { WirePackage } from '../openwhisk/entities';
import { Changes } from './changes';
import { addressOf, predictedNames, predictedNamespace } from './entityAddress';
import { formatFullName, formatId, parseEntityId } from './entityId';
import { EntityMismatchError } from './errors';
import { checkNames, checkShape, withoutNulls } from './inputCheck';
import { defined, keepMap, keepValue } from './keepUnchanged';
import { checkKeyValues, fromWire, toWire } from './keyValues';
import { annotationsFromWire, annotationsToWire, createEntity, withoutOwner } from './ownership';
import type { ResourceModel } from './resourceModel';
import { reveal, type ValueMap } from './values';
import { predictedVersion } from './version';

const TYPE = 'openwhisk:index:Package';
const PROPERTIES = { name: 'string', namespace: 'string', parameters: 'map', annotations: 'map', publish: 'boolean' } as const;

/** A package: a folder of actions that share parameters. Parameters and annotations are replaced as a whole by every update. */
export const packageModel: ResourceModel = {
  secretOutputs: [],
  identity: ['name', 'namespace'],

  async check(request, context) {
    const inputs = withoutNulls(request.inputs);
    if (inputs.annotations !== undefined) inputs.annotations = withoutOwner(inputs.annotations)!;
    const failures = [
      ...checkShape(inputs, PROPERTIES),
      ...checkNames(inputs, request, context),
      ...checkKeyValues('parameters', inputs.parameters),
      ...checkKeyValues('annotations', inputs.annotations),
    ];
    if (inputs.name === 'default') failures.push({ path: ['name'], reason: '"default" is reserved for actions outside of packages' });
    return { inputs, failures };
  },

  async diff({ oldInputs, inputs, ignored }) {
    const changes = new Changes(ignored);
    changes.value('name', oldInputs.name, inputs.name, { replace: true });
    changes.value('namespace', oldInputs.namespace, inputs.namespace, { replace: true });
    changes.map('parameters', oldInputs.parameters, inputs.parameters);
    changes.map('annotations', oldInputs.annotations, inputs.annotations);
    changes.value('publish', oldInputs.publish, inputs.publish, { fallback: false });
    return { changes: changes.list };
  },

  async predict(inputs, old) {
    const namespace = predictedNamespace(inputs, old);
    const { id, fqn } = predictedNames([namespace, inputs.name]);
    return { id: old?.id ?? id, outputs: { ...inputs, namespace, fqn, version: predictedVersion(old?.outputs.version) } };
  },

  async create(inputs, context) {
    const address = await addressOf(inputs, context);
    const body = {
      parameters: toWire(inputs.parameters),
      annotations: annotationsToWire(inputs.annotations, context),
      publish: reveal(inputs.publish) === true,
    };
    const { entity } = await createEntity('packages', address, body, TYPE, context);
    return { id: formatId(address), outputs: outputsOf(entity, address, inputs) };
  },

  async read({ id, oldInputs }, context) {
    const address = parseEntityId('package', id);
    const entity = await context.openwhisk().get('packages', address, context);
    if (entity === undefined) return undefined;
    if (entity.binding && entity.binding.name !== undefined) {
      throw new EntityMismatchError(`"${id}" is a package binding, not a package of its own.`);
    }
    const inputs = defined({
      name: address.name,
      namespace: oldInputs !== undefined && oldInputs.namespace === undefined ? undefined : address.namespace,
      parameters: keepMap(oldInputs?.parameters, fromWire(entity.parameters)),
      annotations: keepMap(oldInputs?.annotations, annotationsFromWire(entity.annotations)),
      publish: keepValue(oldInputs?.publish, entity.publish, false),
    });
    return { id: formatId(address), inputs, outputs: outputsOf(entity, address, inputs) };
  },

  async update(request, context) {
    const { changes } = await packageModel.diff(request, context);
    const changed = new Set(changes.map((change) => change.path[0]));
    const address = parseEntityId('package', request.id);
    const { inputs } = request;
    const entity = await context.openwhisk().update(
      'packages',
      address,
      {
        ...(changed.has('parameters') ? { parameters: toWire(inputs.parameters) } : {}),
        ...(changed.has('annotations') ? { annotations: annotationsToWire(inputs.annotations, context) } : {}),
        ...(changed.has('publish') ? { publish: reveal(inputs.publish) === true } : {}),
      },
      context,
    );
    return outputsOf(entity, address, inputs);
  },

  async delete(id, _outputs, _inputs, context) {
    await context.openwhisk().delete('packages', parseEntityId('package', id), context);
  },
};

function outputsOf(entity: WirePackage, address: { namespace: string; name: string }, inputs: ValueMap): ValueMap {
  return { ...inputs, namespace: address.namespace, fqn: formatFullName(address), version: entity.version };
}
