import type { ServerResponse } from 'node:http';
import type { ContainerSpec } from '../container';
import { KubernetesContainerFactory } from './kubernetesContainerFactory';
import { answer, FakeApiServer, type FakeRequest, runningPod } from './testing/fakeApiServer';

const spec: ContainerSpec = { name: 'a', kind: 'blackbox', image: 'theirs:1', memory: 128, environment: {} };
const own = { ...spec, kind: 'nodejs:20' };
const name = 'i-a';

/** A factory before an API server that answers POST, DELETE and lists as a test says; its watch stays silent. */
class Bench {
  readonly warnings: string[] = [];
  post: (request: FakeRequest, response: ServerResponse, count: number) => void = (_, response) => answer(response, 201, runningPod(name));
  remove: (response: ServerResponse) => void = (response) => answer(response, 200, {});
  lists: object[][] = [];
  posts = 0;
  readonly server = new FakeApiServer((request, response) => {
    if (request.method === 'POST') this.post(request, response, ++this.posts);
    else if (request.method === 'DELETE') this.remove(response);
    else if (request.path.endsWith(`/${name}`)) answer(response, 200, runningPod(name, { terminated: { exitCode: 3 } }));
    else if (request.query.get('watch')) response.writeHead(200).flushHeaders();
    else answer(response, 200, { metadata: { resourceVersion: '1' }, items: this.lists.shift() ?? [] });
  });
  factory!: KubernetesContainerFactory;

  async start(startTimeout = 500): Promise<this> {
    const access = await this.server.listen();
    const warn = (message: string) => this.warnings.push(message);
    this.factory = new KubernetesContainerFactory({ invoker: 'i', isReadonly: () => false, access, startTimeout, warn });
    return this;
  }

  deleted(): string[] {
    return this.server.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
  }

  async close(): Promise<void> {
    await this.factory.close();
    await this.server.close();
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.close());

const inState = (state: object) => (_: FakeRequest, response: ServerResponse) => answer(response, 201, runningPod(name, state));
const refusal = (message: string) => (_: FakeRequest, response: ServerResponse) => answer(response, 403, { message, reason: 'Forbidden' });

it.each([
  ['no image', spec, inState({ waiting: { reason: 'ErrImagePull' } }), "Failed to pull container image 'theirs:1'.", 'image'],
  [
    'no image of a kind',
    own,
    inState({ waiting: { reason: 'ErrImagePull' } }),
    "There is no image 'theirs:1' for kind 'nodejs:20' on the cluster's nodes: ErrImagePull.",
    'platform',
  ],
  [
    'no command',
    spec,
    inState({ waiting: { reason: 'RunContainerError', message: 'exec: "x": executable file not found in $PATH' } }),
    'executable file not found in the image.',
    'image',
  ],
  [
    'an end at once',
    spec,
    inState({ terminated: { exitCode: 1 } }),
    "A container of kind 'blackbox' did not start: its process ended with 1 before it listened.",
    'image',
  ],
  [
    'no place in time',
    own,
    inState({ waiting: { reason: 'ContainerCreating' } }),
    "A container of kind 'nodejs:20' did not start: it did not run within 500 ms (ContainerCreating).",
    'platform',
  ],
  [
    'a right that is missing',
    own,
    refusal('pods is forbidden: User "system:serviceaccount:a:b" cannot create resource "pods" in API group "" in the namespace "ns"'),
    "A container of kind 'nodejs:20' did not start: 'system:serviceaccount:a:b' may not create pods in the namespace 'ns': give it a role with the verb 'create' on the resource 'pods' there.",
    'platform',
  ],
  [
    'a quota',
    own,
    refusal('pods "i-a" is forbidden: exceeded quota: q'),
    'A container of kind \'nodejs:20\' did not start: pods "i-a" is forbidden: exceeded quota: q',
    'platform',
  ],
])('%s is told, and leaves no pod', async (_name, wanted, post, message, fault) => {
  bench.post = post;
  await bench.start();
  await expect(bench.factory.create(wanted)).rejects.toMatchObject({ message, fault });
  await bench.factory.close();
  expect(bench.deleted()).toEqual([`/api/v1/namespaces/ns/pods/${name}`]);
});

it('tries again while the API server is away, and takes a pod that an attempt without an answer made', async () => {
  bench.post = (_, response, count) => {
    if (count === 1) answer(response, 503, { message: 'starting' });
    else if (count === 2) response.destroy();
    else answer(response, 409, { message: 'there', reason: 'AlreadyExists' });
  };
  await bench.start(5_000);
  // the pod that is there has ended
  await expect(bench.factory.create(own)).rejects.toThrow('its process ended with 3 before it listened.');
  expect(bench.posts).toBe(3);
});

it('lets no more than ten be started at a time', async () => {
  const open: ServerResponse[] = [];
  bench.post = (_, response) => open.push(response);
  await bench.start(5_000);
  const creating = Array.from({ length: 13 }, (_, i) => bench.factory.create({ ...spec, name: `a${i}` }).catch(() => undefined));
  const fail = (response: ServerResponse) => answer(response, 422, { message: 'no' });
  await until(() => open.length === 10);
  open.splice(0, 2).forEach(fail);
  await until(() => bench.posts === 12);
  expect(bench.posts).toBe(12);
  bench.post = (_, response) => fail(response);
  open.forEach(fail);
  await Promise.all(creating);
  expect(bench.posts).toBe(13);
});

it('removes orphans and waits until they are gone', async () => {
  bench.lists = [[runningPod('x'), runningPod('y')], [runningPod('y')], []];
  await bench.start();
  await bench.factory.removeOrphans();
  expect(bench.deleted().map((path) => path.split('/').at(-1))).toEqual(['x', 'y']);
  expect(bench.server.requests.find(({ method }) => method === 'DELETE')!.body).toContain('"gracePeriodSeconds":1');
  expect(bench.warnings).toEqual(['2 pods of an earlier run have been removed.']);
});

it('goes on trying to remove a pod behind the answer', async () => {
  bench.post = inState({ terminated: { exitCode: 1 } });
  bench.remove = (response) => answer(response, 500, { message: 'etcd is away' });
  await bench.start();
  await expect(bench.factory.create(spec)).rejects.toThrow('ended');
  await until(() => bench.warnings.length === 1);
  expect(bench.warnings[0]).toMatch(
    /^Containers could not be removed and will be tried again: The API server .* cannot be used: etcd is away\.$/,
  );
  bench.remove = (response) => answer(response, 404, { message: 'gone' });
  await until(() => bench.deleted().length === 2);
});

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !condition(); ) {
    if (Date.now() > end) throw new Error('What was waited for did not happen.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
