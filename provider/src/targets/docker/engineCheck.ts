import { randomUUID } from 'node:crypto';
import { Changes } from '../../resources/changes';
import { sameValue } from '../../resources/equality';
import { checkShape, withoutNulls } from '../../resources/inputCheck';
import type { ResourceModel } from '../../resources/resourceModel';
import type { ValueMap } from '../../resources/values';
import { DockerEngine } from './dockerEngine';
import { ENGINE_PROPERTIES, ENGINE_SECRETS, engineSettingsOf } from './engineSettings';

const PROPERTIES = { ...ENGINE_PROPERTIES, images: 'list' } as const;
/** MB of the engine's disk below which images of the platform's own parts, or the first data, do not fit. */
const ROOM = 256;

/**
 * That the engine is there and has room: all that is put on it depends on this, so what is wrong with it is told once. Looked at again
 * when it is entered in another way, and its room before there are other images.
 */
export const engineCheckModel: ResourceModel = {
  secretOutputs: ENGINE_SECRETS,
  identity: [],

  async check(request) {
    const inputs: ValueMap = withoutNulls(request.inputs);
    return { inputs, failures: checkShape(inputs, PROPERTIES) };
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
    await checkEngine(inputs, true);
    return { id: randomUUID(), outputs: { ...inputs } };
  },

  async read({ id, oldInputs, oldOutputs }) {
    if (oldInputs === undefined || oldOutputs === undefined) throw new Error('The check of an engine is not a thing that can be imported.');
    return { id, inputs: oldInputs, outputs: oldOutputs };
  },

  async update({ inputs, oldInputs }) {
    await checkEngine(inputs, !sameValue(inputs.images ?? [], oldInputs.images ?? []));
    return { ...inputs };
  },

  async delete() {
    // Nothing of it is on the engine.
  },
};

async function checkEngine(inputs: ValueMap, room: boolean): Promise<void> {
  const engine = new DockerEngine(engineSettingsOf(inputs));
  try {
    await engine.check();
    if (room) await engine.checkRoom(ROOM);
  } finally {
    engine.close();
  }
}
