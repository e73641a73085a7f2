import { readFileSync } from 'node:fs';
import { Deployment, StatefulSet } from '@pulumi/kubernetes/apps/v1';
import { Job } from '@pulumi/kubernetes/batch/v1';
import { ConfigMap, Namespace, Secret, Service } from '@pulumi/kubernetes/core/v1';
import { Provider } from '@pulumi/kubernetes/provider';
import { Role, RoleBinding } from '@pulumi/kubernetes/rbac/v1';
import { secret } from '@pulumi/pulumi';
import { type Run, TestStack } from '../provider/testStack';
import { type ClusterAccess, testCluster } from './cluster';
import { kubernetesPluginFolder } from './kubernetesPlugin';
import { PLATFORM_IMAGE } from './standInImages';

/** What the kubernetes provider does, by the real engine in a real cluster. Each test goes on from the one before. */
const NAMESPACE = 'plugin-test';
const SERVE = 'require("http").createServer((q, r) => r.end(process.env.WORD)).listen(8000)';
/** Changes the program. */
const wanted = {
  kubeconfig: '',
  word: 'first',
  replicas: 1,
  serve: SERVE,
  timeout: '5m',
  podManagementPolicy: 'Parallel',
  force: false,
};

let cluster: ClusterAccess;
let stack: TestStack;

async function program(): Promise<Record<string, unknown>> {
  const provider = new Provider('cluster', { kubeconfig: wanted.kubeconfig });
  const options = { provider, customTimeouts: { create: wanted.timeout, update: wanted.timeout } };
  const namespace = new Namespace('space', { metadata: { name: NAMESPACE } }, options).metadata.name;
  const words = new ConfigMap('words', { metadata: { namespace }, data: { word: wanted.word } }, options);
  const hidden = new Secret('hidden', { metadata: { namespace }, stringData: { key: secret('a well-kept key') } }, options);
  const role = new Role(
    'reader',
    { metadata: { name: 'reader', namespace }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    options,
  );
  new RoleBinding(
    'reads',
    {
      metadata: { name: 'reads', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
    },
    options,
  );
  const container = {
    name: 'main',
    image: PLATFORM_IMAGE,
    command: ['node', '-e', SERVE],
    env: [{ name: 'WORD', valueFrom: { configMapKeyRef: { name: words.metadata.name, key: 'word' } } }],
    ports: [{ containerPort: 8000 }],
    // as the API doesn't write them
    resources: { requests: { cpu: '0.01', memory: '0.03125Gi' } },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 },
  };
  const template = (app: string, more: object = {}) => ({
    metadata: { labels: { app } },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ ...container, ...more }] },
  });
  const server = new Deployment(
    'server',
    {
      metadata: { name: 'server', namespace, annotations: wanted.force ? { 'pulumi.com/patchForce': 'true' } : {} },
      spec: {
        replicas: wanted.replicas,
        selector: { matchLabels: { app: 'server' } },
        template: template('server', { command: ['node', '-e', wanted.serve] }),
      },
    },
    options,
  );
  const service = new Service(
    'service',
    { metadata: { name: 'service', namespace }, spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8000 }] } },
    { ...options, dependsOn: server },
  );
  const keeper = new StatefulSet(
    'keeper',
    {
      metadata: { name: 'keeper', namespace },
      spec: {
        replicas: 1,
        serviceName: 'keeper',
        podManagementPolicy: wanted.podManagementPolicy,
        selector: { matchLabels: { app: 'keeper' } },
        template: template('keeper', { volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } }, storageClassName: 'local' },
          },
        ],
      },
    },
    options,
  );
  const { ports: _, readinessProbe: __, ...once } = container;
  new Job(
    'job',
    {
      metadata: { name: 'job', namespace },
      spec: {
        backoffLimit: 0,
        template: { spec: { restartPolicy: 'Never', containers: [{ ...once, command: ['/bin/sh', '-c', 'exit 0'] }] } },
      },
    },
    options,
  );
  return { words: words.metadata.name, hidden: hidden.metadata.name, address: service.spec.clusterIP, ready: keeper.status.readyReplicas };
}

/** What a run did, a line each, without what ends and begins a replacement. */
const did = ({ steps }: Run) =>
  steps
    .filter(({ op }) => !/^(create|delete)-replace/.test(op))
    .map(({ op, type, name, diff }) => [op, type.split(':').at(-1), name, ...Object.keys(diff)].join(' '));
const kubectl = async (...args: string[]) => (await cluster.kubectl(['--namespace', NAMESPACE, ...args])).stdout;
const output = async (name: string) => (await stack.outputs())[name]?.value as string;

beforeAll(async () => {
  cluster = await testCluster();
  stack = await TestStack.create(program);
  const folder = kubernetesPluginFolder();
  if (folder !== undefined) process.env.PATH = `${folder}:${process.env.PATH}`;
});
afterAll(() => stack?.remove());

it('previews what it would make without a cluster', async () => {
  const nowhere = { name: 'x', cluster: { server: 'https://127.0.0.1:1' } };
  wanted.kubeconfig = JSON.stringify({
    clusters: [nowhere],
    contexts: [{ name: 'x', context: { cluster: 'x', user: '' } }],
    'current-context': 'x',
  });
  expect(did(await stack.preview()).sort()).toEqual([
    'create ConfigMap words',
    'create Deployment server',
    'create Job job',
    'create Namespace space',
    'create Role reader',
    'create RoleBinding reads',
    'create Secret hidden',
    'create Service service',
    'create StatefulSet keeper',
  ]);
});

it('makes objects, and waits until they work', async () => {
  wanted.kubeconfig = cluster.kubeconfig;
  await stack.up();
  expect(await output('words')).toMatch(/^words-[0-9a-f]{8}$/);
  expect(await output('ready')).toBe(1);
  expect(await (await fetch(`http://${await output('address')}/`)).text()).toBe('first');
  expect(await kubectl('get', 'job', 'job', '-o', 'jsonpath={.status.succeeded}')).toBe('1');
  expect(await kubectl('get', 'pvc', '-o', 'jsonpath={.items[*].status.phase}')).toBe('Bound');
  expect(await kubectl('get', 'secret', await output('hidden'), '-o', 'jsonpath={.data.key}')).toBe(
    Buffer.from('a well-kept key').toString('base64'),
  );
});

it('keeps secrets out of the state', async () => {
  const state = await stack.properties();
  expect(state).not.toContain('a well-kept key');
  expect(state).not.toContain(Buffer.from('a well-kept key').toString('base64'));
});

it('has nothing to do then, also with the content of the kubeconfig, and after a refresh', async () => {
  expect(did(await stack.preview())).toEqual([]);
  wanted.kubeconfig = readFileSync(cluster.kubeconfig, 'utf8');
  expect(did(await stack.preview())).toEqual([]);
  expect(did(await stack.refresh())).toEqual([]);
  expect(did(await stack.preview())).toEqual([]);
});

it('changes in place what can be changed, and makes the rest anew, by another name where it has chosen it', async () => {
  const before = await output('words');
  wanted.word = 'second';
  wanted.replicas = 2;
  const preview = did(await stack.preview());
  const done = did(await stack.up());
  for (const steps of [preview, done]) {
    expect(steps).toContain('replace ConfigMap words data.word');
    expect(steps.find((step) => step.startsWith('update Deployment server'))).toContain('spec.replicas');
  }
  const after = await output('words');
  expect(after).not.toBe(before);
  expect(await kubectl('get', 'configmaps', '-o', 'name')).not.toContain(before);
  expect(await (await fetch(`http://${await output('address')}/`)).text()).toBe('second');
  expect(await kubectl('get', 'deployment', 'server', '-o', 'jsonpath={.status.availableReplicas}')).toBe('2');
});

it('ends an object first that is made anew by the same name', async () => {
  const uid = () => kubectl('get', 'statefulset', 'keeper', '-o', 'jsonpath={.metadata.uid}');
  const before = await uid();
  wanted.podManagementPolicy = 'OrderedReady';
  expect(did(await stack.up())).toContain('replace StatefulSet keeper spec.podManagementPolicy');
  expect(await uid()).not.toBe(before);
});

it('finds out what was changed by others, and what is gone', async () => {
  await kubectl('annotate', 'service', 'service', 'example.com/of=others');
  await kubectl('scale', 'deployment', 'server', '--replicas=1');
  await kubectl('delete', 'role', 'reader');
  const found = did(await stack.refresh());
  expect(found).toContain('delete Role reader');
  expect(found.find((step) => step.startsWith('update Deployment server'))).toContain('spec.replicas');
  const preview = did(await stack.preview());
  expect(preview).toEqual(expect.arrayContaining(['create Role reader', 'update Deployment server spec.replicas']));
  expect(preview).toHaveLength(2);
});

it('leaves a field alone that somebody else has set, and says so', async () => {
  await expect(stack.up()).rejects.toThrow(/conflict with "kubectl" with subresource "scale".*\.spec\.replicas/s);
  wanted.replicas = 1;
  expect(did(await stack.up())).toEqual([]);
  // unless it is told to take it over
  wanted.replicas = 2;
  wanted.force = true;
  await stack.up();
  expect(await kubectl('get', 'deployment', 'server', '-o', 'jsonpath={.spec.replicas}')).toBe('2');
  expect(did(await stack.preview())).toEqual([]);
});

it('tells why an object does not come to work, and waits for it again the next time', async () => {
  wanted.serve = 'console.error("no configuration for me"); process.exit(3)';
  wanted.timeout = '20s';
  const failure = await stack.up().then(
    () => '',
    (error: Error) => error.message,
  );
  expect(failure).toContain(`"${NAMESPACE}/server" failed to fully initialize or become live: 'server' timed out waiting to be Ready`);
  expect(failure).toMatch(/containers with unready status: \[main\]\[(CrashLoopBackOff|Error)\]/);
  expect(failure).toMatch(/Container "main" terminated at \S+ \(Error: exit code 3\)\s+no configuration for me/);
  wanted.serve = SERVE;
  wanted.timeout = '5m';
  await stack.up();
  expect(did(await stack.preview())).toEqual([]);
});

it('takes over an object that is there', async () => {
  await kubectl('create', 'configmap', 'of-others', '--from-literal=a=b');
  await stack.import('kubernetes:core/v1:ConfigMap', 'of-others', `${NAMESPACE}/of-others`, { provider: await providerUrn() });
  expect(await stack.properties()).toContain('of-others');
});

it('removes everything, and waits until it is gone', async () => {
  await stack.destroy();
  expect((await cluster.kubectl(['get', 'namespaces', '-o', 'name'])).stdout).not.toContain(NAMESPACE);
});

async function providerUrn(): Promise<string> {
  const { deployment } = JSON.parse(await stack.state()) as { deployment: { resources: { type: string; urn: string }[] } };
  return `cluster=${deployment.resources.find(({ type }) => type === 'pulumi:providers:kubernetes')!.urn}`;
}
