import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AdminApi } from '../admin/adminApi';
import { NamespaceAdmin } from '../admin/namespaceAdmin';
import { LeanBalancer } from '../balancer/leanBalancer';
import { EmbeddedBus } from '../bus/embedded/embeddedBus';
import { ConfigurationError, type PlatformConfig, readConfiguration } from '../config/settings';
import { DataDirectoryInUse, lockDataDirectory } from '../host/dataDirectoryLock';
import { createLogger, type Logger } from '../observe/logger';
import { isFailedCommit, openDatabase } from '../store/embedded/database';
import { EmbeddedActivationStore } from '../store/embedded/embeddedActivationStore';
import { EmbeddedArtifactStore } from '../store/embedded/embeddedArtifactStore';
import { EmbeddedJournal } from '../store/embedded/embeddedJournal';
import { EmbeddedSubjectStore } from '../store/embedded/embeddedSubjectStore';
import { readVersion } from './buildInfo';
import { composeController } from './controllerParts';
import { composeInvoker } from './invokerParts';
import { loadManifest } from './manifest';
import { standaloneMetrics, startMetrics } from './standaloneMetrics';

/** How long a stop waits for work under way. */
const drainTimeout = 10_000;
const controllerId = '0';
const invokerId = 'invoker0';

/** Controller and invoker in one process over embedded stores and bus. Resolves when both APIs listen. */
async function start(config: PlatformConfig, log: Logger): Promise<() => Promise<void>> {
  if (config.admin.key.length < 16) throw new ConfigurationError('OPENWHISK_ADMIN_KEY is too short: use at least 16 characters.');
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
    await Promise.race([controller.drain().then(() => invoker.drain()), new Promise((resolve) => setTimeout(resolve, drainTimeout))]);
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

/** What a failure to start means to the operator, in one sentence. */
function explain(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof DataDirectoryInUse) return error.message;
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is in use: stop what listens there or set OPENWHISK_API_PORT / OPENWHISK_ADMIN_PORT.`;
  if (code === 'EACCES') return `Not allowed: ${message}.`;
  return `The platform could not start: ${message}`;
}

async function main(): Promise<void> {
  let log: Logger | undefined;
  process.on('unhandledRejection', (reason) => {
    if (!isFailedCommit(reason)) throw reason;
    log?.error('a write to the entity store failed; see the request it belongs to');
  });
  try {
    const config = readConfiguration(process.env);
    log = createLogger(config.logLevel, 'openwhisk');
    const stop = await start(config, log);
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stopping) return;
        stopping = true;
        log?.info({ signal }, 'stopping');
        setTimeout(() => {
          log?.warn('work under way was cut off: the time for a stop is over');
          process.exit(1);
        }, drainTimeout + 5_000).unref();
        stop().then(
          () => process.exit(0),
          (error) => {
            log?.error({ err: error }, 'the stop went wrong');
            process.exit(1);
          },
        );
      });
    }
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

void main();
