import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AdminApi } from '../admin/adminApi';
import { DatabaseContents } from '../admin/databaseContents';
import { NamespaceAdmin } from '../admin/namespaceAdmin';
import { LeanBalancer } from '../balancer/leanBalancer';
import { EmbeddedBus } from '../bus/embedded/embeddedBus';
import { type PlatformConfig, requireAdminKey, requireDataDir } from '../config/settings';
import { lockDataDirectory } from '../host/dataDirectoryLock';
import type { Logger } from '../observe/logger';
import { isFailedCommit, openDatabase } from '../store/embedded/database';
import { EmbeddedActivationStore } from '../store/embedded/embeddedActivationStore';
import { EmbeddedArtifactStore } from '../store/embedded/embeddedArtifactStore';
import { EmbeddedJournal } from '../store/embedded/embeddedJournal';
import { EmbeddedSubjectStore } from '../store/embedded/embeddedSubjectStore';
import { readVersion } from './buildInfo';
import { composeController } from './controllerParts';
import { composeInvoker } from './invokerParts';
import { loadManifest } from './manifest';
import { standaloneMetrics, startMetrics } from './metricsParts';
import { atMost, runService } from './service';

/** How long a stop waits for work under way. */
const drainTimeout = 10_000;
const controllerId = '0';
const invokerId = 'invoker0';

/** Controller and invoker in one process over embedded stores and bus. Resolves when both APIs listen. */
async function start(config: PlatformConfig, log: Logger): Promise<() => Promise<void>> {
  requireAdminKey(config);
  requireDataDir(config);
  const version = readVersion();
  const manifest = loadManifest(config.runtimesManifest);
  const unlock = lockDataDirectory(config.dataDir);
  const database = openDatabase(join(config.dataDir, 'entities'));
  const artifacts = new EmbeddedArtifactStore(database);
  const subjects = new EmbeddedSubjectStore(database);
  const journal = new EmbeddedJournal(join(config.dataDir, 'journal'), log);
  const metrics = startMetrics(config);
  const activations = new EmbeddedActivationStore({
    directory: join(config.dataDir, 'activations'),
    ...config.activations,
    log,
    written: (id) => journal.settle(id),
    ...(metrics ? { taken: (record) => metrics.activations.observe(record) } : {}),
  });
  await journal.recover(activations);
  const bus = new EmbeddedBus();
  const balancer = new LeanBalancer(bus, controllerId, invokerId, config);
  await balancer.start();
  const publicUrl = config.api.publicUrl || `http://${config.api.host}:${config.api.port}`;
  const invoker = await composeInvoker({ id: invokerId, config, manifest, bus, artifacts, activations, log, apiHost: publicUrl });
  const build = { date: version, number: version };
  const controller = composeController({
    id: controllerId,
    config,
    manifest,
    artifacts,
    activations,
    journal,
    handedJournal: journal,
    subjects,
    balancer,
    log,
    build,
    ...(metrics ? { metrics: metrics.all } : {}),
  });
  if (metrics) standaloneMetrics(metrics.all, { server: controller.server, balancer, invoker, activations });
  let stopping = false;
  const admin = new AdminApi(
    new NamespaceAdmin(subjects, artifacts, (namespace) => controller.caches.forgetNamespace(namespace)),
    new DatabaseContents(subjects, artifacts, activations),
    {
      host: config.api.host,
      port: config.admin.port,
      key: config.admin.key,
      unready: () => (stopping ? 'The platform is stopping.' : undefined),
      about: () => ({ status: 'up', instanceId: config.instanceId || processId, version, pid: process.pid, apiHost: publicUrl }),
    },
    log,
  );
  const address = await controller.server.listen();
  await admin.listen();
  log.info({ ...address, admin: config.admin.port, version }, 'platform is up');
  return async () => {
    stopping = true;
    await controller.server.close();
    await atMost(
      drainTimeout,
      controller.drain().then(() => invoker.drain()),
    );
    // what still runs is ended and recorded as failed
    await invoker.close();
    await controller.drain();
    await balancer.close();
    await admin.close();
    await activations.close();
    journal.close();
    await artifacts.close();
    unlock();
  };
}

const processId = randomUUID();

void runService({ start, stopTimeout: () => drainTimeout + 5_000, tolerates: isFailedCommit });
