import { readdirSync } from 'node:fs';
import type Docker from 'dockerode';
import { connect } from './connection';
import { type DockerResource, found, type Properties } from './resource';

interface Build {
  context: string;
  dockerfile?: string;
  buildArgs?: Record<string, string>;
  useLegacyBuilder?: boolean;
  networkMode?: string;
}

/** An image that is built, or pulled unless it is there. */
export const remoteImage: DockerResource = {
  updatable: ['keepLocally', 'forceRemove'],
  computed: ['imageId', 'repoDigest'],
  async create(docker, inputs) {
    const name = String(inputs.name);
    const build = inputs.build as Build | undefined;
    // the newer builder is the docker command's, which knows nothing of the provider's settings
    if (build !== undefined) await buildImage(build.useLegacyBuilder === true ? docker : connect({}), name, build);
    else if ((await found(docker.getImage(name).inspect())) === undefined) await pull(docker, name);
    const { Id } = await docker.getImage(name).inspect();
    return { id: `${Id}${name}`, outputs: { imageId: Id, repoDigest: '' } };
  },
  async read(docker, _id, inputs) {
    const live = await found(docker.getImage(String(inputs.name)).inspect());
    return live === undefined ? undefined : { imageId: live.Id };
  },
  async update() {
    // what may change is only how it is removed
  },
  async delete(docker, _id, inputs) {
    if (inputs.keepLocally === true) return;
    const image = docker.getImage(String(inputs.name)) as unknown as { remove(options: { force: boolean }): Promise<unknown> };
    await found(image.remove({ force: inputs.forceRemove === true }));
  },
};

async function buildImage(docker: Docker, name: string, { context, dockerfile, buildArgs, networkMode }: Build): Promise<void> {
  const options = { t: name, dockerfile: dockerfile ?? 'Dockerfile', buildargs: buildArgs ?? {}, rm: true, forcerm: true };
  const stream = await docker.buildImage(
    { context, src: readdirSync(context) },
    { ...options, ...(networkMode === undefined ? {} : { networkmode: networkMode }) },
  );
  await follow(docker, stream, `failed to build ${name}`);
}

async function pull(docker: Docker, name: string): Promise<void> {
  try {
    await follow(docker, await docker.pull(name), `failed to pull ${name}`);
  } catch (error) {
    throw new Error(`Unable to read Docker image into resource: unable to pull image ${name}: ${(error as Error).message}`);
  }
}

function follow(docker: Docker, stream: NodeJS.ReadableStream, failure: string): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null, output: Properties[]) => {
      const said = output?.find((line) => typeof line.error === 'string')?.error;
      if (error || said) reject(new Error(`${failure}: ${error?.message ?? String(said)}`));
      else resolve();
    });
  });
}
