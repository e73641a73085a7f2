import type { ChildProcess } from 'node:child_process';
import { dockerEngine, startEngine } from '../docker/engine';
import { buildRuntimeImage, runtimeImages } from '../docker/images';
import { buildDockerPlugin } from './dockerPlugin';
import { provideThirdPartyImages } from './standInImages';

/** An engine, the images that Dockerfiles begin with, those of others, and a docker provider. */
export default async function globalSetup(): Promise<void> {
  (globalThis as { dockerEngine?: ChildProcess }).dockerEngine = await startEngine();
  const docker = dockerEngine();
  for (const kind of ['nodejs:20', 'python:3.11']) await buildRuntimeImage(docker, runtimeImages[kind]!);
  await provideThirdPartyImages(docker);
  await buildDockerPlugin();
}
