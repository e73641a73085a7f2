import { randomUUID } from 'node:crypto';
import { Changes } from '../resources/changes';
import { checkShape, withoutNulls } from '../resources/inputCheck';
import type { ResourceModel } from '../resources/resourceModel';
import { reveal, type ValueMap } from '../resources/values';

const PROPERTIES = { volumes: 'list', retained: 'boolean', allowDataLoss: 'boolean' } as const;

/**
 * The volumes of a platform whose content nobody else has: an update that would do without one of them is refused, already in its preview, unless it says that this is
 * meant. The removal of the whole platform is not an update.
 */
export const dataVolumesModel: ResourceModel = {
  secretOutputs: [],
  identity: [],

  async check({ inputs: given, oldInputs }) {
    const inputs: ValueMap = withoutNulls(given);
    const failures = checkShape(inputs, PROPERTIES);
    const kept = new Set(namesOf(inputs));
    // those that were retained stay where they are
    const lost = reveal(oldInputs?.retained) === true ? [] : namesOf(oldInputs ?? {}).filter((name) => !kept.has(name));
    if (failures.length === 0 && lost.length > 0 && reveal(inputs.allowDataLoss) !== true) {
      const [volume, it] = lost.length === 1 ? ['volume', 'it'] : ['volumes', 'them'];
      const reason = `the ${volume} ${lost.join(' and ')} would be removed with all that is in ${it}: save what you need and set allowDataLoss for this update, or leave ${it} the service it belongs to`;
      failures.push({ path: ['volumes'], reason });
    }
    return { inputs, failures };
  },

  async diff({ oldInputs, inputs, ignored }) {
    const changes = new Changes(ignored);
    for (const property of Object.keys(PROPERTIES)) changes.value(property, oldInputs[property], inputs[property]);
    return { changes: changes.list };
  },

  async predict(inputs, old) {
    return { id: old?.id ?? '', outputs: { ...inputs } };
  },

  async create(inputs) {
    return { id: randomUUID(), outputs: { ...inputs } };
  },

  async read({ id, oldInputs, oldOutputs }) {
    if (oldInputs === undefined || oldOutputs === undefined)
      throw new Error('The list of data volumes belongs to its platform and cannot be imported.');
    return { id, inputs: oldInputs, outputs: oldOutputs };
  },

  async update({ inputs }) {
    return { ...inputs };
  },

  async delete() {
    // The volumes are resources of their own.
  },
};

function namesOf(inputs: ValueMap): string[] {
  const volumes = reveal(inputs.volumes);
  return Array.isArray(volumes) ? volumes.filter((name): name is string => typeof name === 'string') : [];
}
