import { addressOf } from '../resources/entityAddress';
import { formatFullName } from '../resources/entityId';
import { defined } from '../resources/keepUnchanged';
import { fromWire } from '../resources/keyValues';
import { reveal, Secret } from '../resources/values';
import type { FunctionModel } from './functionModel';
import { NotFoundError } from './notFound';

/** Reads a package or a binding, with the names of what is in it. */
export const getPackage: FunctionModel = {
  arguments: { name: 'string', namespace: 'string', withParameters: 'boolean' },
  required: ['name'],
  answer: ['name', 'namespace', 'fqn', 'parameters', 'annotations', 'binding', 'actions', 'feeds', 'publish', 'version'],

  async call(args, context) {
    const client = context.openwhisk();
    const address = await addressOf(args, context);
    const entity = await client.get('packages', address, context);
    if (entity === undefined) throw new NotFoundError(`There is no package "${formatFullName(address)}" on ${client.apiHost}.`);
    const bound = entity.binding && entity.binding.name !== undefined ? entity.binding : undefined;
    return defined({
      name: address.name,
      namespace: address.namespace,
      fqn: formatFullName(address),
      parameters: reveal(args.withParameters) === true ? new Secret(fromWire(entity.parameters)) : undefined,
      annotations: fromWire(entity.annotations),
      binding: bound === undefined ? undefined : `/${bound.namespace ?? address.namespace}/${bound.name}`,
      actions: (entity.actions ?? []).map(({ name }) => name),
      feeds: (entity.feeds ?? []).map(({ name }) => name),
      publish: entity.publish,
      version: entity.version,
    });
  },
};
