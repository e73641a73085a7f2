import type { ServiceBlueprint } from '../../blueprint/blueprint';
import { distributedBlueprint } from '../../blueprint/distributed';
import { inClusterBlueprint } from '../../blueprint/inCluster';
import type { KubernetesArgs } from '../../blueprint/kubernetesArgs';
import type { DockerArgs, PlatformArgs } from '../../blueprint/platformArgs';
import { type KubernetesPlan, kubernetesPlan } from './kubernetesPlan';
import type { Manifest } from './manifest';

const entry = (kind: string) => ({ kind, default: true, image: { prefix: 'p', name: `runtime-${kind.replace(':', '-')}`, tag: '1' } });
const sources = {
  manifest: JSON.stringify({ runtimes: { nodejs: [entry('nodejs:20')], python: [entry('python:3.11')] } }),
  tag: () => 'abc',
};

function plan(wanted: KubernetesArgs = {}, general: PlatformArgs = {}): KubernetesPlan {
  const kubernetes = { registry: 'registry.example.com/ow', ...wanted };
  const blueprint = inClusterBlueprint({ ...general, target: 'kubernetes', kubernetes }, 'space', sources);
  return kubernetesPlan(blueprint, { namespace: 'space', platform: 'p', wanted: kubernetes, ports: { api: 3233, admin: 3234 } });
}

// biome-ignore lint/suspicious/noExplicitAny: an object of a cluster has the form that its kind has
type Body = any;
const find = ({ manifests }: KubernetesPlan, key: string): Manifest => manifests.find((manifest) => manifest.key === key)!;
const body = (key: string, ...args: Parameters<typeof plan>): Body => find(plan(...args), key)?.body;
const container = (service: string, ...args: Parameters<typeof plan>): Body =>
  body(`${service}-workload`, ...args).spec.template.spec.containers[0];

const samples: readonly [string, KubernetesArgs, PlatformArgs][] = [
  ['the defaults', {}, {}],
  ['several of each', { controllers: 3, invokers: 4 }, { limits: { firesPerMinute: 7 }, retainData: true }],
  ['TLS and a domain', { domain: 'example.com', tls: { generate: true } }, {}],
  ['parts that are there', { kafka: { hosts: 'k:9092' }, couchdb: { url: 'http://c:5984', username: 'u', password: 'hidden' } }, {}],
];

describe.each(samples)('%s', (_title, wanted, general) => {
  test('has every object behind those it needs, one for each key and name, all but the first in the namespace', () => {
    const { manifests } = plan(wanted, general);
    const seen = new Set<string>();
    for (const { key, after } of manifests) {
      expect(after.filter((needed) => !seen.has(needed))).toEqual([]);
      expect(after.length === 0).toBe(key === 'namespace');
      seen.add(key);
    }
    expect(seen.size).toBe(manifests.length);
    const names = manifests.filter(({ name }) => name !== undefined).map(({ kind, name }) => `${kind} ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test('refers to nothing that is not in it, and shows no secret', () => {
    const { manifests } = plan(wanted, general);
    const text = JSON.stringify(manifests);
    for (const [, key] of text.matchAll(/"\$nameOf":"([^"]+)"/g)) expect(manifests.map((manifest) => manifest.key)).toContain(key);
    expect(JSON.stringify(manifests.filter(({ kind }) => kind !== 'Secret'))).not.toMatch(/hidden|adminKey|couchdbPassword|tlsKey/);
  });
});

test.each(samples)('%s: the parts are those of a Docker engine, with other ways to each other', (_title, wanted, general) => {
  const common = (services: readonly ServiceBlueprint[]) =>
    services
      .filter(({ name }) => name !== 'nginx-files')
      .map(({ name, image, replicas, env, secrets, hiddenEnv, memory, health, ports }) => ({
        name,
        image: image !== undefined && 'pulled' in image ? image.pulled : image?.built,
        replicas: name === 'nginx' ? 0 : replicas,
        settings: Object.keys(env).filter((variable) => !/^(CONFIG_whisk_containerFactory_|OPENWHISK_KUBERNETES_)/.test(variable)),
        hidden: [...Object.keys(secrets), ...Object.keys(hiddenEnv ?? {})],
        memory,
        health: [health.path, health.timeout],
        ports: ports.map((port) => port.name).sort(),
      }));
  const kubernetes = { registry: 'r', ...wanted };
  const inCluster = inClusterBlueprint({ ...general, target: 'kubernetes', kubernetes }, 'space', sources);
  const onEngine = distributedBlueprint({ ...general, target: 'docker', docker: wanted as DockerArgs }, 'p', sources);
  expect(common(inCluster.services)).toEqual(common(onEngine.services));
});

test('what keeps something or has a number is a StatefulSet, the rest a Deployment; they come up in the order they need each other', () => {
  const workloads = plan().manifests.filter(({ key }) => key.endsWith('-workload'));
  expect(workloads.map(({ kind, name }) => [name, kind])).toEqual([
    ['kafka', 'StatefulSet'],
    ['couchdb', 'StatefulSet'],
    ['invoker', 'StatefulSet'],
    ['controller', 'StatefulSet'],
    ['nginx', 'Deployment'],
  ]);
  expect(find(plan(), 'nginx-workload').after).toContain('controller-workload');
  expect(find(plan(), 'controller-workload').after).toEqual(
    expect.arrayContaining(['kafka-workload', 'couchdb-workload', 'invoker-workload']),
  );
});

test('each instance knows its number and its name from its pod, and texts that look like the placeholders of a cluster stay what they are', () => {
  const { env } = container('controller', {}, { settings: { CONFIG_whisk_x: '$(HOME)' } });
  expect(env).toContainEqual({ name: 'OPENWHISK_CONTROLLER_ID', value: '$(POD_INDEX)' });
  expect(env).toContainEqual({ name: 'OPENWHISK_INSTANCE_ID', value: '$(POD_NAME)' });
  expect(env).toContainEqual({ name: 'CONFIG_whisk_x', value: '$$(HOME)' });
  expect(env.findIndex(({ name }: { name: string }) => name === 'POD_INDEX')).toBeLessThan(
    env.findIndex(({ name }: { name: string }) => name === 'OPENWHISK_CONTROLLER_ID'),
  );
});

test('programs of ours read secrets from files, those of others from their environment; both are in a Secret alone', () => {
  const wanted = { couchdb: { url: 'http://c:5984', username: 'u', password: 'hidden' } };
  expect(body('controller-secrets', wanted).stringData).toEqual({
    OPENWHISK_COUCHDB_PASSWORD: { $hidden: 'hidden' },
    OPENWHISK_ADMIN_KEY: { $generated: 'adminKey' },
  });
  expect(container('controller').env).toContainEqual({
    name: 'OPENWHISK_ADMIN_KEY_FILE',
    value: '/run/openwhisk/OPENWHISK_ADMIN_KEY',
  });
  expect(container('controller').volumeMounts).toContainEqual({
    name: 'secrets',
    mountPath: '/run/openwhisk/OPENWHISK_ADMIN_KEY',
    subPath: 'OPENWHISK_ADMIN_KEY',
    readOnly: true,
  });
  expect(container('couchdb').env).toContainEqual({
    name: 'COUCHDB_PASSWORD',
    valueFrom: { secretKeyRef: { name: { $nameOf: 'couchdb-secrets' }, key: 'COUCHDB_PASSWORD' } },
  });
});

test('files and secrets have a new name for each content, so that what reads them rolls', () => {
  for (const key of ['nginx-files', 'controller-secrets']) {
    expect(find(plan(), key).name).toBeUndefined();
    expect(body(key).immutable).toBe(true);
  }
});

test('the invoker alone may make pods, in the namespace of the platform; nobody else has a token', () => {
  const { manifests } = plan();
  const spec = (service: string): Body => body(`${service}-workload`).spec.template.spec;
  expect(spec('invoker').serviceAccountName).toBe('invoker');
  for (const service of ['kafka', 'couchdb', 'controller', 'nginx']) expect(spec(service).automountServiceAccountToken).toBe(false);
  expect(manifests.filter(({ kind }) => kind === 'Role').map(({ body: { rules } }) => rules)).toEqual([
    [
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    ],
  ]);
});

test('actions are called by invokers and reach nothing of the platform but nginx', () => {
  const policy = (key: string): Body => body(`${key}-policy`).spec;
  expect(policy('actions').ingress[0].from).toEqual([{ podSelector: { matchLabels: { 'openwhisk.service': 'invoker' } } }]);
  for (const part of ['controller', 'invoker'])
    expect(policy(`${part}-callers`).ingress[0].from[0].podSelector.matchExpressions).toEqual([
      { key: 'user-action-pod', operator: 'DoesNotExist' },
    ]);
  for (const part of ['kafka', 'couchdb'])
    expect(policy(`${part}-callers`).ingress[0].from[0].podSelector.matchExpressions[0].values).toEqual(['controller', 'invoker']);
  expect(policy('nginx-callers').ingress).toEqual([{}]);
});

test('volumes have the size and the class that are asked for, and are kept when that is', () => {
  const storage = { storageClass: 'fast', storage: { kafka: '50Gi' } };
  const { spec }: Body = body('kafka-workload', storage);
  expect(spec.volumeClaimTemplates[0].spec).toEqual({
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    resources: { requests: { storage: '50Gi' } },
  });
  expect(spec.persistentVolumeClaimRetentionPolicy.whenDeleted).toBe('Delete');
  expect(body('kafka-workload', {}, { retainData: true }).spec.persistentVolumeClaimRetentionPolicy.whenDeleted).toBe('Retain');
  expect([find(plan(), 'namespace').retain, find(plan({}, { retainData: true }), 'namespace').retain]).toEqual([false, true]);
});

test('a namespace that is there already is not made', () => {
  const { manifests } = plan({ namespace: 'space', existingNamespace: true });
  expect(manifests.map(({ kind }) => kind)).not.toContain('Namespace');
  expect(manifests.flatMap(({ after }) => after)).not.toContain('namespace');
  expect(manifests).toHaveLength(plan().manifests.length - 1);
});

test('a volume with data is another one in another namespace, of another size or of another class', () => {
  const volumes = (...args: Parameters<typeof plan>) => plan(...args).data.map(({ name }) => name);
  expect(volumes()).toEqual(['space/data-kafka-0 (10Gi)', 'space/data-couchdb-0 (10Gi)']);
  expect(volumes({ storageClass: 'fast', storage: { couchdb: '20Gi' } })).toEqual([
    'space/data-kafka-0 (10Gi of class fast)',
    'space/data-couchdb-0 (20Gi of class fast)',
  ]);
});

test('the images built from what the provider carries are looked for in the registry', () => {
  expect(container('controller').image).toBe('registry.example.com/ow/platform:abc');
  const { env } = container('invoker');
  const { value } = env.find(({ name }: { name: string }) => name === 'OPENWHISK_RUNTIMES_MANIFEST');
  expect(JSON.parse(value).runtimes.nodejs[0].image).toEqual({ prefix: 'registry.example.com/ow', name: 'runtime-nodejs-20', tag: 'abc' });
});

test('pods of actions go with the invoker that made them, to the nodes that are for them', () => {
  const { env } = container('invoker', { actionNodes: { role: 'actions', zone: 'a' }, pullSecrets: ['regcred'] });
  expect(env).toEqual(
    expect.arrayContaining([
      { name: 'OPENWHISK_KUBERNETES_OWNER_NAME', value: '$(POD_NAME)' },
      { name: 'OPENWHISK_KUBERNETES_OWNER_UID', value: '$(POD_UID)' },
      { name: 'OPENWHISK_KUBERNETES_NODE_SELECTOR', value: 'role=actions,zone=a' },
      { name: 'OPENWHISK_KUBERNETES_PULL_SECRETS', value: 'regcred' },
    ]),
  );
});

test('it is reached as asked: by a balancer, by a port of the nodes, or from the cluster alone', () => {
  const annotations = { a: 'b' };
  expect(body('openwhisk', { sourceRanges: ['10.0.0.0/8'] }).spec).toMatchObject({
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['10.0.0.0/8'],
  });
  expect(find(plan({ serviceAnnotations: annotations }), 'openwhisk').annotations).toEqual(annotations);
  expect(body('openwhisk', { serviceType: 'NodePort' }).spec.ports[0]).toEqual({
    name: 'api',
    targetPort: 'api',
    port: 3233,
    nodePort: 3233,
  });
  expect(body('openwhisk', { serviceType: 'ClusterIP' }).spec.type).toBe('ClusterIP');
});
