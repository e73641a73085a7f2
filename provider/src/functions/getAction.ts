import { webUrl } from '../resources/actionWire';
import { addressOf } from '../resources/entityAddress';
import { formatFullName } from '../resources/entityId';
import { defined } from '../resources/keepUnchanged';
import { fromWire } from '../resources/keyValues';
import { reveal, Secret, type Value } from '../resources/values';
import { readManagedAnnotations } from '../resources/webExport';
import type { FunctionModel } from './functionModel';
import { NotFoundError } from './notFound';

/** Reads an action or a sequence, without its code. Parameters are secret, whoever set them may have meant them so, and read only when asked for. */
export const getAction: FunctionModel = {
  arguments: { name: 'string', package: 'string', namespace: 'string', withParameters: 'boolean' },
  required: ['name'],
  answer: [
    'name',
    'package',
    'namespace',
    'fqn',
    'kind',
    'main',
    'image',
    'components',
    'parameters',
    'annotations',
    'limits',
    'webUrl',
    'publish',
    'version',
  ],

  async call(args, context) {
    const client = context.openwhisk();
    const address = await addressOf(args, context);
    const entity = await client.get('actions', address, context, { code: false });
    if (entity === undefined) throw new NotFoundError(`There is no action "${formatFullName(address)}" on ${client.apiHost}.`);
    const annotations = fromWire(entity.annotations);
    // Seen through a binding, it is in the package behind it.
    const namespace = entity.namespace.split('/')[0]!;
    return defined({
      name: address.name,
      package: address.package,
      namespace: address.namespace,
      fqn: formatFullName(address),
      kind: entity.exec.kind,
      main: entity.exec.main,
      image: entity.exec.image,
      components: entity.exec.components?.map((component) => `/${component.replace(/^\//, '')}`),
      parameters: reveal(args.withParameters) === true ? new Secret(fromWire(entity.parameters)) : undefined,
      annotations,
      limits: entity.limits as Value,
      webUrl: webUrl(client.apiHost, namespace, address.package, address.name, readManagedAnnotations(annotations, true).web),
      publish: entity.publish,
      version: entity.version,
    });
  },
};
