import type { WirePathName, WireRule } from '../openwhisk/entities';
import type { EntityAddress } from '../openwhisk/openWhiskClient';
import { Changes } from './changes';
import { addressOf, predictedNames, predictedNamespace } from './entityAddress';
import { formatFullName, formatId, parseEntityId } from './entityId';
import { sameValue } from './equality';
import { PartialFailureError } from './errors';
import { checkNames, checkShape, requiredText, text, withoutNulls } from './inputCheck';
import { defined, keepMap, keepValue } from './keepUnchanged';
import { checkKeyValues } from './keyValues';
import { annotationsFromWire, annotationsToWire, createEntity, withoutOwner } from './ownership';
import { checkReference, keepReference, referencedId, sameReference } from './references';
import type { CheckFailure, OperationContext, ResourceModel } from './resourceModel';
import { reveal, type Value, type ValueMap } from './values';
import { predictedVersion } from './version';

const TYPE = 'openwhisk:index:Rule';
const PROPERTIES = {
  name: 'string',
  namespace: 'string',
  trigger: 'string',
  action: 'string',
  status: 'string',
  annotations: 'map',
} as const;
type Status = 'active' | 'inactive';
const ACTIVE: Status = 'active';

/** A rule: whenever its trigger fires, its action runs. Its status is kept by updates and changed on its own. */
export const ruleModel: ResourceModel = {
  secretOutputs: [],
  identity: ['name', 'namespace'],

  async check(request, context) {
    const inputs = withoutNulls(request.inputs);
    if (inputs.annotations !== undefined) inputs.annotations = withoutOwner(inputs.annotations)!;
    const failures = [
      ...checkShape(inputs, PROPERTIES),
      ...checkNames(inputs, request, context),
      ...checkKeyValues('annotations', inputs.annotations),
      ...checkTarget('trigger', inputs),
      ...checkTarget('action', inputs),
    ];
    const status = text(inputs.status);
    if (status !== undefined && status !== 'active' && status !== 'inactive') {
      failures.push({ path: ['status'], reason: `"${status}" is not a status of a rule: use "active" or "inactive"` });
    }
    return { inputs, failures };
  },

  async diff({ id, oldInputs, oldOutputs, inputs, ignored }) {
    const { namespace } = parseEntityId('rule', id);
    const changes = new Changes(ignored);
    changes.value('name', oldInputs.name, inputs.name, { replace: true });
    changes.value('namespace', oldInputs.namespace, inputs.namespace, { replace: true });
    if (!sameReference('trigger', oldInputs.trigger, inputs.trigger, namespace))
      changes.value('trigger', oldInputs.trigger, inputs.trigger);
    if (!sameReference('action', oldInputs.action, inputs.action, namespace)) changes.value('action', oldInputs.action, inputs.action);
    // The outputs say what was reached: a status that could not be set is still to be set.
    if (!sameValue(oldOutputs.status ?? oldInputs.status ?? ACTIVE, inputs.status ?? ACTIVE)) {
      const reached = sameValue(oldInputs.status ?? null, inputs.status ?? null) ? oldOutputs.status : oldInputs.status;
      changes.value('status', reached, inputs.status);
    }
    changes.map('annotations', oldInputs.annotations, inputs.annotations);
    return { changes: changes.list };
  },

  async predict(inputs, old, context) {
    const namespace = predictedNamespace(inputs, old);
    const { id, fqn } = predictedNames([namespace, inputs.name]);
    const outputs: ValueMap = { ...inputs, namespace, fqn, status: inputs.status ?? ACTIVE };
    if (old === undefined) return { id, outputs: { ...outputs, version: predictedVersion(undefined) } };
    const { changes } = await ruleModel.diff(
      { id: old.id, oldInputs: old.inputs, oldOutputs: old.outputs, inputs, ignored: new Set() },
      context,
    );
    // Changing only the status leaves the version alone.
    const written = changes.some((change) => change.path[0] !== 'status');
    return { id: old.id, outputs: { ...outputs, version: written ? predictedVersion(old.outputs.version) : old.outputs.version! } };
  },

  async create(inputs, context) {
    const address = await addressOf(inputs, context);
    const body = {
      trigger: targetPath('trigger', inputs, address.namespace),
      action: targetPath('action', inputs, address.namespace),
      annotations: annotationsToWire(inputs.annotations, context),
    };
    const { entity, resumed } = await createEntity('rules', address, body, TYPE, context);
    const outputs = outputsOf(entity, address, inputs);
    // The platform creates every rule active.
    await applyStatus(address, resumed ? outputs.status : ACTIVE, inputs, outputs, context);
    return { id: formatId(address), outputs: { ...outputs, status: inputs.status ?? ACTIVE } };
  },

  async read({ id, oldInputs }, context) {
    const address = parseEntityId('rule', id);
    const entity = await context.openwhisk().get('rules', address, context);
    if (entity === undefined) return undefined;
    const inputs = defined({
      name: address.name,
      namespace: oldInputs !== undefined && oldInputs.namespace === undefined ? undefined : address.namespace,
      trigger: keepTarget('trigger', oldInputs?.trigger, entity.trigger, address.namespace),
      action: keepTarget('action', oldInputs?.action, entity.action, address.namespace),
      status: keepValue(oldInputs?.status, entity.status, ACTIVE),
      annotations: keepMap(oldInputs?.annotations, annotationsFromWire(entity.annotations)),
    });
    return { id: formatId(address), inputs, outputs: outputsOf(entity, address, inputs) };
  },

  async update(request, context) {
    const { inputs } = request;
    const { changes } = await ruleModel.diff(request, context);
    const changed = new Set(changes.map((change) => change.path[0]));
    const address = parseEntityId('rule', request.id);
    const client = context.openwhisk();
    let outputs: ValueMap = { ...inputs, namespace: address.namespace, fqn: formatFullName(address), version: request.oldOutputs.version! };
    if (changed.has('trigger') || changed.has('action') || changed.has('annotations')) {
      const body = {
        trigger: targetPath('trigger', inputs, address.namespace),
        action: targetPath('action', inputs, address.namespace),
        ...(changed.has('annotations') ? { annotations: annotationsToWire(inputs.annotations, context) } : {}),
      };
      outputs = outputsOf(await client.update('rules', address, body, context), address, inputs);
    }
    if (changed.has('status')) await applyStatus(address, request.oldOutputs.status, inputs, outputs, context);
    return { ...outputs, status: inputs.status ?? ACTIVE };
  },

  async delete(id, _outputs, _inputs, context) {
    await context.openwhisk().delete('rules', parseEntityId('rule', id), context);
  },
};

/** Sets the wanted status unless the rule is known to have it. A failure leaves a rule behind that must not be forgotten. */
async function applyStatus(
  address: EntityAddress,
  current: Value | undefined,
  inputs: ValueMap,
  outputs: ValueMap,
  context: OperationContext,
): Promise<void> {
  const wanted = (text(inputs.status) ?? ACTIVE) as Status;
  if (wanted === reveal(current)) return;
  try {
    await context.openwhisk().setRuleStatus(address, wanted, context);
  } catch (error) {
    const reason = `The rule was written, but could not be made ${wanted}: ${(error as Error).message}`;
    throw new PartialFailureError(formatId(address), { ...outputs, status: current ?? ACTIVE }, reason, { cause: error });
  }
}

function checkTarget(property: 'trigger' | 'action', inputs: ValueMap): CheckFailure[] {
  if (inputs[property] === undefined) return [{ path: [property], reason: `is required: name the ${property} of the rule` }];
  return checkReference(property, [property], inputs[property]);
}

function targetPath(property: 'trigger' | 'action', inputs: ValueMap, namespace: string): string {
  return `/${referencedId(property, requiredText(inputs, property), namespace)}`;
}

function keepTarget(
  property: 'trigger' | 'action',
  old: Value | undefined,
  live: WirePathName | null,
  namespace: string,
): Value | undefined {
  // A rule whose trigger or action was taken away reads without one.
  if (live === null || live === undefined) return undefined;
  return keepReference(property, old, `${live.path}/${live.name}`, namespace);
}

function outputsOf(entity: WireRule, address: EntityAddress, inputs: ValueMap): ValueMap {
  return {
    ...inputs,
    namespace: address.namespace,
    fqn: formatFullName(address),
    version: entity.version,
    status: entity.status ?? inputs.status ?? ACTIVE,
  };
}
