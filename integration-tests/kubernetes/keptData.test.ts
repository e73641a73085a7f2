import { eventually } from '../eventually';
import { call } from '../httpCall';
import { basic } from '../platformProcess';
import { ClusterStack, NAMESPACE } from './clusterStack';

/** What outlives a platform in a cluster. Each test goes on from the one before. */
let platform: ClusterStack;
let before: string[];

beforeAll(async () => {
  platform = await ClusterStack.create();
  before = await platform.added();
});
afterAll(() => platform?.stack.remove());

test('with retainData the namespace and the volumes outlive the platform; the next one in that namespace has the data', async () => {
  const claims = () => platform.kubectl('get', 'persistentvolumeclaims', '--output', 'name');
  await platform.configure({}, { retainData: true });
  await platform.stack.up();
  const there = await claims();
  const kept = await platform.namespace('kept');
  // the program makes it: what is kept of it would be in the way
  await platform.admin('DELETE', 'guest?force=true');
  await platform.stack.destroy();
  expect(await claims()).toBe(there);
  await eventually(async () => expect(await platform.kubectl('get', 'statefulsets,deployments,pods', '--output', 'name')).toBe(''));
  await platform.configure({ namespace: NAMESPACE, existingNamespace: true });
  await platform.stack.up();
  expect((await call(`${platform.api}/api/v1/namespaces`, { headers: { authorization: basic(kept.auth) } })).json).toEqual(['kept']);
});

test('what was in a namespace that was there before goes, and that stays', async () => {
  await platform.configure({}, { retainData: undefined });
  await platform.stack.up();
  await platform.stack.destroy();
  await eventually(
    async () =>
      expect(await platform.kubectl('get', 'all,configmaps,secrets,persistentvolumeclaims,networkpolicies,roles', '--output', 'name')).toBe(
        'configmap/kube-root-ca.crt\n',
      ),
    60_000,
  );
  await platform.cluster.kubectl(['delete', 'namespace', NAMESPACE]);
  await eventually(async () => expect(await platform.added(before)).toEqual([]));
});
