import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually';
import { call } from '../httpCall';
import { basic } from '../platformProcess';
import { SteadyLoad } from '../steadyLoad';
import { suiteAgainst, whatRuns } from '../suiteAgainst';
import { DEFAULT_ADDRESSES } from './clusterNetwork';
import { ClusterStack, IMAGES, NAMESPACE, PORTS, workloads } from './clusterStack';
import { platformArchive } from './standInImages';

/** The platform in a cluster, from the first preview to nothing left. Each test goes on from the one before. */
const UPGRADED = 'openwhisk-as-code/platform:upgraded';
/** One of the addresses that lead to the node. */
const BALANCER = '10.96.255.1';

jest.setTimeout(900_000);

let platform: ClusterStack;
let before: string[];

beforeAll(async () => {
  platform = await ClusterStack.create();
  before = await platform.added();
});
afterAll(() => platform?.stack.remove());

test('a preview shows the whole of it, and needs no cluster', async () => {
  await platform.configure({ kubeconfig: kubeconfigOf('https://127.0.0.1:1') });
  const { steps } = await platform.stack.preview();
  await platform.configure({ kubeconfig: platform.cluster.kubeconfig });
  expect(workloads(steps, 'create')).toEqual(
    ['controller', 'couchdb', 'invoker', 'kafka', 'nginx'].map((name) => `platform-${name}-workload`),
  );
});

/** Leads to an API server that need not be there. */
function kubeconfigOf(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'none' } }],
  });
}

test('a cluster that is not there is one error that names it', async () => {
  await platform.configure({ kubeconfig: kubeconfigOf('https://127.0.0.1:1') });
  expect(await platform.failure()).toContain('127.0.0.1:1');
  await platform.configure({ kubeconfig: platform.cluster.kubeconfig });
});

test('without a place for the images there is one error that says what to do', async () => {
  await platform.configure({ images: undefined });
  expect(await platform.failure()).toContain('kubernetes.registry must name where the images of the platform are');
  await platform.configure({ images: IMAGES });
});

test('an image that is not to be had is one error that names it', async () => {
  await platform.configure({ images: { ...IMAGES, kafka: 'localhost:1/kafka:none' }, healthTimeout: 20 });
  expect(await platform.failure()).toContain('localhost:1/kafka:none');
  await platform.configure({ images: IMAGES, healthTimeout: undefined });
});

test('a service that does not come up is one error that names it and shows its log', async () => {
  // long enough for a broker on a busy machine: it is the invoker that is not to come up
  await platform.configure({ healthTimeout: 60 }, { settings: { CONFIG_whisk_timeLimit_max: 'soon' } });
  const text = await platform.failure();
  expect(text).toMatch(/invoker/);
  expect(text).toContain('CONFIG_whisk_timeLimit_max is not usable');
  await platform.configure({ healthTimeout: undefined }, { settings: undefined });
});

test('up heals all of that: an action answers through nginx, controller, Kafka, invoker and pod', async () => {
  await platform.stack.up();
  expect(await platform.hello()).toEqual({ greeting: 'hello bob' });
  const { adminKey, auth } = await platform.stack.outputs();
  const state = await platform.stack.state();
  for (const secret of [adminKey!.value, auth!.value]) expect(state).not.toContain(secret);
});

test('a second up finds nothing to do', async () => {
  expect((await platform.stack.up()).steps).toEqual([]);
  expect((await platform.stack.refresh()).steps).toEqual([]);
});

test('no part and no action may gain privileges or has a token it does not need; memory is bounded', async () => {
  const { items } = JSON.parse(await platform.kubectl('get', 'pods', '--output', 'json')) as { items: Pod[] };
  expect(items.length).toBeGreaterThan(7);
  for (const { metadata, spec } of items) {
    const { securityContext, resources } = spec.containers[0]!;
    expect([metadata.name, securityContext.allowPrivilegeEscalation]).toEqual([metadata.name, false]);
    expect(resources.limits.memory).toBeDefined();
    const mounted =
      spec.containers[0]!.volumeMounts?.some(({ mountPath }) => mountPath.startsWith('/var/run/secrets/kubernetes.io')) ?? false;
    expect([metadata.name, mounted]).toEqual([metadata.name, metadata.labels['openwhisk.service'] === 'invoker']);
  }
});

interface Pod {
  metadata: { name: string; labels: Record<string, string> };
  spec: {
    containers: {
      securityContext: { allowPrivilegeEscalation?: boolean };
      resources: { limits: { memory?: string } };
      volumeMounts?: { mountPath: string }[];
    }[];
  };
}

test('a change that would lose data is refused in its preview, unless it is asked for', async () => {
  const couchdb = { url: 'http://couchdb.example.com:5984', username: 'whisk', password: 'its password' };
  await platform.configure({ couchdb });
  const error = await platform.stack.preview().catch((failed: Error) => failed);
  expect(String(error)).toContain(`the volume ${NAMESPACE}/data-couchdb-0 (10Gi of class local) would be removed with all that is in it`);
  await platform.configure({ couchdb, allowDataLoss: true });
  const { steps } = await platform.stack.preview();
  expect(workloads(steps, 'delete')).toEqual(['platform-couchdb-workload']);
  await platform.configure({ couchdb: undefined, allowDataLoss: undefined, storage: { kafka: '20Gi' } });
  const other = await platform.stack.preview().catch((failed: Error) => failed);
  expect(String(other)).toContain(`the volume ${NAMESPACE}/data-kafka-0 (10Gi of class local) would be removed with all that is in it`);
  await platform.configure({ storage: undefined });
});

test('what the conformance suite says of what runs holds for it', async () => {
  const host = { apiHost: platform.api, guest: await platform.namespace('suite-guest'), other: await platform.namespace('suite-other') };
  const { passed, failures } = await suiteAgainst(host, 'conformance', { files: whatRuns });
  expect(failures).toEqual([]);
  expect(passed).toBeGreaterThan(400);
});

test('invokers from one to three to two, under load: no request fails', async () => {
  const load = new SteadyLoad(platform.api, await platform.guestKey());
  await platform.configure({ invokers: 3 });
  expect(workloads((await platform.stack.up()).steps, 'update')).toEqual(['platform-invoker-workload']);
  await platform.configure({ invokers: 2 });
  await platform.stack.up();
  expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
  const pods = await platform.kubectl('get', 'pods', '--selector', 'openwhisk.service=invoker', '--output', 'name');
  expect(pods.trim().split('\n')).toEqual(['pod/invoker-0', 'pod/invoker-1']);
});

test('a new image of controllers and invokers rolls one by one, under load: no request fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  await platform.cluster.importImage(await platformArchive(join(folder, 'platform.tar'), UPGRADED));
  rmSync(folder, { recursive: true });
  const load = new SteadyLoad(platform.api, await platform.guestKey());
  await platform.configure({ images: { ...IMAGES, platform: UPGRADED } });
  const { steps } = await platform.stack.up();
  expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
  expect(workloads(steps, 'update')).toEqual(['platform-controller-workload', 'platform-invoker-workload']);
});

test('another file of nginx rolls nginx, under load: no request fails', async () => {
  const load = new SteadyLoad(platform.api, await platform.guestKey());
  await platform.configure({ domain: 'example.com' });
  const { steps } = await platform.stack.up();
  expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
  expect(workloads(steps, 'update')).toEqual(['platform-nginx-workload']);
});

test('metrics are where the outputs say', async () => {
  const targets = (await platform.stack.outputs()).prometheusTargets!.value as string[];
  expect(targets).toHaveLength(4);
  for (const target of targets) {
    const [, pod, service, port] = /^([^.]+)\.([^.]+)\.life-test-platform\.svc:(\d+)$/.exec(target)!;
    expect(
      await platform.kubectl('get', 'endpointslices', '--selector', `kubernetes.io/service-name=${service}`, '--output', 'json'),
    ).toContain(pod);
    expect(await platform.kubectl('get', '--raw', `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:${port}/proxy/metrics`)).toContain('# TYPE');
  }
});

test('actions call the API', async () => {
  const auth = await platform.guestKey();
  const code = `async function main() {
    const headers = { authorization: 'Basic ' + Buffer.from(process.env.__OW_API_KEY).toString('base64') };
    return { status: (await fetch(process.env.__OW_API_HOST + '/api/v1/namespaces', { headers })).status };
  }`;
  const url = `${platform.api}/api/v1/namespaces/_/actions/caller`;
  const headers = { authorization: basic(auth) };
  const annotations = [{ key: 'provide-api-key', value: true }];
  await call(url, { method: 'PUT', headers, json: { exec: { kind: 'nodejs:20', code }, annotations } });
  const { json } = await call(`${url}?blocking=true&result=true`, { method: 'POST', headers, json: {} });
  expect(json).toEqual({ status: 200 });
});

test('HTTPS with a certificate that is generated: nginx rolls under load, who knows the authority trusts it', async () => {
  await platform.configure({ tls: { generate: true } });
  await platform.stack.up();
  const ca = (await platform.stack.outputs()).caCertificate!.value as string;
  expect(await platform.hello(ca)).toEqual({ greeting: 'hello bob' });
  await expect(platform.hello()).rejects.toThrow(/certificate/);
  expect(await platform.stack.state()).not.toContain('PRIVATE KEY');
  const load = new SteadyLoad(platform.api, await platform.guestKey(), ca);
  await platform.configure({ tls: { generate: true, renewal: 'again' } });
  expect(workloads((await platform.stack.up()).steps, 'update')).toEqual(['platform-nginx-workload']);
  expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
  await platform.configure({ tls: undefined });
  await platform.stack.up();
});

test('behind a load balancer it is reached where that says, as soon as it does', async () => {
  await platform.configure({ serviceType: 'LoadBalancer' }, { host: undefined, apiPort: 3233, adminPort: 3234 });
  const up = platform.stack.up();
  // as whoever brings balancers into a cluster would
  await eventually(
    async () => expect(await platform.kubectl('get', 'service', 'openwhisk', '--output', 'jsonpath={.spec.type}')).toBe('LoadBalancer'),
    60_000,
  );
  const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: BALANCER }] } } });
  await platform.kubectl('patch', 'service', 'openwhisk', '--subresource=status', '--type=merge', '--patch', status);
  await up;
  const { apiHost, adminUrl } = await platform.stack.outputs();
  expect([apiHost!.value, adminUrl!.value]).toEqual([`http://${BALANCER}:3233`, `http://${BALANCER}:3234`]);
  expect((await call(`${apiHost!.value}/ping`)).text).toBe('pong');
  await platform.configure({ serviceType: 'NodePort' }, { host: DEFAULT_ADDRESSES.node, ...PORTS });
  await platform.stack.up();
});

test('a controller that is killed comes back', async () => {
  const [uid, ready] = ['{.metadata.uid}', '{.status.containerStatuses[0].ready}'];
  const controller = (path: string) => platform.kubectl('get', 'pod', 'controller-1', '--output', `jsonpath=${path}`);
  const killed = await controller(uid);
  await platform.kubectl('delete', 'pod', 'controller-1', '--grace-period=0', '--force', '--wait=false');
  await eventually(async () => expect([(await controller(uid)) === killed, await controller(ready)]).toEqual([false, 'true']));
  expect(await platform.hello()).toEqual({ greeting: 'hello bob' });
});

test('after somebody removed a workload, refresh and up make only that again', async () => {
  await platform.kubectl('delete', 'statefulset', 'controller');
  await platform.stack.refresh();
  const { steps } = await platform.stack.up();
  expect(workloads(steps, 'create')).toEqual(['platform-controller-workload']);
  expect([workloads(steps, 'update'), workloads(steps, 'replace')]).toEqual([[], []]);
  expect(await platform.hello()).toEqual({ greeting: 'hello bob' });
});

test('destroy leaves the cluster as it was found', async () => {
  await platform.stack.destroy();
  await eventually(async () => expect(await platform.added(before)).toEqual([]));
});
