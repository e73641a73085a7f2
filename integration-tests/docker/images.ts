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
  /** Programs and folders of this machine a stand-in for the base is made of. */
  contents: string[];
}

export const nodeImage: RuntimeImage = {
  name: 'openwhisk-as-code/runtime-nodejs-20:0.1.0',
  runtime: 'nodejs',
  base: 'node:20-bookworm-slim',
  contents: [realpathSync(process.execPath)],
};

export const pythonImage: RuntimeImage = {
  name: 'openwhisk-as-code/runtime-python-3.11:0.1.0',
  runtime: 'python',
  base: 'python:3.11-slim-bookworm',
  contents: ['/usr/bin/python3.11', '/usr/bin/python3', '/usr/lib/python3.11'],
};

/** Builds an image of ours from its Dockerfile, over the official base where it can be had and over a stand-in with its tag where not. */
export async function buildRuntimeImage(docker: Docker, image: RuntimeImage): Promise<void> {
  if (!(await exists(docker, image.base)) && !(await pulled(docker, image.base))) await makeStandIn(image.base, image.contents);
  // the classic builder: BuildKit would ask the registry about a base that is here already
  const environment = { ...process.env, DOCKER_BUILDKIT: '0' };
  await run('docker', ['build', '-q', '-t', image.name, join(runtimes, image.runtime)], { env: environment });
}

function exists(docker: Docker, name: string): Promise<boolean> {
  return docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

async function pulled(docker: Docker, name: string): Promise<boolean> {
  try {
    const progress = await docker.pull(name);
    await new Promise<void>((resolve, reject) => docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())));
    return true;
  } catch {
    return false;
  }
}

/** An image of the machine's own programs and the libraries they load. */
async function makeStandIn(name: string, contents: string[]): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'image-root-'));
  try {
    for (const folder of ['tmp', 'etc', 'usr/bin', 'proc', 'sys', 'dev']) mkdirSync(join(root, folder), { recursive: true });
    chmodSync(join(root, 'tmp'), 0o1777);
    for (const path of [...tools, ...contents]) await copyWithLibraries(root, path);
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
    await importRoot(root, name);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function copyWithLibraries(root: string, path: string): Promise<void> {
  if (!existsSync(path)) throw new Error(`A stand-in image needs ${path}, which this machine does not have.`);
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(path, target, { recursive: true, dereference: true });
  for (const library of await libraries(path)) {
    const copy = join(root, library);
    if (existsSync(copy)) continue;
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(library, copy, { dereference: true });
  }
}

async function libraries(path: string): Promise<string[]> {
  const shared = await run('find', [path, '-type', 'f', '-name', '*.so*']).then(
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

function importRoot(root: string, name: string): Promise<void> {
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const load = spawn('docker', ['import', '-c', 'ENV PATH=/usr/local/bin:/usr/bin:/bin', '-', name], {
    stdio: [tar.stdout!, 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    load.once('error', reject);
    load.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`docker import of ${name} ended with ${code}`))));
  });
}
