import type { EntityPut, WirePackage } from '../openwhisk/entities';
import { ApiError } from '../openwhisk/errors';
import { Changes } from './changes';
import { addressOf, predictedNames, predictedNamespace } from './entityAddress';
import { formatFullName, formatId, parseEntityId } from './entityId';
import { EntityMismatchError } from './errors';
import { checkNames, checkShape, requiredText, withoutNulls } from './inputCheck';
import { defined, keepMap } from './keepUnchanged';
import { checkKeyValues, fromWire, toWire, withoutInherited } from './keyValues';
import { annotationsFromWire, annotationsToWire, createEntity, withoutOwner } from './ownership';
import { checkReference, keepReference, referencedId, sameReference } from './references';
import type { OperationContext, ResourceModel } from './resourceModel';
import { isValueMap, reveal, type ValueMap } from './values';
import { predictedVersion } from './version';

const TYPE = 'openwhisk:index:PackageBinding';
const PROPERTIES = { name: 'string', namespace: 'string', package: 'string', parameters: 'map', annotations: 'map' } as const;

/** A package of another name or namespace under a name of its own, with parameters that win over the package's. */
export const packageBindingModel: ResourceModel = {
  secretOutputs: [],
  identity: ['name', 'namespace'],

  async check(request, context) {
    const inputs = withoutNulls(request.inputs);
    if (inputs.annotations !== undefined) inputs.annotations = withoutOwner(inputs.annotations)!;
    const { package: target, ...own } = inputs;
    const failures = [
      ...checkShape(inputs, PROPERTIES),
      ...checkNames(own, request, context),
      ...checkKeyValues('parameters', inputs.parameters),
      ...checkKeyValues('annotations', inputs.annotations),
      ...checkReference('package', ['package'], target),
    ];
    if (target === undefined) failures.push({ path: ['package'], reason: 'is required: name the package that is bound' });
    if (own.name === 'default') failures.push({ path: ['name'], reason: '"default" is reserved for actions outside of packages' });
    const annotations = reveal(inputs.annotations);
    if (isValueMap(annotations) && Object.hasOwn(annotations, 'binding'))
      failures.push({ path: ['annotations', 'binding'], reason: 'is written by the platform' });
    return { inputs: target === undefined ? own : { ...own, package: target }, failures };
  },

  async diff({ id, oldInputs, inputs, ignored }) {
    const { namespace } = parseEntityId('package', id);
    const changes = new Changes(ignored);
    changes.value('name', oldInputs.name, inputs.name, { replace: true });
    changes.value('namespace', oldInputs.namespace, inputs.namespace, { replace: true });
    if (!sameReference('package', oldInputs.package, inputs.package, namespace)) {
      changes.value('package', oldInputs.package, inputs.package);
    }
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
    const address = await addressOf(withoutPackage(inputs), context);
    const body: EntityPut = {
      binding: bindingOf(inputs, address.namespace),
      parameters: toWire(inputs.parameters),
      annotations: annotationsToWire(inputs.annotations, context),
    };
    const { entity } = await createEntity('packages', address, body, TYPE, context);
    return { id: formatId(address), outputs: outputsOf(entity, address, inputs) };
  },

  async read({ id, oldInputs, oldOutputs }, context) {
    const address = parseEntityId('package', id);
    const client = context.openwhisk();
    const entity = await client.get('packages', address, context).catch((error) => {
      // Its package became private: the binding is there all the same.
      if (error instanceof ApiError && error.status === 403) return undefined;
      throw error;
    });
    if (entity === undefined) {
      // A binding whose package is gone is answered as if it were gone itself, and still takes up its name.
      if (oldInputs === undefined || !(await isListed(address, context))) return undefined;
      context.log('warning', `The package behind the binding "${id}" is gone or private; the binding itself is still there.`);
      return { id, inputs: oldInputs, outputs: oldOutputs ?? {} };
    }
    const bound = entity.binding && entity.binding.name !== undefined ? entity.binding : undefined;
    if (bound === undefined) throw new EntityMismatchError(`"${id}" is a package of its own, not a package binding.`);
    const provider = { namespace: bound.namespace ?? address.namespace, name: bound.name! };
    const inherited = await client.get('packages', provider, context).catch(() => undefined);
    const { binding: _written, ...annotations } = annotationsFromWire(entity.annotations);
    const parameters = withoutInherited(fromWire(entity.parameters), fromWire(inherited?.parameters ?? []), oldInputs?.parameters);
    const inputs = defined({
      name: address.name,
      namespace: oldInputs !== undefined && oldInputs.namespace === undefined ? undefined : address.namespace,
      package: keepReference('package', oldInputs?.package, formatId(provider), address.namespace),
      parameters: keepMap(oldInputs?.parameters, parameters),
      annotations: keepMap(oldInputs?.annotations, annotations),
    });
    return { id: formatId(address), inputs, outputs: outputsOf(entity, address, inputs) };
  },

  async update(request, context) {
    const { changes } = await packageBindingModel.diff(request, context);
    const changed = new Set(changes.map((change) => change.path[0]));
    const address = parseEntityId('package', request.id);
    const { inputs } = request;
    const body: EntityPut = {
      ...(changed.has('package') ? { binding: bindingOf(inputs, address.namespace) } : {}),
      ...(changed.has('parameters') ? { parameters: toWire(inputs.parameters) } : {}),
      ...(changed.has('annotations') ? { annotations: annotationsToWire(inputs.annotations, context) } : {}),
    };
    return outputsOf(await context.openwhisk().update('packages', address, body, context), address, inputs);
  },

  async delete(id, _outputs, _inputs, context) {
    await context.openwhisk().delete('packages', parseEntityId('package', id), context);
  },
};

/** `package` is what is bound, not where the binding is. */
function withoutPackage({ package: _target, ...rest }: ValueMap): ValueMap {
  return rest;
}

function bindingOf(inputs: ValueMap, namespace: string): { namespace: string; name: string } {
  return parseEntityId('package', referencedId('package', requiredText(inputs, 'package'), namespace));
}

async function isListed(address: { namespace: string; name: string }, context: OperationContext): Promise<boolean> {
  const packages = await context.openwhisk().list('packages', address.namespace, context);
  return packages.some(({ name, binding }) => name === address.name && binding !== false && binding.name !== undefined);
}

function outputsOf(entity: WirePackage, address: { namespace: string; name: string }, inputs: ValueMap): ValueMap {
  return { ...inputs, namespace: address.namespace, fqn: formatFullName(address), version: entity.version };
}
