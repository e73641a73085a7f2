import { WaitingRoom } from '../../logs/waitingRoom';
import { type Container, type ContainerFactory, type ContainerSpec, ContainerStartError } from '../container';
import { ContainerRemovals } from '../containerRemovals';
import { listening } from '../runtimePort';
import { StartTurns } from '../startTurns';
import { KubernetesApiError, KubernetesUnavailableError } from './apiErrors';
import { type ClusterAccess, findCluster } from './clusterAccess';
import { KubernetesApi } from './kubernetesApi';
import { KubernetesContainer } from './kubernetesContainer';
import { containerName, invokerLabel, type PodSettings, podManifest, podName } from './podSpec';
import { isImageFault, type Pod, type PodState } from './podState';
import { PodWatch, type WatchedPod } from './podWatch';

/** ms without news of a pod that is awaited after which it is asked for. */
const lookInterval = 5_000;
/** ms over which an API server that cannot be used is tried again for a start, and between two attempts. */
const unavailableFor = 10_000;
const retryInterval = 250;
/** ms that orphans may take to be gone: OpenWhisk's `whisk.runtime.delete.timeout`. */
const orphanTimeout = 30_000;
/** ms their nodes have to end them, and how many are removed at a time. */
const orphanPatience = 10_000;
const parallelRemovals = 10;

export interface KubernetesContainerOptions extends PodSettings {
  /** Namespace of the pods; undefined = that of the invoker's service account or of the kubeconfig's context. */
  namespace?: string;
  /** ms from the request to a runtime that listens; OpenWhisk's 60 s by default. */
  startTimeout?: number;
  /** How the cluster is entered; by default as `findCluster` finds it. */
  access?: ClusterAccess;
  warn?: (message: string) => void;
}

/**
 * Containers as pods of a cluster, one each. The rights it needs in the namespace: create, delete, get, list and watch on pods, and get on pods/log.
 * Pods are reached by their addresses, so that the invoker has to be in the cluster's network.
 */
export class KubernetesContainerFactory implements ContainerFactory {
  private readonly api: KubernetesApi;
  private readonly watch: PodWatch;
  private readonly removals: ContainerRemovals;
  private readonly room = new WaitingRoom();
  private readonly turns = new StartTurns();
  private readonly containers = new Set<KubernetesContainer>();
  private readonly path: string;
  private readonly startTimeout: number;
  private logsRefused = false;

  /** Throws ClusterAccessError. */
  constructor(private readonly options: KubernetesContainerOptions) {
    const { access = findCluster(), startTimeout = 60_000, warn = () => undefined } = options;
    this.path = `/api/v1/namespaces/${options.namespace ?? access.namespace}/pods`;
    this.startTimeout = startTimeout;
    this.api = new KubernetesApi(access);
    this.watch = new PodWatch(this.api, this.path, `${invokerLabel}=${options.invoker}`, warn);
    this.removals = new ContainerRemovals((name) => this.delete(name), warn);
  }

  async create(spec: ContainerSpec): Promise<Container> {
    this.watch.start();
    try {
      return await this.turns.take(() => this.start(spec));
    } catch (error) {
      throw error instanceof ContainerStartError ? error : notStarted(spec, (error as Error).message);
    }
  }

  async prepare(): Promise<void> {
    this.watch.start();
  }

  /**
   * What an earlier life of this invoker left behind is found by its label. Removed with a second's grace, so that a pod is there until its node says that it has
   * ended; without, when its node says nothing.
   */
  async removeOrphans(): Promise<void> {
    const begun = performance.now();
    let { pods } = await this.watch.list();
    const found = pods.length;
    const asked = new Set<string>();
    while (pods.length > 0) {
      const taken = performance.now() - begun;
      if (taken > orphanTimeout) {
        this.options.warn?.(`${pods.length} pods of an earlier run are still there after ${orphanTimeout / 1000} s.`);
        return;
      }
      const grace = taken > orphanPatience ? 0 : 1;
      const names = pods.map(({ metadata }) => metadata.name).filter((name) => grace === 0 || !asked.has(name));
      for (let at = 0; at < names.length; at += parallelRemovals) {
        await Promise.all(names.slice(at, at + parallelRemovals).map((name) => this.delete(name, grace)));
      }
      for (const name of names) asked.add(name);
      await new Promise((resolve) => setTimeout(resolve, retryInterval));
      ({ pods } = await this.watch.list());
    }
    if (found > 0) this.options.warn?.(`${found} pods of an earlier run have been removed.`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.containers].map((c) => c.destroy()));
    await this.removals.close();
    await this.watch.close();
    await this.api.close();
    this.room.close();
  }

  private async start(spec: ContainerSpec): Promise<Container> {
    const deadline = performance.now() + this.startTimeout;
    const name = podName(this.options.invoker, spec.name);
    const pod = this.watch.of(name);
    try {
      pod.made(await this.make(spec, name));
      const address = await this.addressOf(spec, pod, deadline);
      await listening(address, Math.max(1, deadline - performance.now()), () => {
        if (pod.state.phase !== 'running') throw unusable(spec, pod.state);
      });
      return this.adopt(spec, name, pod, address);
    } catch (error) {
      pod.forget();
      void this.removals.remove(name);
      throw error;
    }
  }

  private adopt(spec: ContainerSpec, name: string, pod: WatchedPod, address: string): Container {
    const made: KubernetesContainer = new KubernetesContainer({
      spec,
      name,
      pod,
      address,
      room: this.room,
      openLog: (sinceTime, signal) => {
        const query = { container: containerName, follow: 'true', timestamps: 'true', ...(sinceTime ? { sinceTime } : {}) };
        return this.api.open(`${this.path}/${name}/log`, query, 0, signal);
      },
      logRefused: (error) => {
        if (!this.logsRefused) this.options.warn?.(`Logs of actions cannot be read: ${error.message}`);
        this.logsRefused = true;
      },
      remove: async () => {
        await this.removals.remove(name);
        pod.forget();
        this.containers.delete(made);
      },
    });
    this.containers.add(made);
    return made;
  }

  /** Tries again while the API server is away for a moment. A pod that is there after an attempt without an answer is the one that attempt made. */
  private async make(spec: ContainerSpec, name: string): Promise<Pod> {
    const body = podManifest(spec, this.options);
    const deadline = performance.now() + Math.min(unavailableFor, this.startTimeout);
    for (let repeated = false; ; repeated = true) {
      try {
        return await this.api.call<Pod>('POST', this.path, { body });
      } catch (error) {
        if (repeated && error instanceof KubernetesApiError && error.reason === 'AlreadyExists')
          return this.api.call<Pod>('GET', `${this.path}/${name}`);
        if (!(error instanceof KubernetesUnavailableError) || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryInterval));
      }
    }
  }

  private async addressOf(spec: ContainerSpec, pod: WatchedPod, deadline: number): Promise<string> {
    const late = (state: PodState) =>
      `it did not run within ${this.startTimeout} ms${state.phase === 'pending' && state.waitsFor !== '' ? ` (${state.waitsFor})` : ''}.`;
    const looks = setInterval(() => void pod.look(), lookInterval);
    try {
      const state = await pod.reach(({ phase }) => phase !== 'pending', Math.max(1, deadline - performance.now()), late);
      if (state.phase === 'running') return state.address;
      throw unusable(spec, state);
    } finally {
      clearInterval(looks);
    }
  }

  /** Rejects when it may still be there. */
  private async delete(name: string, gracePeriodSeconds = 0): Promise<void> {
    const body = { gracePeriodSeconds, propagationPolicy: 'Background' };
    try {
      await this.api.call('DELETE', `${this.path}/${name}`, { body });
    } catch (error) {
      if (!(error instanceof KubernetesApiError) || error.status !== 404) throw error;
    }
  }
}

/** What a pod that will not run, or no more, means for its start. */
function unusable(spec: ContainerSpec, state: PodState): ContainerStartError {
  const own = spec.kind !== 'blackbox';
  const fault = own ? 'platform' : 'image';
  if (state.phase === 'unusable' && isImageFault(state.reason))
    return new ContainerStartError(
      own
        ? `There is no image '${spec.image}' for kind '${spec.kind}' on the cluster's nodes: ${state.reason}.`
        : `Failed to pull container image '${spec.image}'.`,
      fault,
    );
  if (state.phase === 'unusable') {
    const missing = /executable file not found|no command specified/.test(state.message);
    return new ContainerStartError(
      missing ? 'executable file not found in the image.' : `The command of the image '${spec.image}' cannot be run.`,
      fault,
    );
  }
  if (state.phase === 'ended') return notStarted(spec, `${state.why} before it listened.`, fault);
  return notStarted(spec, 'its pod was removed.');
}

function notStarted({ kind }: ContainerSpec, why: string, fault: 'platform' | 'image' = 'platform'): ContainerStartError {
  return new ContainerStartError(`A container of kind '${kind}' did not start: ${why}`, fault);
}
