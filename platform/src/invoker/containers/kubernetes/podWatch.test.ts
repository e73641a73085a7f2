import type { ServerResponse } from 'node:http';
import { KubernetesApi } from './kubernetesApi';
import type { Pod } from './podState';
import { PodWatch, type WatchedPod } from './podWatch';
import { answer, FakeApiServer, type FakeRequest, runningPod } from './testing/fakeApiServer';

const path = '/api/v1/namespaces/ns/pods';
const isWatch = ({ query }: FakeRequest) => query.get('watch') === 'true';
const pending = (name: string) => ({ metadata: { name, uid: 'u' } }) as Pod;

class Bench {
  readonly warnings: string[] = [];
  /** Watches that are open. */
  readonly watches: ServerResponse[] = [];
  /** What lists hold, and whether they are answered. */
  pods: object[] = [];
  place = '1';
  listStatus = 200;
  readonly server = new FakeApiServer((request, response) => {
    if (isWatch(request)) {
      response.writeHead(200);
      response.flushHeaders();
      this.watches.push(response);
      this.opened?.();
    } else if (this.listStatus !== 200) answer(response, this.listStatus, { message: 'no' });
    else answer(response, 200, { metadata: { resourceVersion: this.place }, items: this.pods });
  });
  api!: KubernetesApi;
  watch!: PodWatch;
  private opened: (() => void) | undefined;

  async start(): Promise<void> {
    this.api = new KubernetesApi(await this.server.listen());
    this.watch = new PodWatch(this.api, path, 'openwhisk.invoker=i', (message) => this.warnings.push(message));
    this.watch.start();
    await this.watching(1);
  }

  /** Resolves when so many watches have been opened in all. */
  async watching(count: number): Promise<void> {
    while (this.watches.length < count) {
      await new Promise<void>((resolve) => {
        this.opened = resolve;
      });
    }
  }

  send(type: string, object: object): void {
    this.watches.at(-1)!.write(`${JSON.stringify({ type, object })}\n`);
  }

  async close(): Promise<void> {
    await this.watch.close();
    await this.api.close();
    await this.server.close();
  }
}

let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.start();
});
afterEach(() => bench.close());

const reached = (pod: WatchedPod, phase: string) =>
  pod.reach(
    (state) => state.phase === phase,
    4_000,
    (state) => `it is ${state.phase}`,
  );
const watchQueries = () => bench.server.requests.filter(isWatch).map(({ query }) => query.get('resourceVersion'));

it('asks for the pods of one invoker, with a place in history and with bookmarks', () => {
  const [list, watch] = bench.server.requests;
  expect([list!.path, list!.query.get('labelSelector'), list!.authorization]).toEqual([path, 'openwhisk.invoker=i', 'Bearer t']);
  expect(Object.fromEntries(watch!.query)).toMatchObject({
    labelSelector: 'openwhisk.invoker=i',
    resourceVersion: '1',
    allowWatchBookmarks: 'true',
  });
});

it('tells each pod its own news, however they are cut', async () => {
  const [a, b] = [bench.watch.of('a'), bench.watch.of('b')];
  const text = ['a', 'b']
    .map((name, i) => `${JSON.stringify({ type: 'MODIFIED', object: runningPod(name, undefined, `10.0.0.${i}`) })}\n`)
    .join('');
  for (const piece of [text.slice(0, 30), text.slice(30, -20), text.slice(-20)]) {
    bench.watches[0]!.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await reached(a, 'running')).toEqual({ phase: 'running', address: '10.0.0.0' });
  expect(await reached(b, 'running')).toEqual({ phase: 'running', address: '10.0.0.1' });
});

it('goes on where a watch broke, by the place of the last event or bookmark', async () => {
  const pod = bench.watch.of('a');
  bench.send('BOOKMARK', { metadata: { resourceVersion: '42' } });
  bench.send('MODIFIED', { ...runningPod('other'), metadata: { name: 'other', resourceVersion: '43' } });
  await eventsRead();
  bench.server.breakConnections();
  await bench.watching(2);
  expect(watchQueries()).toEqual(['1', '43']);
  bench.send('MODIFIED', runningPod('a'));
  await reached(pod, 'running');
});

it.each([
  ['by an event', () => bench.send('ERROR', { metadata: {}, code: 410, message: 'too old resource version' })],
  ['by its status', () => bench.watches.at(-1)!.end()],
])('lists anew when its place is forgotten, told %s, and takes what was missed from the list', async (which, tell) => {
  const [runs, gone, unmade] = ['runs', 'gone', 'unmade'].map((name) => bench.watch.of(name));
  runs!.made(pending('runs'));
  gone!.made(pending('gone'));
  bench.place = '100';
  bench.pods = [runningPod('runs')];
  if (which === 'by its status') gonePlaces();
  tell();
  await reached(runs!, 'running');
  await reached(gone!, 'gone');
  // its request may still be under way
  expect(unmade!.state.phase).toBe('pending');
  expect(bench.server.requests.filter((request) => !isWatch(request))).toHaveLength(2);
  expect(bench.warnings).toEqual([]);
});

it('waits for an API server that is away, and warns once', async () => {
  const pod = bench.watch.of('a');
  pod.made(pending('a'));
  bench.listStatus = 503;
  bench.send('ERROR', { metadata: {}, code: 410 });
  await until(() => bench.server.requests.length >= 5);
  bench.listStatus = 200;
  bench.pods = [runningPod('a')];
  await reached(pod, 'running');
  expect(bench.warnings).toEqual([
    `News of the pods of actions does not come and will be asked for again: The API server of the cluster at ${bench.api.server} cannot be used: no.`,
  ]);
});

it('keeps how a pod ended when it is removed after that', async () => {
  const pod = bench.watch.of('a');
  bench.send('MODIFIED', runningPod('a', { terminated: { reason: 'OOMKilled', exitCode: 137 } }));
  bench.send('DELETED', runningPod('a'));
  const ended = await reached(pod, 'ended');
  await eventsRead();
  expect([ended, pod.state]).toEqual(Array(2).fill({ phase: 'ended', outOfMemory: true, why: 'its process ended with 137' }));
});

it('says what is waited for when it takes too long', async () => {
  await expect(
    bench.watch.of('a').reach(
      () => false,
      1,
      (state) => `still ${state.phase}`,
    ),
  ).rejects.toThrow('still pending');
});

it('reads a list by pages', async () => {
  const pages = [
    { metadata: { resourceVersion: '5', continue: 'more' }, items: [runningPod('a')] },
    { metadata: { resourceVersion: '5' }, items: [runningPod('b')] },
  ];
  const server = new FakeApiServer(({ query }, response) => answer(response, 200, pages[query.get('continue') === 'more' ? 1 : 0]));
  const api = new KubernetesApi(await server.listen());
  const { pods, resourceVersion } = await new PodWatch(api, path, 'l=i', () => undefined).list();
  expect([pods.map(({ metadata }) => metadata.name), resourceVersion]).toEqual([['a', 'b'], '5']);
  await api.close();
  await server.close();
});

/** The next watch is refused with 410, as servers do whose history begins later. */
function gonePlaces(): void {
  const { server } = bench as unknown as { server: { handle: (request: FakeRequest, response: ServerResponse) => void } };
  const before = server.handle;
  server.handle = (request, response) => {
    if (request.query.get('resourceVersion') === '1') answer(response, 410, { message: 'too old resource version', reason: 'Expired' });
    else before(request, response);
  };
}

/** Resolves when what was sent so far has been taken. */
async function eventsRead(): Promise<void> {
  const marker = bench.watch.of('marker');
  bench.send('MODIFIED', { ...runningPod('marker'), metadata: { name: 'marker' } });
  await reached(marker, 'running');
  marker.forget();
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !condition(); ) {
    if (Date.now() > end) throw new Error('What was waited for did not happen.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
