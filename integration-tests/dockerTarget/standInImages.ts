import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type Docker from 'dockerode';
import { THIRD_PARTY_IMAGES } from '../../provider/src/blueprint/parts';
import { mustRun } from '../../tooling/src/command';
import { acquireKafkaLibraries } from '../../tooling/src/kafkaLibraries';
import { nginxProgram } from '../cluster/nginxServer';
import { copyWithLibraries, importRoot, isThere, pulled } from '../docker/images';

const repository = join(__dirname, '../..');

/** Commands the images' own scripts and health checks call. */
const SHELL = ['/bin/bash', '/bin/sh', '/bin/mkdir', '/bin/cat', '/bin/sleep', '/bin/ls'];

interface StandIn {
  /** Puts everything below `root`. */
  fill(root: string): Promise<void>;
  /** Changes of `docker import`. */
  changes: readonly string[];
}

/** A part of the platform that is not ours. */
export type ThirdPartyPart = keyof typeof THIRD_PARTY_IMAGES;

/** Parts of the platform that are not ours, under the tags of the official images; made of this machine's packages where no registry is reached. */
export async function provideThirdPartyImages(docker: Docker): Promise<void> {
  for (const [part, name] of Object.entries(THIRD_PARTY_IMAGES) as [ThirdPartyPart, string][]) {
    if ((await isThere(docker, name)) || (await pulled(docker, name))) continue;
    await withStandInRoot(part, (root, changes) => importRoot(root, name, changes));
  }
}

/**
 * Puts the stand-in for a part together in a folder, which is there while `use` works with it.
 * @param use is told the changes, as those of `docker import`, with which the folder is an image
 */
export async function withStandInRoot(
  part: ThirdPartyPart,
  use: (root: string, changes: readonly string[]) => Promise<void>,
): Promise<void> {
  const { fill, changes } = standIns[part];
  const root = await mkdtemp(join(tmpdir(), 'image-root-'));
  try {
    // as one that anybody may read, not as `mkdtemp` makes it
    await chmod(root, 0o755);
    for (const folder of ['tmp', 'etc', 'usr/bin', 'proc', 'sys', 'dev', 'run', 'var/log', 'var/lib'])
      await mkdir(join(root, folder), { recursive: true });
    await mustRun('chmod', ['1777', join(root, 'tmp')]);
    for (const program of SHELL) await copyWithLibraries(root, program);
    const users = ['root:x:0:0::/root:/bin/sh', 'www-data:x:33:33::/:/bin/false', 'nobody:x:65534:65534::/:/bin/false'];
    await writeFile(join(root, 'etc/passwd'), `${users.join('\n')}\n`);
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\nnobody:x:65534:\n');
    await fill(root);
    await use(root, changes);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function put(root: string, path: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content, { mode });
}

/** As the official image does: a variable KAFKA_A_B is the broker's setting a.b, and data are formatted once. */
const kafkaScript = `#!/bin/bash
set -e
properties=/tmp/server.properties
: > $properties
for name in $(compgen -e); do
  case $name in
    KAFKA_HEAP_OPTS | KAFKA_OPTS) ;;
    KAFKA_*) key=\${name#KAFKA_}; key=\${key//_/.}; echo "\${key,,}=\${!name}" >> $properties ;;
  esac
done
echo 'share.coordinator.state.topic.replication.factor=1' >> $properties
echo 'share.coordinator.state.topic.min.isr=1' >> $properties
set -f
run="/opt/java/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 $KAFKA_HEAP_OPTS -cp /opt/kafka/libs/*"
$run kafka.tools.StorageTool format --ignore-formatted -t "\${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" -c $properties
exec $run kafka.Kafka $properties
`;

/** Modules of Java a broker uses. */
const JAVA_MODULES =
  'java.base,java.logging,java.management,java.naming,java.rmi,java.security.jgss,java.security.sasl,java.desktop,java.sql,java.xml,java.net.http,jdk.management,jdk.unsupported,jdk.crypto.ec,jdk.security.auth';

const kafka: StandIn = {
  changes: ['ENTRYPOINT ["/opt/kafka/start.sh"]', 'ENV PATH=/usr/bin:/bin'],
  async fill(root) {
    const { folder } = await acquireKafkaLibraries();
    const place = await mkdtemp(join(tmpdir(), 'java-runtime-'));
    try {
      const runtime = join(place, 'runtime');
      const options = ['--strip-debug', '--no-header-files', '--no-man-pages', '--output', runtime];
      await mustRun('jlink', ['--add-modules', JAVA_MODULES, ...options], { timeoutMs: 300_000 });
      await copyWithLibraries(root, runtime, '/opt/java');
      // that of a folder are those of its shared objects
      await copyWithLibraries(root, join(runtime, 'bin/java'), '/opt/java/bin/java');
    } finally {
      await rm(place, { recursive: true, force: true });
    }
    await cp(folder, join(root, 'opt/kafka/libs'), { recursive: true });
    await put(root, 'opt/kafka/start.sh', kafkaScript, 0o755);
  },
};

const couchdb: StandIn = {
  changes: [
    'ENTRYPOINT ["node", "/opt/couchdb/program.mjs", "/opt/couchdb/data", "5984", "0.0.0.0"]',
    'ENV PATH=/usr/local/bin:/usr/bin:/bin',
  ],
  async fill(root) {
    await copyWithLibraries(root, process.execPath, '/usr/bin/node');
    const program = join(__dirname, '../cluster/couchProgram.mjs');
    await put(root, 'opt/couchdb/program.mjs', readFileSync(program, 'utf8'));
    const packages = new Set<string>();
    for (const name of Object.keys(JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')).devDependencies))
      closure(name, join(__dirname, '..'), packages);
    for (const source of packages) {
      const target = join(
        root,
        'opt/couchdb',
        relative(source.startsWith(join(__dirname, '..')) ? join(__dirname, '..') : repository, source),
      );
      const inside = (path: string) => !relative(source, path).split('/').includes('node_modules');
      await cp(source, target, { recursive: true, dereference: true, filter: inside });
    }
  },
};

const nginx: StandIn = {
  changes: ['ENTRYPOINT ["/usr/sbin/nginx", "-g", "daemon off;"]', 'ENV PATH=/usr/sbin:/usr/bin:/bin'],
  async fill(root) {
    await copyWithLibraries(root, await nginxProgram(), '/usr/sbin/nginx');
    for (const folder of ['var/log/nginx', 'var/lib/nginx', 'etc/nginx']) await mkdir(join(root, folder), { recursive: true });
  },
};

const standIns: Readonly<Record<ThirdPartyPart, StandIn>> = { kafka, couchdb, nginx };

/** Folders of a package and of all it depends on, as Node would find them from `from`. */
function closure(name: string, from: string, into: Set<string>): void {
  for (let place = from; place.startsWith(repository); place = dirname(place)) {
    const candidate = join(place, 'node_modules', name);
    if (!existsSync(join(candidate, 'package.json'))) continue;
    if (into.has(candidate)) return;
    into.add(candidate);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(candidate, 'package.json'), 'utf8'));
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) closure(dependency, candidate, into);
    return;
  }
}
