import { existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { CoreV1Api, KubeConfig, PortForward, type V1Pod } from '@kubernetes/client-node';
import { SERVICE_LABEL } from './manifest.js';

/** How a cluster is entered; empty = as the user's own tools do. */
export interface ClusterAccess {
  /** Path or content of the file. */
  kubeconfig?: string;
  context?: string;
}

/** A cluster can't be asked; the message says which one, and why. */
export class ClusterUnreachable extends Error {
  override readonly name = 'ClusterUnreachable';
}

/** Ports of this machine that lead into a cluster until they are closed. */
export interface Forwarded {
  /** The local port of each. */
  ports: readonly number[];
  close(): Promise<void>;
}

/** Bytes of a log that are read at most. */
const LOG_LIMIT = 64 * 1024;

/** A cluster as its API server tells it. Loaded when it is needed: what speaks that protocol is large. */
export class Cluster {
  private readonly config = new KubeConfig();
  private readonly core: CoreV1Api;

  /** @throws ClusterUnreachable when what tells how it is entered can't be read, or lacks the context */
  constructor({ kubeconfig, context }: ClusterAccess) {
    try {
      if (kubeconfig === undefined) this.config.loadFromDefault();
      else if (existsSync(kubeconfig)) this.config.loadFromFile(kubeconfig);
      else this.config.loadFromString(kubeconfig);
    } catch {
      // the content is not shown: it may hold a key
      throw new ClusterUnreachable('kubernetes.kubeconfig is neither the path of a kubeconfig file that is there nor the content of one.');
    }
    const contexts = this.config.getContexts().map(({ name }) => name);
    if (context !== undefined && !contexts.includes(context))
      throw new ClusterUnreachable(`The kubeconfig has no context "${context}": there are ${contexts.join(', ') || 'none'}.`);
    if (context !== undefined) this.config.setCurrentContext(context);
    if (this.config.getCurrentCluster() === null)
      throw new ClusterUnreachable('The kubeconfig names no cluster: set kubernetes.context, or a current-context in it.');
    this.core = this.config.makeApiClient(CoreV1Api);
  }

  get address(): string {
    return this.config.getCurrentCluster()!.server;
  }

  /** Opens a port of this machine for each port of a service's pods; a connection goes to a pod that is ready. */
  async forward(namespace: string, service: string, ports: readonly number[]): Promise<Forwarded> {
    const forward = new PortForward(this.config);
    const sockets = new Set<Socket>();
    const servers = await Promise.all(
      ports.map((port) =>
        listen(async (socket) => {
          sockets.add(socket);
          socket.on('close', () => sockets.delete(socket));
          socket.on('error', () => socket.destroy());
          const pod = (await this.pods(namespace, service)).find(isReady);
          if (pod === undefined) return void socket.destroy();
          const name = pod.metadata!.name!;
          const tunnel = await forward.portForward(namespace, name, [port], socket, null, socket);
          socket.on('close', () => (typeof tunnel === 'function' ? tunnel() : tunnel)?.close());
        }),
      ),
    );
    return {
      ports: servers.map((server) => (server.address() as AddressInfo).port),
      close: async () => {
        for (const socket of sockets) socket.destroy();
        await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      },
    };
  }

  /** What a pod of a service said last: of one that is not ready, if there is such. */
  async lastWords(namespace: string, service: string, lines: number): Promise<{ part: string; log: string }> {
    const pods = await this.pods(namespace, service);
    const pod = pods.find((one) => !isReady(one)) ?? pods[0];
    const name = pod?.metadata?.name;
    if (name === undefined) return { part: service, log: '' };
    const options = { name, namespace, container: service, tailLines: lines, limitBytes: LOG_LIMIT };
    const log = await this.core.readNamespacedPodLog(options).catch(() => '');
    if (log !== '') return { part: name, log };
    // one that has just been started again has said nothing yet
    return { part: name, log: await this.core.readNamespacedPodLog({ ...options, previous: true }).catch(() => '') };
  }

  /** @throws ClusterUnreachable */
  private async pods(namespace: string, service: string): Promise<V1Pod[]> {
    try {
      return (await this.core.listNamespacedPod({ namespace, labelSelector: `${SERVICE_LABEL}=${service}` })).items;
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string };
      const why = typeof code === 'number' ? `it answered ${code}` : message;
      throw new ClusterUnreachable(`The cluster at ${this.address} does not tell its pods of ${namespace}: ${why}.`);
    }
  }
}

function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

async function listen(handle: (socket: Socket) => Promise<void>): Promise<Server> {
  const server = createServer((socket) => {
    handle(socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}
