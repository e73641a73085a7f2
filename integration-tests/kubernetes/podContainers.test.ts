import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerSpec } from '../../platform/src/invoker/containers/container';
import { eventually } from '../eventually';
import { type ClusterAccess, testCluster } from './cluster';
import { imageArchive } from './imageArchive';
import { echo, PodContainers } from './podContainers';
import { RUNTIME_IMAGES } from './standInImages';

/** Actions in pods of a real cluster: what they can't do, what they leave, and what happens when pods go away. */
const image = RUNTIME_IMAGES['nodejs:20']!;
const hang = 'function main() { console.log("begun"); return new Promise(() => setTimeout(() => {}, 1e6)) }';
const nothing = { type: 'connectionLost', outOfMemory: false };

let cluster: ClusterAccess;
let folder: string;
const containers = new PodContainers();

beforeAll(async () => {
  cluster = await testCluster();
  folder = mkdtempSync(join(tmpdir(), 'pods-'));
  await containers.factory.prepare();
});
afterEach(() => containers.release());
afterAll(async () => {
  await containers.close();
  rmSync(folder, { recursive: true, force: true });
});

const answerOf = (given: unknown) => JSON.parse((given as { body: string }).body);
const spec = (more: Partial<ContainerSpec>): ContainerSpec => ({
  name: 'x',
  kind: 'nodejs:20',
  image,
  memory: 128,
  environment: {},
  ...more,
});

test('an action is nobody in particular, without rights, without credentials, and writes to bounded memory alone', async () => {
  const code =
    'const fs = require("fs"); function main() { const write = (path, mb) => { try { for (let i = 0; i < mb; i++) fs.appendFileSync(path, Buffer.alloc(1 << 20)); fs.rmSync(path); return "written" }' +
    ' catch (e) { fs.rmSync(path, { force: true }); return e.code } };' +
    ' return { uid: process.getuid(), status: fs.readFileSync("/proc/self/status", "utf8"), account: fs.existsSync("/var/run/secrets/kubernetes.io"),' +
    ' services: Object.keys(process.env).filter((k) => /_SERVICE_HOST$/.test(k)), root: write("/x", 1), tmp: write("/tmp/x", 1), action: write("/action/x", 1), flood: write("/tmp/y", 100) } }';
  const container = await containers.initialised(code, { memory: 128 });
  const { status, ...found } = answerOf(await container.run({}));
  expect(found).toEqual({
    uid: 1000,
    account: false,
    // of the API server itself; each pod has that
    services: ['KUBERNETES_SERVICE_HOST'],
    root: 'EROFS',
    tmp: 'written',
    action: 'written',
    flood: 'ENOSPC',
  });
  expect(status).toMatch(/CapEff:\s+0+\n/);
  expect(status).toMatch(/CapBnd:\s+0+\n/);
  expect(status).toMatch(/NoNewPrivs:\s+1\n/);
  expect(status).toMatch(/Seccomp:\s+2\n/);
});

test('its pod says whose it is, and is gone when it is destroyed', async () => {
  const container = await containers.initialised(echo, { environment: { TEXT: '$(PATH) $$' } });
  const { stdout } = await cluster.kubectl(['get', 'pod', container.container.id, '-o', 'json']);
  const { metadata, spec: pod } = JSON.parse(stdout);
  expect(metadata.labels).toEqual({ 'openwhisk.invoker': containers.invoker, 'user-action-pod': 'true', 'openwhisk.kind': 'nodejs-20' });
  expect(pod).toMatchObject({ restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false });
  const [{ resources }] = pod.containers;
  expect(resources).toEqual({ limits: { memory: '256Mi' }, requests: { memory: '256Mi', cpu: '10m' } });
  await container.container.destroy();
  expect(await containers.pods()).toEqual([]);
  const other = await containers.initialised('function main() { return { text: process.env.TEXT } }', {
    environment: { TEXT: '$(PATH) $$' },
  });
  expect(answerOf(await other.run({}))).toEqual({ text: '$(PATH) $$' });
});

describe('logs', () => {
  test('are those of each run, with the times of the node', async () => {
    const container = await containers.initialised(echo);
    for (let i = 0; i < 5; i++) {
      const before = new Date().toISOString();
      await container.run({ i });
      const { lines, complete } = await container.container.logs(false);
      expect([lines.map((line) => line.slice(31)).sort(), complete]).toEqual([[`stdout: err ${i}`, `stdout: out ${i}`], true]);
      for (const line of lines) expect(line.slice(0, 30)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      // one clock, but not one that only goes forward between processes
      expect(Math.abs(Date.parse(lines[0]!.slice(0, 30)) - Date.parse(before))).toBeLessThan(60_000);
    }
  });

  test('are cut at their limit, and the next run has its own', async () => {
    const container = await containers.initialised('function main({ n }) { for (let i = 0; i < n; i++) console.log("x".repeat(99)) }', {
      logLimit: 10_000,
    });
    await container.run({ n: 20_000 });
    const lines = await container.lines();
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe('stderr: Logs were truncated because the total bytes size exceeds the limit of 10000 bytes.');
    await container.run({ n: 1 });
    expect(await container.lines()).toEqual([`stdout: ${'x'.repeat(99)}`]);
  });

  test('have lines of any length', async () => {
    const container = await containers.initialised(
      'function main() { console.log("é".repeat(20000)); console.log(""); console.log("end") }',
    );
    await container.run({});
    const texts = (await container.lines()).map((line) => line.replace(/^stdout: /, ''));
    expect(texts.slice(0, -2).join('')).toBe('é'.repeat(20_000));
    expect(texts.slice(-2)).toEqual(['', 'end']);
    for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(16_384);
  });
});

test('a pod that is deleted under a run is a lost connection, and soon', async () => {
  const container = await containers.initialised(hang, { timeout: 60_000 });
  const running = container.run({});
  await cluster.kubectl(['delete', 'pod', container.container.id, '--force', '--wait=false']);
  expect(await running).toEqual(nothing);
});

test('one that was killed while idle takes no request', async () => {
  const container = await containers.initialised(echo);
  await cluster.kubectl(['delete', 'pod', container.container.id, '--force', '--wait=true']);
  await eventually(async () => expect(await container.run({})).toMatchObject({ type: 'connectionLost', outOfMemory: false }));
});

describe('a start that fails', () => {
  test.each([
    [
      'of a kind whose image is not there',
      { image: 'registry.local/none:1' },
      /^There is no image 'registry\.local\/none:1' for kind 'nodejs:20' on the cluster's nodes: (ErrImagePull|ImagePullBackOff)\.$/,
      'platform',
    ],
    [
      "of a user's image that is not there",
      { kind: 'blackbox', image: 'registry.local/none' },
      "Failed to pull container image 'registry.local/none'.",
      'image',
    ],
    ["of a user's image whose name is none", { kind: 'blackbox', image: 'NONE:1' }, "Failed to pull container image 'NONE:1'.", 'image'],
  ])('%s: it is told, and no pod is left', async (_name, more, message, fault) => {
    const failing = containers.factory.create(spec({ name: 'failing', ...more }));
    await expect(failing).rejects.toMatchObject({ message: expect.stringMatching(message), fault });
    await eventually(async () => expect(await containers.pods()).toEqual([]));
  });

  test("of a user's image whose command is missing, or ends", async () => {
    const root = mkdtempSync(join(folder, 'root-'));
    writeFileSync(join(root, 'file'), '');
    const file = join(folder, 'none.tar');
    await cluster.importImage(await imageArchive({ root, reference: 'test/no-command:1', file, entrypoint: ['/none'] }));
    await expect(containers.factory.create(spec({ kind: 'blackbox', image: 'test/no-command:1' }))).rejects.toMatchObject({
      message: expect.stringMatching(
        /^executable file not found in the image\.$|^The command of the image 'test\/no-command:1' cannot be run\.$/,
      ),
      fault: 'image',
    });
    await eventually(async () => expect(await containers.pods()).toEqual([]));
  });

  test('for lack of memory: it is told when its time is over', async () => {
    const host = new PodContainers({ startTimeout: 10_000 });
    try {
      await expect(host.factory.create(spec({ memory: 1_000_000 }))).rejects.toThrow(
        /did not start: it did not run within 10000 ms \(0\/1 nodes are available: .*Insufficient memory/,
      );
      await eventually(async () => expect(await host.pods()).toEqual([]));
    } finally {
      await host.close();
    }
  });
});

test("a user's image with a fixed tag is run from the node", async () => {
  const container = await containers.initialised(echo, { kind: 'blackbox', image });
  expect(await container.run({ i: 1 })).toMatchObject({ status: 200, body: '{"i":1}' });
  expect((await container.lines()).sort()).toEqual(['stdout: err 1', 'stdout: out 1']);
});

test('many are started at once, and all answer', async () => {
  const started = await Promise.all(Array.from({ length: 16 }, () => containers.initialised(echo, { memory: 128 })));
  expect(await Promise.all(started.map((container, i) => container.run({ i })))).toEqual(
    started.map((_, i) => ({ type: 'response', status: 200, body: `{"i":${i}}` })),
  );
});

test('what an earlier life left behind is found by its label and removed; nothing else is', async () => {
  const orphan = await containers.initialised(echo);
  const other = new PodContainers();
  try {
    const stays = await other.initialised(echo);
    const next = new PodContainers({ invoker: containers.invoker });
    await next.factory.removeOrphans();
    expect(next.warnings).toEqual(['1 pods of an earlier run have been removed.']);
    await next.close();
    expect(await containers.pods()).toEqual([]);
    expect(await other.pods()).toEqual([`pod/${stays.container.id}`]);
    expect(await orphan.run({})).toMatchObject({ type: 'connectionLost' });
  } finally {
    await other.close();
  }
});

test('the pod of an invoker that is removed for good takes those of its actions with it', async () => {
  const owner = `owner-${process.pid}`;
  await cluster.kubectl(['run', owner, `--image=${image}`, '--restart=Never']);
  const { stdout: uid } = await cluster.kubectl(['get', 'pod', owner, '-o', 'jsonpath={.metadata.uid}']);
  const host = new PodContainers({ owner: { name: owner, uid } });
  try {
    const container = await host.initialised(echo);
    await cluster.kubectl(['delete', 'pod', owner, '--force']);
    await eventually(async () => expect(await host.pods()).toEqual([]));
    await eventually(async () => expect(await container.run({})).toMatchObject({ type: 'connectionLost', unsent: true }));
  } finally {
    await host.close();
  }
});
