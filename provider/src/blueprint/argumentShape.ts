import type { ArgumentProblem, PlatformArgs } from './platformArgs';

type Sort = 'string' | 'number' | 'boolean' | 'list' | 'map';
type SortOf<T> = T extends string
  ? 'string'
  : T extends number
    ? 'number'
    : T extends boolean
      ? 'boolean'
      : T extends readonly unknown[]
        ? 'list'
        : string extends keyof T
          ? 'map'
          : Shape<T>;
/** Every argument there is with its sort: one that is added to the interface and not here does not compile. */
type Shape<T> = { readonly [Name in keyof T]-?: SortOf<NonNullable<T[Name]>> };
interface AnyShape {
  readonly [name: string]: Sort | AnyShape;
}

const TLS = { certificate: 'string', key: 'string', generate: 'boolean', names: 'list', days: 'number', renewal: 'string' } as const;
const KAFKA = {
  hosts: 'string',
  tls: 'boolean',
  caCertificate: 'string',
  sasl: { mechanism: 'string', username: 'string', password: 'string' },
  replicationFactor: 'number',
} as const;
const ENGINE_ACCESS = {
  sshOpts: 'list',
  certPath: 'string',
  caMaterial: 'string',
  certMaterial: 'string',
  keyMaterial: 'string',
} as const;

const PARTS = {
  controllers: 'number',
  invokers: 'number',
  kinds: 'list',
  images: { platform: 'string', kafka: 'string', couchdb: 'string', nginx: 'string', runtimes: 'map' },
  kafka: KAFKA,
  couchdb: { url: 'string', username: 'string', password: 'string', caCertificate: 'string' },
  domain: 'string',
  tls: TLS,
  allowDataLoss: 'boolean',
  healthTimeout: 'number',
  memory: { kafka: 'number', couchdb: 'number', invoker: 'number', controller: 'number', nginx: 'number' },
} as const;

const PLATFORM: Shape<PlatformArgs & { dataDir?: string }> = {
  target: 'string',
  host: 'string',
  apiPort: 'number',
  adminPort: 'number',
  dataDir: 'string',
  retainData: 'boolean',
  limits: { invocationsPerMinute: 'number', concurrentInvocations: 'number', firesPerMinute: 'number', sequenceLength: 'number' },
  userMemory: 'number',
  logLevel: 'string',
  settings: 'map',
  docker: {
    ...PARTS,
    engine: 'string',
    engineAccess: ENGINE_ACCESS,
    subnet: 'string',
    socket: 'string',
    actionsPort: 'number',
    invokerPort: 'number',
  },
  kubernetes: {
    ...PARTS,
    kubeconfig: 'string',
    context: 'string',
    namespace: 'string',
    existingNamespace: 'boolean',
    registry: 'string',
    pullSecrets: 'list',
    storageClass: 'string',
    storage: { kafka: 'string', couchdb: 'string', invoker: 'string' },
    serviceType: 'string',
    serviceAnnotations: 'map',
    sourceRanges: 'list',
    actionNodes: 'map',
  },
};

/** What is not an argument at all, or of another sort than it has to be: not every language looks at that, and a wrong name would be silent. */
export function shapeProblems(args: PlatformArgs): ArgumentProblem[] {
  return problemsIn(args, PLATFORM, '');
}

function problemsIn(values: object, shape: AnyShape, above: string): ArgumentProblem[] {
  return Object.entries(values).flatMap(([name, value]): ArgumentProblem[] => {
    const path = `${above}${name}`;
    const sort = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (sort === undefined) return [{ path, reason: `is not known: there are ${Object.keys(shape).join(', ')}` }];
    if (value === undefined || value === null) return [];
    if (typeof sort === 'object')
      return isMap(value) ? problemsIn(value, sort, `${path}.`) : [{ path, reason: `must be a map of ${Object.keys(sort).join(', ')}` }];
    return isOf(sort, value) ? [] : [{ path, reason: `must be a ${sort}` }];
  });
}

function isOf(sort: Sort, value: unknown): boolean {
  if (sort === 'list') return Array.isArray(value);
  return sort === 'map' ? isMap(value) : typeof value === sort;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
