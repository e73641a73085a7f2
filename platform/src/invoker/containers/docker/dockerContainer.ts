import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { LogCollector } from '../../logs/logCollector';
import type { WaitingRoom } from '../../logs/waitingRoom';
import type { CollectedLogs, Container, ContainerAnswer, ContainerSpec, LogOptions, ResponseBounds } from '../container';
import { ContainerClient } from '../containerClient';
import { runtimePort } from '../runtimePort';

/** How long the end of a container is waited for after its connection broke, ms. OpenWhisk waits 2 s; a busy engine tells later. */
const exitWait = 5_000;

export interface DockerContainerParts {
  spec: ContainerSpec;
  docker: Docker;
  container: Docker.Container;
  /** Both output streams in one, as the engine sends them. */
  output: NodeJS.ReadableStream;
  address: string;
  room: WaitingRoom;
  /** Removes it from the engine. Never rejects. */
  remove: () => Promise<void>;
}

/** A container of the Docker engine, reached over its network. Its output is followed live, so no log file is read. */
export class DockerContainer implements Container {
  readonly id: string;
  readonly spec: ContainerSpec;
  private readonly client: ContainerClient;
  private readonly collector: LogCollector;
  private initialising = false;
  private destroyed: Promise<void> | undefined;

  constructor(private readonly parts: DockerContainerParts) {
    const { spec, docker, container, output, address, room } = parts;
    this.id = container.id;
    this.spec = spec;
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    docker.modem.demuxStream(output, stdout, stderr);
    output.on('close', () => {
      stdout.destroy();
      stderr.destroy();
    });
    this.collector = new LogCollector(room);
    this.collector.attach('stdout', stdout);
    this.collector.attach('stderr', stderr);
    this.client = new ContainerClient({ host: address, port: runtimePort }, () => this.diagnose(), false);
  }

  init(body: string, timeoutMs: number, bounds: ResponseBounds, logs: LogOptions): Promise<ContainerAnswer> {
    this.collector.configure(logs);
    this.collector.begin();
    this.initialising = true;
    return this.client.init(body, timeoutMs, bounds);
  }

  run(body: string, timeoutMs: number, bounds: ResponseBounds): Promise<ContainerAnswer> {
    if (this.initialising) this.initialising = false;
    else this.collector.begin();
    return this.client.run(body, timeoutMs, bounds);
  }

  logs(failed: boolean): CollectedLogs | Promise<CollectedLogs> {
    return this.collector.collect(failed);
  }

  async suspend(): Promise<void> {
    await this.parts.container.pause();
  }

  async resume(): Promise<void> {
    await this.parts.container.unpause();
  }

  destroy(): Promise<void> {
    this.destroyed ??= this.remove();
    return this.destroyed;
  }

  private remove(): Promise<void> {
    this.client.close();
    return this.parts.remove();
  }

  private async diagnose(): Promise<{ outOfMemory: boolean }> {
    const deadline = performance.now() + exitWait;
    while (performance.now() < deadline) {
      const state = await this.parts.container.inspect().then(
        ({ State }) => State,
        () => undefined,
      );
      if (!state) return { outOfMemory: false };
      if (state.OOMKilled) return { outOfMemory: true };
      if (!state.Running) return { outOfMemory: false };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { outOfMemory: false };
  }
}
