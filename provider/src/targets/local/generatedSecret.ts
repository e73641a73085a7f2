import { randomBytes, randomUUID } from 'node:crypto';
import type { ResourceModel } from '../../resources/resourceModel';
import { Secret, UNKNOWN } from '../../resources/values';

/** 256 bits: as strong as the keys it stands beside. */
const BYTES = 32;

/** A random value that is made once, lives in the (encrypted) state alone, and stays the same until the resource is replaced. */
export const generatedSecretModel: ResourceModel = {
  secretOutputs: ['value'],
  identity: [],

  async check(request) {
    return { inputs: request.inputs, failures: [] };
  },

  async diff() {
    return { changes: [] };
  },

  async predict(inputs, old) {
    return { id: old?.id ?? '', outputs: { ...inputs, value: old?.outputs.value ?? new Secret(UNKNOWN) } };
  },

  async create(inputs) {
    return { id: randomUUID(), outputs: { ...inputs, value: new Secret(randomBytes(BYTES).toString('base64url')) } };
  },

  async read({ id, oldInputs, oldOutputs }) {
    if (oldInputs === undefined || oldOutputs === undefined)
      throw new Error('A generated secret lives in the state alone and cannot be imported.');
    return { id, inputs: oldInputs, outputs: oldOutputs };
  },

  async update({ inputs, oldOutputs }) {
    return { ...oldOutputs, ...inputs };
  },

  async delete() {
    // There is nothing outside of the state.
  },
};
