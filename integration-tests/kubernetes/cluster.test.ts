import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyWithLibraries } from '../docker/images';
import { eventually } from '../eventually';
import { type ClusterAccess, testCluster } from './cluster';
import { imageArchive } from './imageArchive';
import type { KubernetesObject } from './kubernetesApi';
import { PLATFORM_IMAGE, RUNTIME_IMAGES } from './standInImages';

const NAMESPACE = 'cluster-test';
/** Containers start at once; a machine that does much besides takes its time, in milliseconds. */
const PATIENCE = 60_000;

let cluster: ClusterAccess;
let folder: string;

const kubectl = async (...args: string[]): Promise<string> => (await cluster.kubectl(['--namespace', NAMESPACE, ...args])).stdout;

async function apply(...objects: KubernetesObject[]): Promise<void> {
  const file = join(folder, 'objects.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await kubectl('apply', '-f', file);
}

function pod(
  name: string,
  image: string,
  command: readonly string[] | undefined,
  more: object = {},
  container: object = {},
): KubernetesObject {
  const only = { name: 'main', image, ...(command === undefined ? {} : { command }), ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [only], ...more },
  };
}

async function phase(name: string, wanted: string): Promise<void> {
  await eventually(async () => expect(await kubectl('get', 'pod', name, '-o', 'jsonpath={.status.phase}')).toBe(wanted), PATIENCE);
}

beforeAll(async () => {
  cluster = await testCluster();
  folder = mkdtempSync(join(tmpdir(), 'cluster-test-'));
  await cluster.kubectl(['create', 'namespace', NAMESPACE]);
});
afterAll(async () => {
  await cluster.kubectl(['delete', 'namespace', NAMESPACE, '--wait']);
  rmSync(folder, { recursive: true, force: true });
});

describe('an archive of an image', () => {
  it('has a folder in one layer, with its settings, and runs as they say', async () => {
    const root = join(folder, 'root');
    await copyWithLibraries(root, '/bin/sh');
    await copyWithLibraries(root, '/usr/bin/id', '/bin/id');
    mkdirSync(join(root, 'place'));
    writeFileSync(join(root, 'place/greeting'), 'well met');
    const archive = await imageArchive({
      root,
      reference: 'test/greeting:1',
      file: join(folder, 'greeting.tar'),
      entrypoint: ['/bin/sh', '-c', 'read greeting < greeting; echo "$greeting, $NAME, at $PWD, number $(/bin/id -u)"'],
      env: { NAME: 'stranger' },
      workdir: '/place',
      user: '1234:1234',
      labels: { of: 'the tests' },
    });
    const files = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n');
    expect(files).toEqual(['manifest.json', expect.stringMatching(/^[0-9a-f]{64}\.json$/), 'layer.tar']);
    const read = (file: string) => JSON.parse(execFileSync('tar', ['-xOf', archive, file], { encoding: 'utf8' }));
    expect(read('manifest.json')).toEqual([{ Config: files[1], RepoTags: ['test/greeting:1'], Layers: ['layer.tar'] }]);
    expect(read(files[1]!).config.Labels).toEqual({ of: 'the tests' });

    await cluster.importImage(archive);
    await apply(pod('greeting', 'test/greeting:1', undefined));
    await phase('greeting', 'Succeeded');
    expect(await kubectl('logs', 'greeting')).toBe('well met, stranger, at /place, number 1234\n');
  });
});

describe('the images of a platform', () => {
  it('run what their Dockerfiles say', async () => {
    await apply(pod('runtime', RUNTIME_IMAGES['nodejs:20']!, undefined), pod('snake', RUNTIME_IMAGES['python:3.11']!, undefined));
    for (const name of ['runtime', 'snake']) {
      await phase(name, 'Running');
      const address = await kubectl('get', 'pod', name, '-o', 'jsonpath={.status.podIP}');
      const code =
        name === 'snake' ? 'def main(args): return {"said": args["word"]}' : 'function main(args) { return { said: args.word } }';
      const post = (path: string, value: object) =>
        eventually(async () => {
          const response = await fetch(`http://${address}:8080${path}`, { method: 'POST', body: JSON.stringify({ value }) });
          return { status: response.status, body: await response.text() };
        }, PATIENCE);
      expect(await post('/init', { name: 'main', main: 'main', binary: false, code })).toMatchObject({ status: 200 });
      expect(await post('/run', { word: name })).toEqual({ status: 200, body: expect.stringContaining(`"${name}"`) });
    }
  });

  it('are those of controllers and invokers too', async () => {
    await apply(
      pod('platform', PLATFORM_IMAGE, ['node', '-e', 'require.resolve("/platform/dist/main/controller.js"); console.log(process.cwd())']),
    );
    await phase('platform', 'Succeeded');
    expect(await kubectl('logs', 'platform')).toBe('/platform/dist/main\n');
  });
});

describe('the cluster', () => {
  it('resolves and serves the name of a service inside', async () => {
    const serve = 'require("http").createServer((q, r) => r.end("served")).listen(8000)';
    const ask =
      'fetch("http://server.cluster-test.svc.cluster.local/").then(async (r) => console.log(await r.text())).catch((e) => { console.log(e.cause); process.exit(1) })';
    const ready = { readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 } };
    await apply(pod('server', PLATFORM_IMAGE, ['node', '-e', serve], {}, ready), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'server' },
      spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8000 }] },
    });
    await kubectl('wait', '--for=condition=Ready', 'pod/server', '--timeout=60s');
    await apply(pod('client', PLATFORM_IMAGE, ['node', '-e', ask], { restartPolicy: 'OnFailure' }));
    await phase('client', 'Succeeded');
    expect(await kubectl('logs', 'client')).toBe('served\n');
    // and by its address from this machine
    const address = await kubectl('get', 'service', 'server', '-o', 'jsonpath={.spec.clusterIP}');
    expect(await (await fetch(`http://${address}/`)).text()).toBe('served');
  });

  it('gives a claim a volume that outlives its pod, and ends with the claim', async () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { storageClassName: 'local', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    };
    const mounting = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }], securityContext: { runAsUser: 1000 } };
    const mounted = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
    await apply(claim, pod('writer', PLATFORM_IMAGE, ['/bin/sh', '-c', 'echo kept > /data/file'], mounting, mounted));
    await phase('writer', 'Succeeded');
    await kubectl('delete', 'pod', 'writer', '--wait');
    await apply(pod('reader', PLATFORM_IMAGE, ['/bin/cat', '/data/file'], mounting, mounted));
    await phase('reader', 'Succeeded');
    expect(await kubectl('logs', 'reader')).toBe('kept\n');
    const volume = await kubectl('get', 'pvc', 'data', '-o', 'jsonpath={.spec.volumeName}');
    const volumes = join(cluster.folder, 'volumes');
    expect(readdirSync(volumes)).toContain(volume);
    await kubectl('delete', 'pod/reader', 'pvc/data', '--wait');
    await eventually(async () => {
      expect(existsSync(join(volumes, volume))).toBe(false);
      expect(await kubectl('get', 'pv', '-o', 'name')).not.toContain(volume);
    }, PATIENCE);
  });
});
