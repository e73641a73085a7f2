import { LogCollector } from '../../logs/logCollector';
import type { WaitingRoom } from '../../logs/waitingRoom';
import type { CollectedLogs, Container, ContainerAnswer, ContainerSpec, LogOptions, ResponseBounds } from '../container';
import { ContainerClient } from '../containerClient';
import { connects, runtimePort } from '../runtimePort';
import { PodLog, type PodLogParts } from './podLog';
import type { PodState } from './podState';
import type { WatchedPod } from './podWatch';

/** How long the news that a pod has ended is waited for after its connection broke, ms: the kubelet looks once a second. */
const endWait = 10_000;
/** ms between two looks whether it takes connections: a process that is being killed does for a moment. */
const aliveInterval = 250;

const lost = { type: 'connectionLost', outOfMemory: false } as const;
/** ms that output may arrive after the answer: by a file, the kubelet and the API server. */
const logDelay = 100;

export interface KubernetesContainerParts {
  spec: ContainerSpec;
  /** Name of the pod. */
  name: string;
  pod: WatchedPod;
  address: string;
  room: WaitingRoom;
  openLog: PodLogParts['open'];
  logRefused: PodLogParts['refused'];
  /** Removes the pod. Never rejects. */
  remove: () => Promise<void>;
}

/** A pod, reached by its address. Its log is followed live; both streams come as `stdout`, with the times the node gave their lines. */
export class KubernetesContainer implements Container {
  readonly id: string;
  readonly spec: ContainerSpec;
  private readonly client: ContainerClient;
  private readonly collector: LogCollector;
  private readonly log: PodLog;
  private initialising = false;
  private destroyed: Promise<void> | undefined;

  constructor(private readonly parts: KubernetesContainerParts) {
    const { spec, name, pod, address, room, openLog, logRefused } = parts;
    this.id = name;
    this.spec = spec;
    this.collector = new LogCollector(room);
    this.log = new PodLog({
      open: openLog,
      output: this.collector.attachMerged(logDelay),
      isAlive: () => !hasEnded(pod.state),
      refused: logRefused,
    });
    void this.log.follow();
    this.client = new ContainerClient({ host: address, port: runtimePort }, () => this.diagnose(), false);
    // with a node that is lost nobody is left to close a connection
    void pod.reach(hasEnded).then(() => this.client.close());
  }

  async init(body: string, timeoutMs: number, bounds: ResponseBounds, logs: LogOptions): Promise<ContainerAnswer> {
    if (hasEnded(this.parts.pod.state)) return { ...lost, unsent: true };
    this.collector.configure(logs);
    this.collector.begin();
    this.initialising = true;
    return this.client.init(body, timeoutMs, bounds);
  }

  async run(body: string, timeoutMs: number, bounds: ResponseBounds): Promise<ContainerAnswer> {
    if (hasEnded(this.parts.pod.state)) return { ...lost, unsent: true };
    if (this.initialising) this.initialising = false;
    else this.collector.begin();
    return this.client.run(body, timeoutMs, bounds);
  }

  logs(failed: boolean): CollectedLogs | Promise<CollectedLogs> {
    return this.collector.collect(failed);
  }

  /** Kubernetes has no pause: an idle pod stays as it is, as with OpenWhisk's own driver. */
  async suspend(): Promise<void> {}

  async resume(): Promise<void> {}

  destroy(): Promise<void> {
    this.destroyed ??= this.remove();
    return this.destroyed;
  }

  private remove(): Promise<void> {
    this.client.close();
    this.log.stop();
    return this.parts.remove();
  }

  private async diagnose(): Promise<{ outOfMemory: boolean }> {
    const { pod, address } = this.parts;
    for (const deadline = performance.now() + endWait; !hasEnded(pod.state) && performance.now() < deadline; ) {
      const took = await connects(address);
      await pod.reach(hasEnded, aliveInterval, () => '').catch(() => undefined);
      // only a connection was lost
      if (took && !hasEnded(pod.state) && (await connects(address))) return { outOfMemory: false };
    }
    return { outOfMemory: pod.state.phase === 'ended' && pod.state.outOfMemory };
  }
}

function hasEnded({ phase }: PodState): boolean {
  return phase === 'ended' || phase === 'gone';
}
