import type Docker from 'dockerode';

/** Everything an engine has that somebody might leave behind, by name. */
export interface EngineListing {
  containers: string[];
  networks: string[];
  volumes: string[];
  images: string[];
}

export async function listEngine(docker: Docker): Promise<EngineListing> {
  const { Volumes } = await docker.listVolumes();
  return {
    containers: (await docker.listContainers({ all: true })).map(({ Names }) => Names[0]!).sort(),
    networks: (await docker.listNetworks()).map(({ Name }) => Name).sort(),
    volumes: (Volumes ?? []).map(({ Name }) => Name).sort(),
    // what the builder keeps has no name
    images: (await docker.listImages())
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .filter((tag) => tag !== '<none>:<none>')
      .sort(),
  };
}
