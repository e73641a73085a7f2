import type { Container } from '../../platform/src/invoker/containers/container';
import { type ClusterAccess as Access, findCluster } from '../../platform/src/invoker/containers/kubernetes/clusterAccess';
import {
  KubernetesContainerFactory,
  type KubernetesContainerOptions,
} from '../../platform/src/invoker/containers/kubernetes/kubernetesContainerFactory';
import type { ContainerHost } from '../invoker/runtimeContract';
import { type ContainerChoice, RuntimeContainer } from '../invoker/runtimeProcess';
import { testCluster } from './cluster';
import { RUNTIME_IMAGES } from './standInImages';

/** The cluster of this area, as the driver enters it. */
export function clusterOfTests(): Access {
  return findCluster({ KUBECONFIG: process.env.TEST_KUBECONFIG });
}

export interface PodChoice extends ContainerChoice {
  /** Default: that of the kind. */
  image?: string;
}

/** Containers that are pods, under a label of their own. */
export class PodContainers implements ContainerHost {
  readonly invoker: string;
  readonly factory: KubernetesContainerFactory;
  readonly warnings: string[] = [];
  private readonly started: Container[] = [];
  private count = 0;

  constructor(options: Partial<KubernetesContainerOptions> = {}) {
    this.invoker = options.invoker ?? `test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
    this.factory = new KubernetesContainerFactory({
      access: clusterOfTests(),
      isReadonly: ({ kind }) => kind !== 'blackbox',
      warn: (message) => this.warnings.push(message),
      ...options,
      invoker: this.invoker,
    });
  }

  /** Label selector of its pods. */
  get selector(): string {
    return `openwhisk.invoker=${this.invoker}`;
  }

  async start(kind: string, choice: PodChoice = {}): Promise<RuntimeContainer<Container>> {
    const { memory = 256, environment = {}, image = RUNTIME_IMAGES[kind]! } = choice;
    const container = await this.factory.create({ name: `c_${++this.count}`, kind, image, memory, environment });
    this.started.push(container);
    return new RuntimeContainer(container, choice);
  }

  /** With the code of an action in it. */
  async initialised(
    code: string,
    { kind = 'nodejs:20', ...choice }: PodChoice & { kind?: string } = {},
  ): Promise<RuntimeContainer<Container>> {
    const container = await this.start(kind, choice);
    expect(await container.init({ code })).toMatchObject({ status: 200 });
    return container;
  }

  /** Names of its pods there are, as `pod/<name>`. */
  async pods(): Promise<string[]> {
    const { stdout } = await (await testCluster()).kubectl(['get', 'pods', '-l', this.selector, '-o', 'name']);
    return stdout.split('\n').filter((name) => name !== '');
  }

  async release(): Promise<void> {
    await Promise.all(this.started.splice(0).map((container) => container.destroy()));
  }

  close(): Promise<void> {
    return this.factory.close();
  }
}

/** Says what it is given, on both streams. */
export const echo = 'function main(a) { console.log("out", a.i); console.error("err", a.i); return a }';
