import { Changes } from '../resources/changes';
import { checkShape, type InputSort, text, withoutNulls } from '../resources/inputCheck';
import type { OperationContext, ResourceModel } from '../resources/resourceModel';
import type { ValueMap } from '../resources/values';

/** How a target proves its platforms. */
export interface ProofKind {
  /** The inputs there are; `platform` among them is what the proof is of. */
  properties: Readonly<Record<string, InputSort>>;
  secrets: readonly string[];
  /** Inputs with another of which it has to be proved anew. */
  provedAgain: readonly string[];
  /** @throws PlatformBroken */
  prove(inputs: ValueMap, context: OperationContext): Promise<void>;
}

/** That a platform works as a whole: made when it has been proved, and proved again when a part of it changed. Nothing is left of it. */
export function proofModel({ properties, secrets, provedAgain, prove }: ProofKind): ResourceModel {
  return {
    secretOutputs: secrets,
    identity: [],

    async check(request) {
      const inputs: ValueMap = withoutNulls(request.inputs);
      return { inputs, failures: checkShape(inputs, properties) };
    },

    async diff({ oldInputs, inputs, ignored }) {
      const changes = new Changes(ignored);
      for (const property of provedAgain) changes.value(property, oldInputs[property], inputs[property]);
      return { changes: changes.list };
    },

    async predict(inputs, old) {
      return { id: old?.id ?? '', outputs: { ...inputs } };
    },

    async create(inputs, context) {
      await prove(inputs, context);
      return { id: text(inputs.platform)!, outputs: { ...inputs } };
    },

    async read({ id, oldInputs, oldOutputs }) {
      if (oldInputs === undefined || oldOutputs === undefined) throw new Error('The proof that a platform works cannot be imported.');
      return { id, inputs: oldInputs, outputs: oldOutputs };
    },

    async update({ inputs }, context) {
      await prove(inputs, context);
      return { ...inputs };
    },

    async delete() {
      // Nothing of it is left when it has run.
    },
  };
}
