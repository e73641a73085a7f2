import { settings } from '../../platform/src/config/settings';
import type { Container } from '../../platform/src/invoker/containers/container';
import { DockerContainerFactory, type DockerContainerOptions } from '../../platform/src/invoker/containers/docker/dockerContainerFactory';
import type { ContainerHost } from '../invoker/runtimeContract';
import { type ContainerChoice, RuntimeContainer } from '../invoker/runtimeProcess';
import { runtimeImages } from './images';

/** Containers of the Docker engine under a label of their own. */
export class DockerContainers implements ContainerHost {
  readonly invoker: string;
  readonly factory: DockerContainerFactory;
  private count = 0;

  constructor(options: Partial<DockerContainerOptions> = {}) {
    this.invoker = options.invoker ?? `test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
    const network = settings.containers.network.value!;
    this.factory = new DockerContainerFactory({ network, invoker: this.invoker, userMemory: 2048, ...options });
  }

  async start(kind: string, choice: ContainerChoice = {}): Promise<RuntimeContainer<Container>> {
    const { memory = 256, environment = {} } = choice;
    const name = `${this.invoker}-${++this.count}`;
    const container = await this.factory.create({ name, kind, image: runtimeImages[kind]!.name, memory, environment });
    return new RuntimeContainer(container, choice);
  }

  close(): Promise<void> {
    return this.factory.close();
  }
}
