import type { Collection } from '../openwhisk/entities';
import { text } from '../resources/inputCheck';
import { defined } from '../resources/keepUnchanged';
import type { Value } from '../resources/values';
import type { FunctionModel } from './functionModel';

/** The rates a namespace has, by their names on the wire (rest-api.md, "Limits of a namespace"). */
const RATES = ['invocationsPerMinute', 'concurrentInvocations', 'firesPerMinute'];

/** Tells what is in a namespace, and the rates of the key's own. */
export const getNamespace: FunctionModel = {
  arguments: { namespace: 'string' },
  required: [],
  answer: ['name', 'actions', 'packages', 'triggers', 'rules', ...RATES],

  async call(args, context) {
    const client = context.openwhisk();
    const own = await client.namespace(context);
    const name = text(args.namespace) ?? context.defaultNamespace ?? own;
    // Of another namespace only its packages may be listed.
    const names = async (collection: Collection): Promise<string[]> => {
      if (name !== own && collection !== 'packages') return [];
      return (await client.list(collection, name, context)).map((entity) => `/${entity.namespace}/${entity.name}`).sort();
    };
    const [actions, packages, triggers, rules] = await Promise.all([
      names('actions'),
      names('packages'),
      names('triggers'),
      names('rules'),
    ]);
    // Older hosts do not tell their limits.
    const limits = name === own ? await client.namespaceLimits(context).catch(() => ({})) : {};
    const rates = RATES.map((rate) => [rate, (limits as Record<string, Value>)[rate]] as const);
    return defined({ name, actions, packages, triggers, rules, ...Object.fromEntries(rates) });
  },
};
