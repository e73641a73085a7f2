import type { WireActivation } from '../openwhisk/entities';
import type { ActivationQuery } from '../openwhisk/openWhiskClient';
import { defined } from '../resources/keepUnchanged';
import { fromWire } from '../resources/keyValues';
import type { CheckFailure } from '../resources/resourceModel';
import { reveal, revealDeep, Unknown, type ValueMap } from '../resources/values';
import type { FunctionModel } from './functionModel';

/** The largest page of the API. */
const MAX_LIMIT = 200;

/** Lists activations, newest first, without their results and logs. */
export const getActivations: FunctionModel = {
  arguments: { name: 'string', limit: 'number', skip: 'number', since: 'number', upto: 'number' },
  required: [],
  answer: ['activations'],

  check(args) {
    const failures: CheckFailure[] = [];
    for (const property of ['limit', 'skip', 'since', 'upto']) {
      const value = reveal(args[property]);
      if (value === undefined || value instanceof Unknown) continue;
      const most = property === 'limit' ? MAX_LIMIT : Number.MAX_SAFE_INTEGER;
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) continue;
      failures.push({ path: [property], reason: `must be a whole number${property === 'limit' ? ` up to ${MAX_LIMIT}` : ', at least 0'}` });
    }
    return failures;
  },

  async call(args, context) {
    const activations = await context.openwhisk().activations('_', revealDeep(args) as ActivationQuery, context);
    return { activations: activations.map(summaryOf) };
  },
};

function summaryOf(activation: WireActivation): ValueMap {
  const { activationId, name, version, start, end, duration, statusCode } = activation;
  const { kind } = fromWire(activation.annotations ?? []);
  return defined({ activationId, name, version, kind, start, end, duration, statusCode: statusCode ?? 0 });
}
