import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AdminApi } from '../admin/adminApi';
import { DatabaseContents } from '../admin/databaseContents';
import { NamespaceAdmin } from '../admin/namespaceAdmin';
import { LeanBalancer } from '../balancer/leanBalancer';
import { decodeActivation } from '../bus/activationWire';
import { EmbeddedBus } from '../bus/embedded/embeddedBus';
import { type PlatformConfig, requireAdminKey, requireDataDir } from '../config/settings';
import { lockDataDirectory } from '../host/dataDirectoryLock';
import { type ActionDocument, documentId } from '../model/entities';
import type { JsonText } from '../model/json';
import { annotationOf, isTruthy } from '../model/parameters';
import type { Logger } from '../observe/logger';
import { isFailedCommit, openDatabase } from '../store/embedded/database';
import { EmbeddedActivationStore } from '../store/embedded/embeddedActivationStore';
import { EmbeddedArtifactStore } from '../store/embedded/embeddedArtifactStore';
import { EmbeddedJournal } from '../store/embedded/embeddedJournal';
import { EmbeddedSubjectStore } from '../store/embedded/embeddedSubjectStore';
import { recoverJournal } from '../store/embedded/journalRecovery';
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
  const journal = new EmbeddedJournal(join(config.dataDir, 'journal'));
  const metrics = startMetrics(config);
  const activations = new EmbeddedActivationStore({
    directory: join(config.dataDir, 'activations'),
    ...config.activations,
    log,
    written: (id) => journal.settle(id),
    ...(metrics ? { taken: (record) => metrics.activations.observe(record) } : {}),
  });
  const bus = new EmbeddedBus();
  const balancer = new LeanBalancer(bus, controllerId, invokerId, config);
  await balancer.start();
  const publicUrl = config.api.publicUrl || `http://${config.api.host}:${config.api.port}`;
  const invoker = await composeInvoker({
    id: invokerId,
    config,
    manifest,
    bus,
    artifacts,
    activations,
    log,
    apiHost: publicUrl,
    handed: { wasHanded: () => false, mark: (_, id) => markHanded(journal, id, log), settledUpTo: () => {}, close: () => {} },
  });
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
  const { goesOn } = await recoverJournal({
    journal,
    activations,
    mayRepeat: async (text) => isTruthy(annotationOf((await actionOf(text, artifacts))?.annotations ?? [], 'idempotent') ?? false),
    run: async (text) => {
      const message = { ...decodeActivation(text), blocking: false };
      const action = await actionOf(text, artifacts);
      await balancer.publish(message, { timeout: action?.limits.timeout ?? config.limits.timeout.std });
    },
    carryOn: (activation, replay) => controller.carryOn(activation, replay),
    log,
  });
  void goesOn;
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

/** A mark that can't be written is told in the log: the work is worth more than the mark. */
function markHanded(journal: EmbeddedJournal, activationId: string, log: Logger): void {
  try {
    journal.handed(activationId);
  } catch (error) {
    log.error({ activationId, reason: (error as Error).message }, 'that an activation was given to a container could not be written down');
  }
}

/** The action of an activation message; undefined when it is gone. */
async function actionOf(message: JsonText, artifacts: EmbeddedArtifactStore): Promise<ActionDocument | undefined> {
  const { path, name } = decodeActivation(message).action;
  const document = (await artifacts.getWithoutCode(documentId(path, name)))?.document;
  return document?.type === 'actions' ? document : undefined;
}

const processId = randomUUID();

void runService({ start, stopTimeout: () => drainTimeout + 5_000, tolerates: isFailedCommit });
