import type { MessageBus } from '../bus/messageBus';
import type { PlatformConfig } from '../config/settings';
import { parseMegabytes } from '../config/units';
import type { StemCell } from '../invoker/containerPool';
import { ProcessContainerFactory } from '../invoker/containers/process/processContainerFactory';
import { Invoker } from '../invoker/invoker';
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
}

/** An invoker with containers that are processes of this machine, taking work when this resolves. */
export async function composeInvoker({
  id,
  config,
  manifest,
  bus,
  artifacts,
  activations,
  log,
  apiHost,
}: InvokerDependencies): Promise<Invoker> {
  const invoker = new Invoker({
    id,
    bus,
    artifacts,
    activations,
    factory: new ProcessContainerFactory({ dataDir: config.dataDir, warn: (message) => log.warn(message) }),
    kinds: (kind) => manifest.get(kind),
    ...config.containerPool,
    payload: config.limits.payload,
    truncation: config.limits.truncation,
    apiHost,
    stemCells: stemCells(manifest),
    log,
  });
  await invoker.start();
  return invoker;
}

function stemCells(manifest: RuntimesManifest): StemCell[] {
  return manifest.runtimes.flatMap(({ kind, image, stemCells: cells }) =>
    cells.map(({ initialCount, memory }) => ({ kind, image, memory: parseMegabytes(memory), count: initialCount })),
  );
}
