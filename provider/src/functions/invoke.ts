import type { WireJson } from '../openwhisk/entities';
import { ApiError } from '../openwhisk/errors';
import { actionAddressOf } from '../resources/entityAddress';
import { requiredText } from '../resources/inputCheck';
import { defined } from '../resources/keepUnchanged';
import { checkKeyValues } from '../resources/keyValues';
import { checkReference, referencedId } from '../resources/references';
import { reveal, revealDeep, secretIf, type Value } from '../resources/values';
import type { FunctionModel } from './functionModel';

/** Invokes an action. What is secret among the arguments makes the result secret. */
export const invoke: FunctionModel = {
  arguments: { action: 'string', parameters: 'map', wait: 'boolean' },
  required: ['action'],
  answer: ['activationId', 'result', 'duration'],

  check(args) {
    return [...checkReference('action', ['action'], args.action), ...checkKeyValues('parameters', args.parameters)];
  },

  async call(args, context) {
    const client = context.openwhisk();
    const action = requiredText(args, 'action');
    // Only a name that leaves the namespace out needs the key's own.
    const namespace = /^\/[^_]/.test(action) ? '_' : (context.defaultNamespace ?? (await client.namespace(context)));
    const address = actionAddressOf(referencedId('action', action, namespace));
    const parameters = (revealDeep(args.parameters ?? {}) ?? {}) as WireJson;
    if (reveal(args.wait) === false) {
      const { activationId } = await client.invoke(address, parameters, false, context);
      return { activationId };
    }
    const record = await client.invokeAndWait(address, parameters, context).catch((error) => {
      if (!(error instanceof ApiError) || error.status !== 502) throw error;
      const id = error.details.activationId;
      throw new Error(`The action "${action}" failed: ${error.message}${id === undefined ? '' : ` (activation ${id})`}`);
    });
    const result = (record.response.result ?? {}) as Value;
    return defined({ activationId: record.activationId, result: secretIf(args.parameters, result), duration: record.duration });
  },
};
