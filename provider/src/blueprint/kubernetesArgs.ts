import { DEFAULT_KINDS, type PartsArgs, partsProblems } from './partsArgs';
import type { ArgumentProblem, PlatformArgs } from './platformArgs';

/** What only a platform in a cluster has. */
export interface KubernetesArgs extends PartsArgs {
  /** Path or content of the file that tells how the cluster is entered. Needed beside a kubernetes provider of the program. Default: `kubernetes:kubeconfig` of the stack, else KUBECONFIG, else that of the user. */
  kubeconfig?: string;
  /** Which of its contexts. Default: the current one. */
  context?: string;
  /** The namespace that is made for the platform. Default: the platform's name. */
  namespace?: string;
  /** The namespace is there already: it is used, and left when the platform goes. Default: false. */
  existingNamespace?: boolean;
  /** Where the images are that are built from the source the provider carries, such as `registry.example.com/openwhisk`. Needed unless `images` names all. */
  registry?: string;
  /** Names of secrets of the namespace with which images are pulled. Default: none. */
  pullSecrets?: readonly string[];
  /** Class of the volumes. Default: the cluster's default. */
  storageClass?: string;
  /** Sizes of the volumes. */
  storage?: StorageArgs;
  /** How it is reached from outside. Default: LoadBalancer. */
  serviceType?: ServiceType;
  /** Annotations of the service that is reached from outside: what the cloud's load balancers are told by. */
  serviceAnnotations?: Readonly<Record<string, string>>;
  /** Blocks of addresses that may reach it, such as `203.0.113.0/24`. Default: all. */
  sourceRanges?: readonly string[];
  /** Labels of the nodes that actions run on. Default: all nodes. */
  actionNodes?: Readonly<Record<string, string>>;
}

export const SERVICE_TYPES = ['LoadBalancer', 'NodePort', 'ClusterIP'] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** In Kubernetes' notation. */
export interface StorageArgs {
  /** Default: 10Gi. */
  kafka?: string;
  /** Default: 10Gi. */
  couchdb?: string;
  /** Of each invoker: notes on what it has given to containers. Default: 1Gi. */
  invoker?: string;
}

export const DEFAULT_STORAGE = { kafka: '10Gi', couchdb: '10Gi', invoker: '1Gi' } as const;

/** A cluster carries more than an engine; these are bounds against a slip of the finger. */
const MOST = { controllers: 64, invokers: 512 };
const NODE_PORTS = { first: 30_000, last: 32_767 };

/** What is wrong with the arguments of a platform in a cluster. */
export function kubernetesProblems(args: PlatformArgs): ArgumentProblem[] {
  const wanted = args.kubernetes ?? {};
  const problems = partsProblems(wanted, 'kubernetes', MOST);
  const say = (path: string, reason: string) => problems.push({ path, reason });
  const { namespace, existingNamespace, registry, images, kinds, serviceType, storage, sourceRanges } = wanted;
  if (namespace !== undefined && !isNamespaceName(namespace))
    say('kubernetes.namespace', `"${namespace}" is not a name of a namespace: small letters, digits and "-", at most 63`);
  if (existingNamespace && namespace === undefined)
    say('kubernetes.existingNamespace', 'needs kubernetes.namespace, which says which it is');
  const misplaced = registry === undefined ? undefined : registryProblem(registry);
  if (misplaced !== undefined) say('kubernetes.registry', misplaced);
  const unnamed = [
    ...(images?.platform === undefined ? ['the platform'] : []),
    ...(kinds ?? DEFAULT_KINDS).filter((kind) => images?.runtimes?.[kind] === undefined),
  ];
  if (registry === undefined && unnamed.length > 0)
    say(
      'kubernetes.registry',
      `must name where the images of the platform are, such as "registry.example.com/openwhisk": a cluster builds none (npm run images puts them there), and kubernetes.images has none of ${unnamed.join(', ')}`,
    );
  if (serviceType !== undefined && !SERVICE_TYPES.includes(serviceType))
    say('kubernetes.serviceType', `must be one of ${SERVICE_TYPES.join(', ')}`);
  for (const [name, size] of Object.entries(storage ?? {}))
    if (size !== undefined && !/^[1-9]\d*(Ki|Mi|Gi|Ti|k|M|G|T)?$/.test(size))
      say(`kubernetes.storage.${name}`, `"${size}" is not a size such as "10Gi"`);
  for (const block of sourceRanges ?? [])
    if (!/^[0-9A-Fa-f.:]+\/\d{1,3}$/.test(block))
      say('kubernetes.sourceRanges', `"${block}" is not a block of addresses such as "10.0.0.0/8"`);
  if (serviceType === 'NodePort') {
    if (args.host === undefined) say('host', 'must be an address of a node with kubernetes.serviceType "NodePort"');
    for (const name of ['apiPort', 'adminPort'] as const) {
      const port = args[name];
      if (port === undefined || port < NODE_PORTS.first || port > NODE_PORTS.last)
        say(name, `must be a port of nodes with kubernetes.serviceType "NodePort": one from ${NODE_PORTS.first} to ${NODE_PORTS.last}`);
    }
  } else if (args.host !== undefined) {
    say('host', 'is for the kubernetes.serviceType "NodePort" only: others have an address of their own');
  }
  return problems;
}

/** Why images can't be named after a place; undefined when they can. */
export function registryProblem(registry: string): string | undefined {
  return /^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9][a-z0-9._-]*)*$/.test(registry)
    ? undefined
    : `"${registry}" is not a place for images such as "registry.example.com/openwhisk"`;
}

export function isNamespaceName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}
