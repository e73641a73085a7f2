import { randomUUID } from 'node:crypto';
import { AdminApi } from '../admin/adminApi';
import { DatabaseContents } from '../admin/databaseContents';
import { NamespaceAdmin } from '../admin/namespaceAdmin';
import { ShardingBalancer, testTransaction } from '../balancer/shardingBalancer';
import type { KafkaBus } from '../bus/kafka/kafkaBus';
import { invokerTopic } from '../bus/topics';
import { ConfigurationError, type PlatformConfig, requireAdminKey } from '../config/settings';
import { BusJournal } from '../controller/cluster/busJournal';
import { ControllerMembership } from '../controller/cluster/controllerMembership';
import { HealthTestAction } from '../controller/cluster/healthTestAction';
import { InvokerTakeover } from '../controller/cluster/invokerTakeover';
import { Readiness } from '../controller/cluster/readiness';
import { SharedCaches } from '../controller/cluster/sharedCaches';
import { demandOf } from '../controller/demand';
import type { Throttles } from '../controller/throttles';
import { isStepActivationId } from '../model/activation';
import type { Logger } from '../observe/logger';
import type { AcceptanceJournal } from '../store/acceptanceJournal';
import { SettlingActivationStore } from '../store/settlingActivationStore';
import { readVersion } from './buildInfo';
import { type Controller, composeController } from './controllerParts';
import { loadManifest } from './manifest';
import { controllerMetrics, startMetrics } from './metricsParts';
import { atMost, runService } from './service';
import { connectSharedBus } from './sharedBus';
import { openSharedStores } from './sharedStores';
import { untilThere } from './untilThere';

/** How long requests on connections that a proxy keeps are still taken while the controller stops, ms. */
const linger = 2000;
/** When invokers that left something and are not there are looked for: by then those that are have pinged, and a restart is over; ms. */
const searchAfter = 60_000;
/** How long the first healthy invoker is waited for before requests are taken, ms. */
const invokerPatience = 5000;

/** What is handed to an invoker is on the bus, where it survives: nothing need be written down besides. */
const onTheBus: AcceptanceJournal = { accept: () => {}, withdraw: () => {} };

/** One of several controllers on a shared bus and shared stores. Resolves when both APIs listen. */
async function start(config: PlatformConfig, log: Logger): Promise<() => Promise<void>> {
  requireAdminKey(config);
  const { controllerId: id, drainTimeout } = config.cluster;
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(id)) {
    throw new ConfigurationError(`OPENWHISK_CONTROLLER_ID is not usable: '${id}' is not made of letters, digits, '.', '_' and '-'.`);
  }
  const version = readVersion();
  const manifest = loadManifest(config.runtimesManifest);
  const bus = await connectSharedBus(config, `controller${id}`, log);
  const stores = await openSharedStores(config, log);
  const metrics = startMetrics(config);
  const { completion, queue } = balancing(config);
  const test = await untilThere('the database', log, () => HealthTestAction.install(id, stores.artifacts, manifest, config.limits));
  const balancer = new ShardingBalancer({
    bus,
    controller: id,
    completion,
    queue,
    minMemory: config.limits.memory.min,
    testMessage: () => test.message(),
    lost: (invoker, heard) => takeover.lost(invoker, heard),
    back: (invoker) => takeover.back(invoker),
    hears: () => membership.busWorks,
    log,
  });
  const takeover = new InvokerTakeover({
    bus,
    activations: stores.activations,
    artifacts: stores.artifacts,
    reassign: (message, action) => balancer.reassign(message, demandOf(action, manifest.blackboxes)),
    testTransaction,
    grace: config.cluster.takeoverAfter,
    log,
  });
  // the throttles count what the membership tells, and the membership asks others for what they count
  let throttles: Throttles | undefined;
  const membership: ControllerMembership = new ControllerMembership({
    bus,
    controller: id,
    counts: () => throttles?.counts() ?? { minute: 0, counts: {} },
    changed: (count) => balancer.setControllers(count),
    lost: (controller, until) => journal.lost(controller, until),
    joined: (controller) => journal.joined(controller),
    log,
  });
  const journal = new BusJournal({
    bus,
    controller: id,
    life: membership.life,
    activations: stores.activations,
    carryOn: (activation, replay) => controller.carryOn(activation, replay),
    past: () => membership.past,
    sentSince: (since) => stepsSentSince(bus, since),
    grace: config.cluster.takeoverAfter,
    log,
  });
  const activations = new SettlingActivationStore(stores.activations, (record) => journal.settle(record.activationId));
  const controller: Controller = composeController({
    id,
    config,
    manifest,
    artifacts: stores.artifacts,
    activations,
    journal,
    handedJournal: onTheBus,
    subjects: stores.subjects,
    balancer,
    log,
    build: { date: version, number: version },
    cluster: { controllers: membership, tenure: membership, invalidate: (key) => caches.invalidate(key) },
    ...(metrics ? { metrics: metrics.all } : {}),
  });
  throttles = controller.throttles;
  const caches = new SharedCaches({ bus, controller: id, membership, caches: controller.caches, log });
  if (metrics) controllerMetrics(metrics.all, { server: controller.server, balancer });
  const readiness = new Readiness({ balancer, bus: membership, artifacts: stores.artifacts });
  const instanceId = config.instanceId || randomUUID();
  const apiHost = config.api.publicUrl || `http://${config.api.host}:${config.api.port}`;
  const forget = async (namespace: string) => {
    controller.caches.forgetNamespace(namespace);
    await caches.invalidate(namespace);
  };
  const admin = new AdminApi(
    new NamespaceAdmin(stores.subjects, stores.artifacts, forget),
    new DatabaseContents(stores.subjects, stores.artifacts, stores.activations),
    {
      host: config.api.host,
      port: config.admin.port,
      key: config.admin.key,
      unready: () => readiness.unready(),
      about: () => ({ status: 'up', instanceId, controller: id, version, pid: process.pid, apiHost }),
    },
    log,
  );
  await admin.listen();
  // who hears of changes before it reads anything keeps nothing that is old
  await Promise.all([membership.start(), caches.start(), balancer.start()]);
  await journal.start();
  stores.retain();
  takeover.search(
    () => bus.unread(/^invoker\d+$/),
    (invoker) => balancer.invokers().some(({ name }) => name.startsWith(`${invoker}/`)),
    searchAfter,
  );
  await someInvoker(balancer);
  const address = await controller.server.listen();
  log.info({ ...address, controller: id, admin: config.admin.port, version }, 'the controller is up');
  return async () => {
    readiness.drain();
    await atMost(drainTimeout, controller.server.close(linger));
    await atMost(drainTimeout, controller.drain());
    controller.leave();
    await membership.leave(await journal.close());
    takeover.close();
    await Promise.all([caches.close(), balancer.close(), admin.close()]);
    await bus.close();
    await stores.close();
  };
}

function balancing({ controller, limits }: PlatformConfig) {
  const { timeoutFactor, timeoutAddon, queueLength, queueWait } = controller;
  return { completion: { timeoutFactor, timeoutAddon, shortest: limits.timeout.std }, queue: { max: queueLength, maxWait: queueWait } };
}

/** Ids of steps of orchestrations that invokers were sent. */
async function stepsSentSince(bus: KafkaBus, since: number): Promise<Set<string>> {
  const ids = new Set<string>();
  await bus.visitSince(/^invoker\d+$/, since, (topic, text) => {
    const activationId = activationIdOf(topic, text);
    if (activationId !== undefined && isStepActivationId(activationId)) ids.add(activationId);
  });
  return ids;
}

/** Undefined for what no invoker can read either. */
function activationIdOf(topic: string, text: string): string | undefined {
  try {
    return invokerTopic(topic).decode(text).activationId;
  } catch {
    return undefined;
  }
}

/** Resolves when an invoker is healthy, or after a while without: entities can be managed then too. */
async function someInvoker(balancer: ShardingBalancer): Promise<void> {
  const deadline = Date.now() + invokerPatience;
  while (Date.now() < deadline && !balancer.invokers().some((i) => i.status === 'up'))
    await new Promise((resolve) => setTimeout(resolve, 20));
}

void runService({ start, stopTimeout: ({ cluster: { drainTimeout } }) => 2 * drainTimeout + linger + 10_000 });
