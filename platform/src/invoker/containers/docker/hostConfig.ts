import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerSpec } from '../container';
import { sandboxImage, sandboxProgram } from './sandboxImage';

export interface DockerSettings {
  /** Network the containers are in; nothing of the platform's own should be reachable from it. Made when it is not there. */
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
/** Of an image: `true` when its runtime writes to /tmp and /action alone, so that all the rest can be read-only. */
export const readonlyLabel = 'openwhisk.readonly';

/** Working directory of our own runtimes: archives are unpacked there. */
const actionDirectory = '/action';

const mebibyte = 1024 * 1024;
/** Reference container-pool, section 4: open files and processes in a container. */
const maxFiles = 1024;
const maxProcesses = 1024;

/**
 * How a container is made: no swap, no capabilities, no way to gain privileges, and, with `readonly`, nothing to write to but bounded file systems
 * in memory. The user is the image's; images of our own name one that is not root. In a sandbox it has that one's network, and nothing else of it.
 */
export function createOptions(
  spec: ContainerSpec,
  settings: DockerSettings,
  { readonly, sandbox }: { readonly: boolean; sandbox?: { id: string } | undefined },
): ContainerCreateOptions {
  const memory = spec.memory * mebibyte;
  const scratch = `rw,exec,nosuid,nodev,size=${Math.max(16, Math.floor(spec.memory / 2))}m,mode=1777`;
  // the engine lays a file system of the image's own owner over a folder; the user of our images is given by number
  const owned = `${scratch},uid=1000,gid=1000`;
  const files = readonly ? { ReadonlyRootfs: true, Tmpfs: { '/tmp': scratch, [actionDirectory]: owned } } : {};
  return {
    name: `${settings.invoker}_${spec.name}`,
    Image: spec.image,
    Env: Object.entries(spec.environment).map(([key, value]) => `${key}=${value}`),
    AttachStdout: true,
    AttachStderr: true,
    // nothing in it waits for a signal: an engine that ends need not wait either
    StopTimeout: 0,
    Labels: { [invokerLabel]: settings.invoker, 'openwhisk.kind': spec.kind },
    HostConfig: {
      Memory: memory,
      MemorySwap: memory,
      CpuShares: Math.max(2, Math.floor(1024 / (settings.userMemory / spec.memory))),
      PidsLimit: maxProcesses,
      Ulimits: [{ Name: 'nofile', Soft: maxFiles, Hard: maxFiles }],
      NetworkMode: sandbox ? `container:${sandbox.id}` : settings.network,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ...files,
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
    },
  };
}

/** MB and processes: what the engine itself needs to start the program, which then needs next to nothing. */
const sandboxMemory = 64;
const sandboxProcesses = 64;

/** A sandbox: a process that sleeps, as nobody, and can do nothing else. */
export function sandboxContainer(name: string, network: string, invoker: string): ContainerCreateOptions {
  return {
    name,
    Image: sandboxImage,
    Entrypoint: [sandboxProgram],
    User: '65534:65534',
    StopTimeout: 0,
    Labels: { [invokerLabel]: invoker, 'openwhisk.kind': 'sandbox' },
    HostConfig: {
      Memory: sandboxMemory * mebibyte,
      MemorySwap: sandboxMemory * mebibyte,
      CpuShares: 2,
      PidsLimit: sandboxProcesses,
      NetworkMode: network,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
    },
  };
}
