import { type DockerResource, found, list } from './resource';

interface Ipam {
  subnet?: string;
  gateway?: string;
  ipRange?: string;
}

export const network: DockerResource = {
  updatable: [],
  computed: ['scope'],
  async create(docker, inputs) {
    const made = await docker.createNetwork({
      Name: String(inputs.name),
      Driver: String(inputs.driver ?? 'bridge'),
      Internal: inputs.internal === true,
      CheckDuplicate: true,
      Options: (inputs.options ?? {}) as Record<string, string>,
      IPAM: {
        Driver: 'default',
        Config: list<Ipam>(inputs.ipamConfigs).map(({ subnet, gateway, ipRange }) => ({
          ...(subnet === undefined ? {} : { Subnet: subnet }),
          ...(gateway === undefined ? {} : { Gateway: gateway }),
          ...(ipRange === undefined ? {} : { IPRange: ipRange }),
        })),
      },
    });
    return { id: made.id, outputs: { scope: 'local' } };
  },
  async read(docker, id) {
    const live = await found(docker.getNetwork(id).inspect());
    return live === undefined ? undefined : { name: live.Name, scope: live.Scope };
  },
  async delete(docker, id) {
    const live = await found(docker.getNetwork(id).inspect());
    // as the real one does: what is still attached is detached
    for (const container of Object.keys(live?.Containers ?? {}))
      await docker
        .getNetwork(id)
        .disconnect({ Container: container, Force: true })
        .catch(() => undefined);
    await found(docker.getNetwork(id).remove());
  },
};

export const volume: DockerResource = {
  updatable: [],
  computed: ['mountpoint'],
  async create(docker, inputs) {
    const { name } = await docker.createVolume({ Name: String(inputs.name) });
    return { id: name, outputs: { mountpoint: (await docker.getVolume(name).inspect()).Mountpoint } };
  },
  async read(docker, id) {
    const live = await found(docker.getVolume(id).inspect());
    return live === undefined ? undefined : { name: live.Name, mountpoint: live.Mountpoint };
  },
  async delete(docker, id) {
    await found(docker.getVolume(id).remove());
  },
};
