import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { ContainerRemovals } from '../containerRemovals';
import { sandboxContainer } from './hostConfig';
import { sandboxImage, sandboxRoot } from './sandboxImage';

/** ms after a failure until sandboxes are made again. */
const pauseAfterFailure = 5_000;

/** A container that does nothing and holds a network of its own, for one action container to join. */
export interface Sandbox {
  readonly id: string;
  /** In its network. */
  readonly address: string;
}

export interface SandboxPoolOptions {
  docker: Docker;
  removals: ContainerRemovals;
  network: string;
  /** Value of the label of the invoker. */
  invoker: string;
  /** How many are kept ready; 0 = none are used. */
  size: number;
  warn(message: string): void;
}

/**
 * Networks prepared ahead: setting one up is the larger part of the start of a container. Each serves one action container and ends with it, so that nothing
 * of an action is left to the next.
 */
export class SandboxPool {
  private readonly ready: Sandbox[] = [];
  private readonly ending = new Set<Promise<void>>();
  private image: Promise<boolean> | undefined;
  private refilling: Promise<void> | undefined;
  private held = false;
  private notBefore = 0;
  private counter = 0;
  private closed = false;

  constructor(private readonly options: SandboxPoolOptions) {}

  /** One that nobody had; undefined when none is ready. */
  take(): Sandbox | undefined {
    return this.ready.shift();
  }

  get size(): number {
    return this.ready.length;
  }

  /** Makes what is missing, one after another, behind whatever goes on. `hold` stops it after the one under way. */
  refill(): void {
    this.held = false;
    if (this.closed || this.refilling || performance.now() < this.notBefore || this.ready.length >= this.options.size) return;
    this.refilling = this.makeMissing()
      .catch((error: Error) => {
        this.notBefore = performance.now() + pauseAfterFailure;
        this.options.warn(`Networks for containers could not be prepared ahead, so cold starts are slower: ${error.message}`);
      })
      .finally(() => {
        this.refilling = undefined;
      });
  }

  /** Leaves the engine to those who start action containers. */
  hold(): void {
    this.held = true;
  }

  /** Ends a sandbox that was taken. */
  end(sandbox: Sandbox): Promise<void> {
    const ended = this.options.removals.remove(sandbox.id).finally(() => this.ending.delete(ended));
    this.ending.add(ended);
    return ended;
  }

  /** Ends all that are ready; they may have died with the engine. */
  async discard(): Promise<void> {
    await Promise.all(this.ready.splice(0).map((sandbox) => this.end(sandbox)));
  }

  /** Makes no more. */
  stop(): void {
    this.closed = true;
  }

  async close(): Promise<void> {
    this.stop();
    await this.refilling;
    await this.discard();
    await Promise.all(this.ending);
    // The engine refuses while another invoker has sandboxes of it.
    if (this.image)
      await this.options.docker
        .getImage(sandboxImage)
        .remove()
        .catch(() => undefined);
  }

  private async makeMissing(): Promise<void> {
    if (!(await this.prepareImage())) return;
    while (!this.closed && !this.held && this.ready.length < this.options.size) this.ready.push(await this.make());
  }

  private async make(): Promise<Sandbox> {
    const { docker, network, invoker } = this.options;
    const name = `${invoker}_sandbox_${process.pid}_${++this.counter}`;
    const container = await docker.createContainer(sandboxContainer(name, network, invoker)).catch((error: Error) => {
      // an invoker that ended took it with it
      this.image = undefined;
      throw error;
    });
    try {
      await container.start();
      const { NetworkSettings } = await container.inspect();
      const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
      if (!address) throw new Error(`a container has no address in the network '${network}'.`);
      return { id: container.id, address };
    } catch (error) {
      await this.options.removals.remove(container.id);
      throw error;
    }
  }

  /** False on an architecture that has no program for it. */
  private prepareImage(): Promise<boolean> {
    this.image ??= this.makeImage().catch((error: Error) => {
      this.image = undefined;
      throw error;
    });
    return this.image;
  }

  private async makeImage(): Promise<boolean> {
    const { docker, warn } = this.options;
    const there = await docker
      .getImage(sandboxImage)
      .inspect()
      .then(
        () => true,
        () => false,
      );
    if (there) return true;
    const { Arch } = await docker.version();
    const root = sandboxRoot(Arch);
    if (!root) {
      warn(`Networks are not prepared ahead on an engine of the architecture '${Arch}'.`);
      return false;
    }
    const [repo, tag] = sandboxImage.split(':');
    const progress = await docker.importImage(Readable.from([root]), { repo, tag });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
    return true;
  }
}
