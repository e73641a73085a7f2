import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerSpec } from '../container';

export interface DockerSettings {
  /** Network the containers are in; nothing of the platform's own should be reachable from it. */
  network: string;
  /**
   * Value of the label by which an invoker knows its containers again, and beginning of their names: its own on this engine,
   * since whatever carries it is removed at its start. Letters, digits, `_`, `.`, `-`.
   */
  invoker: string;
  /** MB the invoker hands out in all: a container's share of the processor is its share of this. */
  userMemory: number;
}

export const invokerLabel = 'openwhisk.invoker';
export const runtimePort = 8080;

/** Working directory of our own runtimes: archives are unpacked there. */
const actionDirectory = '/action';

const mebibyte = 1024 * 1024;
/** Reference container-pool, section 4: open files and processes in a container. */
const maxFiles = 1024;
const maxProcesses = 1024;

/**
 * How a container is made: no swap, no capabilities, no way to gain privileges, nothing to write to but bounded file systems in memory. The user is the
 * image's; images of our own name one that is not root.
 */
export function createOptions(spec: ContainerSpec, settings: DockerSettings): ContainerCreateOptions {
  const memory = spec.memory * mebibyte;
  const scratch = `rw,exec,nosuid,nodev,size=${Math.max(16, Math.floor(spec.memory / 2))}m,mode=1777`;
  // the engine lays a file system of the image's own owner over a folder; the user of our images is given by number
  const owned = `${scratch},uid=1000,gid=1000`;
  // a user's image may need to write anywhere in itself; images of our own do not
  const readonly = spec.kind === 'blackbox' ? {} : { ReadonlyRootfs: true, Tmpfs: { '/tmp': scratch, [actionDirectory]: owned } };
  return {
    name: `${settings.invoker}_${spec.name}`,
    Image: spec.image,
    Env: Object.entries(spec.environment).map(([key, value]) => `${key}=${value}`),
    AttachStdout: true,
    AttachStderr: true,
    Labels: { [invokerLabel]: settings.invoker, 'openwhisk.kind': spec.kind },
    HostConfig: {
      Memory: memory,
      MemorySwap: memory,
      CpuShares: Math.max(2, Math.floor(1024 / (settings.userMemory / spec.memory))),
      PidsLimit: maxProcesses,
      Ulimits: [{ Name: 'nofile', Soft: maxFiles, Hard: maxFiles }],
      NetworkMode: settings.network,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ...readonly,
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
    },
  };
}
