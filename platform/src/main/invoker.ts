import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { HealthServer } from '../admin/healthServer';
import { ConfigurationError, type PlatformConfig, requireDataDir } from '../config/settings';
import { lockDataDirectory } from '../host/dataDirectoryLock';
import { HandedJournal } from '../invoker/handedJournal';
import { Heartbeat } from '../invoker/heartbeat';
import type { Logger } from '../observe/logger';
import { SettlingActivationStore } from '../store/settlingActivationStore';
import { readVersion } from './buildInfo';
import { composeInvoker } from './invokerParts';
import { loadManifest } from './manifest';
import { invokerMetrics, startMetrics } from './metricsParts';
import { atMost, runService } from './service';
import { connectSharedBus } from './sharedBus';
import { openSharedStores } from './sharedStores';

/** How long work is still taken after the goodbye, ms: controllers that have not read it yet may be sending. */
const afterGoodbye = 1000;

/** One of several invokers on a shared bus and shared stores. Resolves when it takes work. */
async function start(config: PlatformConfig, log: Logger): Promise<() => Promise<void>> {
  requireDataDir(config);
  const { invokerId: instance, invokerName, invokerTags, invokerNamespaces, drainTimeout } = config.cluster;
  if (instance < 0) throw new ConfigurationError(`OPENWHISK_INVOKER_ID is not usable: ${instance} is below 0.`);
  const { publicUrl, host, port } = config.api;
  const id = `invoker${instance}`;
  const version = readVersion();
  const manifest = loadManifest(config.runtimesManifest);
  const unlock = lockDataDirectory(config.dataDir);
  const instanceId = config.instanceId || randomUUID();
  let state: 'starting' | 'up' | 'stopping' = 'starting';
  let missing = '';
  const waits = (reason: string) => {
    missing = reason;
  };
  const metrics = startMetrics(config);
  const health = new HealthServer({
    host,
    port: config.admin.port,
    about: () => ({ status: 'up', instanceId, invoker: instance, version, pid: process.pid }),
    unready: () => (state === 'up' ? undefined : `The invoker is ${state}.${state === 'starting' && missing !== '' ? ` ${missing}` : ''}`),
    ...(metrics ? { metrics: metrics.all } : {}),
  });
  await health.listen();
  const bus = await connectSharedBus(config, id, log, waits);
  const stores = await openSharedStores(config, log, waits);
  const ping = {
    instance,
    userMemory: config.containerPool.userMemory,
    tags: invokerTags,
    dedicatedNamespaces: invokerNamespaces,
    ...(invokerName === '' ? {} : { displayedName: invokerName }),
  };
  const heartbeat = new Heartbeat(bus, ping, log);
  const invoker = await composeInvoker({
    id,
    config,
    manifest,
    bus,
    artifacts: stores.artifacts,
    activations: metrics
      ? new SettlingActivationStore(stores.activations, (record) => metrics.activations.observe(record))
      : stores.activations,
    log,
    apiHost: publicUrl || `http://${host}:${port}`,
    mayBegin: () => heartbeat.mayBegin(),
    handed: new HandedJournal(join(config.dataDir, 'handed'), log),
  });
  if (metrics) invokerMetrics(metrics.all, invoker);
  heartbeat.start();
  state = 'up';
  log.info({ invoker: instance, health: config.admin.port, version }, 'the invoker is up');
  return async () => {
    state = 'stopping';
    // without a bus nobody hears it, and nobody sends either
    await atMost(
      afterGoodbye,
      heartbeat.stop().catch(() => {}),
    );
    await new Promise((resolve) => setTimeout(resolve, afterGoodbye));
    await atMost(drainTimeout, invoker.drain());
    // what still runs is ended and recorded as failed
    await invoker.close();
    await bus.close();
    await stores.close();
    await health.close();
    unlock();
  };
}

void runService({ start, stopTimeout: ({ cluster: { drainTimeout } }) => drainTimeout + 15_000 });
