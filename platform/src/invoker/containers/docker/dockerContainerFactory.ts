import { connect } from 'node:net';
import Docker from 'dockerode';
import { WaitingRoom } from '../../logs/waitingRoom';
import { type Container, type ContainerFactory, type ContainerSpec, ContainerStartError } from '../container';
import { DockerContainer } from './dockerContainer';
import { createOptions, type DockerSettings, invokerLabel, runtimePort } from './hostConfig';

/** OpenWhisk's bound on containers started at a time. */
const parallelStarts = 10;

/** ms a runtime may take until it listens, OpenWhisk's bound on a start; and between two looks. */
const startTimeout = 60_000;
const lookInterval = 5;

export interface DockerContainerOptions extends DockerSettings {
  /** Unix socket of the engine; dockerode's default and `DOCKER_HOST` when absent. */
  socketPath?: string;
  warn?: (message: string) => void;
}

/** Containers of a Docker engine, over its API on a kept-alive connection. */
export class DockerContainerFactory implements ContainerFactory {
  private readonly docker: Docker;
  private readonly room = new WaitingRoom();
  private readonly containers = new Set<DockerContainer>();
  private starting = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly options: DockerContainerOptions) {
    this.docker = options.socketPath === undefined ? new Docker() : new Docker({ socketPath: options.socketPath });
  }

  async create(spec: ContainerSpec): Promise<Container> {
    await this.turn();
    try {
      return await this.start(spec);
    } finally {
      this.starting--;
      this.waiting.shift()?.();
    }
  }

  /** What an earlier life of this invoker left behind is found by its label. */
  async removeOrphans(): Promise<void> {
    const filters = { label: [`${invokerLabel}=${this.options.invoker}`] };
    const found = await this.docker.listContainers({ all: true, filters });
    await Promise.all(found.map(({ Id }) => this.docker.getContainer(Id).remove({ force: true }).catch(ignoreMissing)));
    if (found.length > 0) this.options.warn?.(`${found.length} containers of an earlier run have been removed.`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.containers].map((c) => c.destroy()));
    this.room.close();
  }

  private async start(spec: ContainerSpec): Promise<Container> {
    const container = await this.make(spec);
    try {
      const output = await container.attach({ stream: true, stdout: true, stderr: true });
      await container.start();
      const { NetworkSettings } = await container.inspect();
      const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
      if (!address) throw new Error('it has no address in its network.');
      await listening(container, address, startTimeout);
      const { docker, room } = this;
      const made: DockerContainer = new DockerContainer({
        spec,
        docker,
        container,
        output,
        address,
        room,
        removed: () => this.containers.delete(made),
      });
      this.containers.add(made);
      return made;
    } catch (error) {
      await container.remove({ force: true }).catch(ignoreMissing);
      throw this.startError(spec, error);
    }
  }

  private async make(spec: ContainerSpec): Promise<Docker.Container> {
    const options = createOptions(spec, this.options);
    if (spec.kind === 'blackbox') await this.pull(spec.image);
    try {
      return await this.docker.createContainer(options);
    } catch (error) {
      throw this.startError(spec, error);
    }
  }

  /** A user's image is pulled at each cold start; with a fixed tag a local copy will do when that fails. */
  private async pull(image: string): Promise<void> {
    try {
      const progress = await this.docker.pull(image);
      await new Promise<void>((resolve, reject) => {
        this.docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
      });
    } catch {
      const local = await this.docker
        .getImage(image)
        .inspect()
        .then(
          () => true,
          () => false,
        );
      const tag = /:([^/:]+)$/.exec(image)?.[1];
      if (!local || tag === undefined || tag === 'latest')
        throw new ContainerStartError(`Failed to pull container image '${image}'.`, 'image');
    }
  }

  private startError(spec: ContainerSpec, error: unknown): ContainerStartError {
    if (error instanceof ContainerStartError) return error;
    const { message, statusCode } = error as Error & { statusCode?: number };
    const own = spec.kind !== 'blackbox';
    if (statusCode === 404)
      return new ContainerStartError(
        `There is no image '${spec.image}' for kind '${spec.kind}' on this machine.`,
        own ? 'platform' : 'image',
      );
    if (/executable file not found/.test(message))
      return new ContainerStartError('executable file not found in the image.', own ? 'platform' : 'image');
    return new ContainerStartError(`A container of kind '${spec.kind}' did not start: ${message}`, 'platform');
  }

  /** Resolves when fewer than the bound are being started. */
  private turn(): Promise<void> {
    this.starting++;
    if (this.starting <= parallelStarts) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }
}

function ignoreMissing(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}

/** Resolves when the runtime takes connections: looked for more often than a request would be tried again, since every cold start waits for it. */
async function listening(container: Docker.Container, host: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (let look = 1; Date.now() < deadline; look++) {
    if (await connects(host)) return;
    if (look % 20 === 0 && !(await container.inspect()).State.Running) throw new Error('it ended before it listened.');
    await new Promise((resolve) => setTimeout(resolve, lookInterval));
  }
  throw new Error(`it did not listen within ${timeoutMs} ms.`);
}

function connects(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: runtimePort, timeout: 1_000 });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
