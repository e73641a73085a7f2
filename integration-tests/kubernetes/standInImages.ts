import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { THIRD_PARTY_IMAGES } from '../../provider/src/blueprint/parts';
import { ImageSources } from '../../provider/src/targets/imageSources';
import { acquireKafkaLibraries } from '../../tooling/src/kafkaLibraries';
import { repositoryRoot } from '../../tooling/src/repository';
import { nginxProgram } from '../cluster/nginxServer';
import { runtimeImages, withBaseRoot } from '../docker/images';
import { type ThirdPartyPart, withStandInRoot } from '../dockerTarget/standInImages';
import { cachedArchive } from './archiveCache';
import type { Cluster } from './cluster';
import { buildDockerfile, changed } from './dockerfile';
import { type ImageSettings, imageArchive } from './imageArchive';

/** Images of ours, as the tests name them. */
export const PLATFORM_IMAGE = 'openwhisk-as-code/platform:test';
export const RUNTIME_IMAGES: Readonly<Record<string, string>> = {
  'nodejs:20': 'openwhisk-as-code/runtime-nodejs-20:test',
  'python:3.11': 'openwhisk-as-code/runtime-python-3.11:test',
};

/** Puts all images of a platform into a cluster, which can't pull any: those of others under their usual names, and ours. */
export async function importPlatformImages(cluster: Cluster): Promise<void> {
  for (const part of Object.keys(THIRD_PARTY_IMAGES) as ThirdPartyPart[]) await cluster.importImage(await thirdPartyArchive(part));
  const folder = await mkdtemp(join(tmpdir(), 'image-archives-'));
  try {
    await cluster.importImage(await platformArchive(join(folder, 'platform.tar')));
    for (const kind of Object.keys(RUNTIME_IMAGES)) {
      const file = join(folder, `${kind.replace(':', '-')}.tar`);
      await cluster.importImage(await runtimeArchive(kind, file));
      await rm(file);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Path of an archive with the stand-in for a part that is not ours, under the name in `THIRD_PARTY_IMAGES`. */
export async function thirdPartyArchive(part: ThirdPartyPart): Promise<string> {
  const sources = ['dockerTarget/standInImages.ts', 'docker/images.ts', 'kubernetes/imageArchive.ts'];
  const texts = sources.map((file) => readFileSync(join(repositoryRoot, 'integration-tests', file)));
  const reference = THIRD_PARTY_IMAGES[part];
  return cachedArchive(part, [reference, ...texts, ...(await OWN_INPUTS[part]())], (file) =>
    withStandInRoot(part, async (root, changes) => {
      const settings = changes.reduce(changed, {} as ImageSettings);
      await imageArchive({ root, reference, file, ...settings });
    }),
  );
}

/** What else is in the image of a part. */
const OWN_INPUTS: Readonly<Record<ThirdPartyPart, () => Promise<(string | Buffer)[]>>> = {
  kafka: async () => [(await acquireKafkaLibraries()).key],
  couchdb: async () => [
    process.version,
    readFileSync(join(repositoryRoot, 'integration-tests/cluster/couchProgram.mjs')),
    readFileSync(join(repositoryRoot, 'integration-tests/package.json')),
  ],
  nginx: async () => [readFileSync(await nginxProgram())],
};

/** Writes the image of controllers and invokers, of the sources that the provider carries, to a file; gives its path. */
export async function platformArchive(file: string, reference = PLATFORM_IMAGE): Promise<string> {
  await build('platform', 'nodejs:20', reference, file);
  return file;
}

/** Writes the image of a kind of actions to a file; gives its path. */
export async function runtimeArchive(kind: string, file: string, reference = RUNTIME_IMAGES[kind]!): Promise<string> {
  await build(`runtimes/${runtimeImages[kind]!.runtime}`, kind, reference, file);
  return file;
}

/** @param base Kind whose image begins with the same base. */
async function build(context: string, base: string, reference: string, file: string): Promise<void> {
  const staged = await mkdtemp(join(tmpdir(), 'image-context-'));
  try {
    const { fill, arguments: given = {} } = runtimeImages[base]!;
    const folder = join(process.cwd(), new ImageSources().stage(context, staged));
    await withBaseRoot(fill, async (root) => {
      const settings = await buildDockerfile({ context: folder, root, arguments: given });
      await imageArchive({ root, reference, file, ...settings });
    });
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}
