import { isNamespaceName, type KubernetesArgs } from './kubernetesArgs';
import { checkPlatformArgs, type PlatformArgs } from './platformArgs';

const check = (kubernetes: KubernetesArgs, general: PlatformArgs = {}) =>
  checkPlatformArgs({ ...general, target: 'kubernetes', kubernetes: { registry: 'r.example.com/ow', ...kubernetes } });

it('takes what a cluster can have', () => {
  expect(check({})).toEqual([]);
  expect(
    check({ namespace: 'shop', storage: { kafka: '100Gi' }, sourceRanges: ['10.0.0.0/8', 'fd00::/8'], controllers: 64, invokers: 512 }),
  ).toEqual([]);
  expect(check({ serviceType: 'NodePort' }, { host: '192.0.2.1', apiPort: 30_000, adminPort: 32_767 })).toEqual([]);
});

it.each<[string, KubernetesArgs, PlatformArgs, string]>([
  ['kubernetes.namespace', { namespace: 'My_Shop' }, {}, 'is not a name of a namespace'],
  ['kubernetes.existingNamespace', { existingNamespace: true }, {}, 'needs kubernetes.namespace'],
  ['kubernetes.registry', { registry: 'https://r.example.com' }, {}, 'is not a place for images such as'],
  ['kubernetes.storage.couchdb', { storage: { couchdb: '10 GB' } }, {}, 'is not a size such as "10Gi"'],
  ['kubernetes.sourceRanges', { sourceRanges: ['everywhere'] }, {}, 'is not a block of addresses'],
  ['kubernetes.serviceType', { serviceType: 'Ingress' as 'NodePort' }, {}, 'must be one of LoadBalancer, NodePort, ClusterIP'],
  ['kubernetes.invokers', { invokers: 0 }, {}, 'must be a whole number from 1 to 512'],
  ['kubernetes.tls', { tls: { certificate: 'C' } }, {}, 'needs both certificate and key'],
  ['host', { serviceType: 'NodePort' }, { apiPort: 30_000, adminPort: 30_001 }, 'must be an address of a node'],
  ['adminPort', { serviceType: 'NodePort' }, { host: '192.0.2.1', apiPort: 30_000 }, 'must be a port of nodes'],
  ['host', {}, { host: '192.0.2.1' }, 'is for the kubernetes.serviceType "NodePort" only'],
  ['kubernetes.replicas', { replicas: 1 } as KubernetesArgs, {}, 'is not known: there are controllers,'],
  ['kubernetes.actionNodes', { actionNodes: 'role=actions' as unknown as Record<string, string> }, {}, 'must be a map'],
])('says of %s what is wrong with it', (path, kubernetes, general, reason) => {
  expect(check(kubernetes, general)).toEqual([{ path, reason: expect.stringContaining(reason) }]);
});

it('wants to know where the images are, unless all of its own are named', () => {
  expect(checkPlatformArgs({ target: 'kubernetes' })).toEqual([
    { path: 'kubernetes.registry', reason: expect.stringContaining('must name where the images of the platform are') },
  ]);
  const images = { platform: 'me/platform:1', runtimes: { 'nodejs:20': 'me/nodejs:1' } };
  expect(checkPlatformArgs({ target: 'kubernetes', kubernetes: { kinds: ['nodejs:20'], images } })).toEqual([]);
  expect(checkPlatformArgs({ target: 'kubernetes', kubernetes: { kinds: ['nodejs:20', 'python:3.11'], images } })).toEqual([
    { path: 'kubernetes.registry', reason: expect.stringContaining('python:3.11') },
  ]);
});

it('is refused with another target', () => {
  expect(checkPlatformArgs({ target: 'docker', kubernetes: {} })).toEqual([
    { path: 'kubernetes', reason: 'is for the target "kubernetes" only' },
  ]);
});

it.each<[string, boolean]>([
  ['shop-dev-platform', true],
  ['a'.repeat(63), true],
  ['a'.repeat(64), false],
  ['shop-', false],
  ['-shop', false],
  ['', false],
])('a namespace may be called %j: %s', (name, may) => {
  expect(isNamespaceName(name)).toBe(may);
});
