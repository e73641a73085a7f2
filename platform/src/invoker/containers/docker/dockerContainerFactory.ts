import Docker from 'dockerode';
import { WaitingRoom } from '../../logs/waitingRoom';
import { type Container, type ContainerFactory, type ContainerSpec, ContainerStartError } from '../container';
import { ContainerRemovals } from '../containerRemovals';
import { listening } from '../runtimePort';
import { StartTurns } from '../startTurns';
import { ensureNetwork } from './actionNetwork';
import { DockerContainer } from './dockerContainer';
import { createOptions, type DockerSettings, invokerLabel } from './hostConfig';
import { ImageTraits } from './imageTraits';
import { type Sandbox, SandboxPool } from './sandboxPool';

/** ms a runtime may take until it listens: OpenWhisk's bound on a start. */
const startTimeout = 60_000;

export interface DockerContainerOptions extends DockerSettings {
  /** Unix socket of the engine; dockerode's default and `DOCKER_HOST` when absent. */
  socketPath?: string;
  /** Networks kept ready for containers to come; default 4, 0 = each container sets its own up. */
  sandboxes?: number;
  warn?: (message: string) => void;
}

/** Containers of a Docker engine, over its API on a kept-alive connection. */
export class DockerContainerFactory implements ContainerFactory {
  private readonly docker: Docker;
  private readonly room = new WaitingRoom();
  private readonly containers = new Set<DockerContainer>();
  private readonly turns = new StartTurns();
  private readonly removals: ContainerRemovals;
  private readonly sandboxes: SandboxPool;
  private readonly images: ImageTraits;
  private network: Promise<void> | undefined;

  constructor(private readonly options: DockerContainerOptions) {
    this.docker = options.socketPath === undefined ? new Docker() : new Docker({ socketPath: options.socketPath });
    const { network, invoker, sandboxes = 4, warn = () => undefined } = options;
    this.images = new ImageTraits(this.docker);
    this.removals = new ContainerRemovals((id) => this.docker.getContainer(id).remove({ force: true }).catch(ignoreMissing), warn);
    this.sandboxes = new SandboxPool({ docker: this.docker, removals: this.removals, network, invoker, size: sandboxes, warn });
  }

  async create(spec: ContainerSpec): Promise<Container> {
    this.sandboxes.hold();
    try {
      return await this.turns.take(async () => {
        await this.prepareNetwork();
        return this.startInSandbox(spec);
      });
    } catch (error) {
      throw this.startError(spec, error);
    } finally {
      if (this.turns.idle) this.sandboxes.refill();
    }
  }

  /** How many networks wait for a container. */
  get sandboxesReady(): number {
    return this.sandboxes.size;
  }

  /** Networks for the first containers to come. */
  async prepare(): Promise<void> {
    await this.prepareNetwork();
    this.sandboxes.refill();
  }

  /** What an earlier life of this invoker left behind is found by its label. */
  async removeOrphans(): Promise<void> {
    const filters = { label: [`${invokerLabel}=${this.options.invoker}`] };
    const found = await this.docker.listContainers({ all: true, filters });
    await Promise.all(found.map(({ Id }) => this.docker.getContainer(Id).remove({ force: true }).catch(ignoreMissing)));
    if (found.length > 0) this.options.warn?.(`${found.length} containers of an earlier run have been removed.`);
  }

  async close(): Promise<void> {
    this.sandboxes.stop();
    await Promise.all([...this.containers].map((c) => c.destroy()));
    await this.sandboxes.close();
    await this.removals.close();
    this.room.close();
  }

  private prepareNetwork(): Promise<void> {
    this.network ??= ensureNetwork(this.docker, this.options.network).catch((error: Error) => {
      this.network = undefined;
      throw error;
    });
    return this.network;
  }

  private async startInSandbox(spec: ContainerSpec): Promise<Container> {
    const sandbox = this.sandboxes.take();
    if (!sandbox) return this.start(spec);
    try {
      return await this.start(spec, sandbox);
    } catch (error) {
      await this.sandboxes.end(sandbox);
      if (!isGone(error)) throw error;
      // the engine has lost it, and then probably the others as well
      await this.sandboxes.discard();
      return this.start(spec);
    }
  }

  private async start(spec: ContainerSpec, sandbox?: Sandbox): Promise<Container> {
    const container = await this.make(spec, sandbox);
    try {
      const output = await container.attach({ stream: true, stdout: true, stderr: true });
      await container.start();
      const address = sandbox?.address ?? (await this.addressOf(container));
      await listening(address, startTimeout, async () => {
        if (!(await container.inspect()).State.Running) throw new Error('it ended before it listened.');
      });
      const { docker, room } = this;
      const made: DockerContainer = new DockerContainer({
        spec,
        docker,
        container,
        output,
        address,
        room,
        remove: async () => {
          await this.removals.remove(container.id);
          this.containers.delete(made);
          if (sandbox) void this.sandboxes.end(sandbox);
        },
      });
      this.containers.add(made);
      return made;
    } catch (error) {
      await this.removals.remove(container.id);
      throw error;
    }
  }

  private async make(spec: ContainerSpec, sandbox: Sandbox | undefined): Promise<Docker.Container> {
    if (spec.kind === 'blackbox') await this.pull(spec.image);
    const readonly = await this.images.isReadonly(spec);
    return this.docker.createContainer(createOptions(spec, this.options, { readonly, sandbox }));
  }

  private async addressOf(container: Docker.Container): Promise<string> {
    const { NetworkSettings } = await container.inspect();
    const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
    if (!address) throw new Error('it has no address in its network.');
    return address;
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
}

/** Whether an error tells that the sandbox to join does not run, or is not there. */
function isGone(error: unknown): boolean {
  return /cannot join network|No such container/i.test((error as Error).message);
}

function ignoreMissing(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}
