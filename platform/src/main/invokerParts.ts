import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { MessageBus } from '../bus/messageBus';
import { ConfigurationError, type PlatformConfig } from '../config/settings';
import { type Parser, parseDuration, parseMegabytes } from '../config/units';
import type { ContainerFactory } from '../invoker/containers/container';
import { DockerContainerFactory } from '../invoker/containers/docker/dockerContainerFactory';
import { ProcessContainerFactory } from '../invoker/containers/process/processContainerFactory';
import type { HandedMarks } from '../invoker/handedJournal';
import { Invoker } from '../invoker/invoker';
import type { StemCell } from '../invoker/stemCells';
import type { RuntimesManifest } from '../model/runtimesManifest';
import type { Logger } from '../observe/logger';
import type { ActivationStore } from '../store/activationStore';
import type { ArtifactStore } from '../store/artifactStore';

export interface InvokerDependencies {
  id: string;
  config: PlatformConfig;
  manifest: RuntimesManifest;
  bus: MessageBus;
  artifacts: ArtifactStore;
  activations: ActivationStore;
  log: Logger;
  /** What actions call the API by. */
  apiHost: string;
  /** Where what was given to containers outlives this process. */
  handed?: HandedMarks;
  /** Undefined when new work may begin; else it resolves when it may. */
  mayBegin?: () => Promise<void> | undefined;
}

/** An invoker with the containers that the configuration names, taking work when this resolves. */
export async function composeInvoker({
  id,
  config,
  manifest,
  bus,
  artifacts,
  activations,
  log,
  apiHost,
  handed,
  mayBegin,
}: InvokerDependencies): Promise<Invoker> {
  const invoker = new Invoker({
    id,
    bus,
    artifacts,
    activations,
    factory: await containerFactory(id, config, manifest, log),
    runtimes: (kind, image) => manifest.runtimeFor(kind, image),
    ...config.containerPool,
    payload: config.limits.payload,
    truncation: config.limits.truncation,
    apiHost,
    stemCells: stemCells(manifest),
    ...(handed ? { handed } : {}),
    ...(mayBegin ? { mayBegin } : {}),
    log,
  });
  await invoker.start();
  return invoker;
}

async function containerFactory(
  invoker: string,
  config: PlatformConfig,
  manifest: RuntimesManifest,
  log: Logger,
): Promise<ContainerFactory> {
  const { containers, containerPool, dataDir } = config;
  const warn = (message: string) => log.warn(message);
  switch (containers.driver) {
    case 'process':
      return new ProcessContainerFactory({ dataDir, warn });
    case 'docker':
      return new DockerContainerFactory({
        network: containers.network,
        sandboxes: containers.sandboxes,
        invoker: `${invoker}-${fingerprint(dataDir)}`,
        userMemory: containerPool.userMemory,
        warn,
      });
    case 'kubernetes':
      return podFactory(`${invoker}-${fingerprint(dataDir)}`, config, manifest, warn);
    default:
      throw new ConfigurationError(`OPENWHISK_CONTAINERS is not usable: '${containers.driver}' is none of process, docker and kubernetes.`);
  }
}

async function podFactory(
  invoker: string,
  { kubernetes }: PlatformConfig,
  manifest: RuntimesManifest,
  warn: (message: string) => void,
): Promise<ContainerFactory> {
  // what it needs costs every start 100 ms and 20 MB, and most platforms have no cluster
  const { KubernetesContainerFactory } = await import('../invoker/containers/kubernetes/kubernetesContainerFactory.js');
  const { ClusterAccessError } = await import('../invoker/containers/kubernetes/clusterAccess.js');
  const { actionNamespace, startTimeout, cpuScaling, ephemeralStorage, nodeAffinity, nodeSelector, pullSecrets } = kubernetes;
  const { ownerName: name, ownerUid: uid } = kubernetes;
  try {
    return new KubernetesContainerFactory({
      invoker,
      startTimeout,
      nodeSelector,
      pullSecrets,
      ...(actionNamespace === '' ? {} : { namespace: actionNamespace }),
      ...(cpuScaling.millicpus > 0 ? { cpuScaling } : {}),
      ...(ephemeralStorage.limit > 0 ? { ephemeralStorage } : {}),
      ...(nodeAffinity.enabled ? { nodeAffinity } : {}),
      ...(name === '' || uid === '' ? {} : { owner: { name, uid } }),
      isReadonly: ({ kind, image }) => {
        const runtime = manifest.get(kind);
        return runtime?.image === image && runtime.readonly;
      },
      warn,
    });
  } catch (error) {
    if (error instanceof ClusterAccessError) throw new ConfigurationError(`OPENWHISK_CONTAINERS is kubernetes: ${error.message}`);
    throw error;
  }
}

/** Tells platforms apart that share a Docker engine or a namespace of a cluster; the same after a restart. */
function fingerprint(dataDir: string): string {
  return createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12);
}

function stemCells(manifest: RuntimesManifest): StemCell[] {
  return manifest.runtimes.flatMap(({ kind, image, stemCells: cells }) =>
    cells.map(({ initialCount, memory, reactive }) => ({
      kind,
      image,
      memory: inManifest(kind, memory, parseMegabytes),
      initialCount,
      ...(reactive ? { reactive: { ...reactive, ttl: inManifest(kind, reactive.ttl, parseDuration) } } : {}),
    })),
  );
}

function inManifest(kind: string, text: string, parse: Parser<number>): number {
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigurationError(`A stem cell of kind '${kind}' in the runtimes manifest is not usable: ${(error as Error).message}`);
  }
}
