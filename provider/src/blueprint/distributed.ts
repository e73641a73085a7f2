import { addressPlan, defaultSubnet } from './addresses';
import type { Blueprint, ServiceBlueprint } from './blueprint';
import { clientHost } from './clientHost';
import { EDGE_ENTRYPOINT, EDGE_VOLUME, edgeFiles, FILES_SERVICE } from './edgeFiles';
import type { DockerArgs, PlatformArgs } from './platformArgs';
import { type CarriedSources, runtimeImages } from './runtimeImages';
import { limitSettings, METRICS_SETTING } from './standalone';
import { certificateBlueprint, tlsFiles } from './tls';

/** The parts that are not ours, as tested; `docker.images` names others. */
export const THIRD_PARTY_IMAGES = { kafka: 'apache/kafka:4.1.0', couchdb: 'couchdb:3.5', nginx: 'nginx:1.28-bookworm' } as const;

/** Their images are built when the platform comes up, and each takes its time. */
export const DEFAULT_KINDS: readonly string[] = ['nodejs:20', 'python:3.11'];

/** Seconds until a service must be healthy: a broker or a database on a busy machine is the slowest. */
const HEALTH_TIMEOUT = 120;
/** Seconds a controller or invoker has to finish what it does. */
const STOP_GRACE = 60;
const PORTS = { api: 8080, admin: 8081, kafka: 9092, couchdb: 5984, edge: 8080, edgeAdmin: 8081, edgeForActions: 8082 };

/**
 * Controllers and invokers on Kafka and CouchDB, behind nginx. Every part has a fixed address: nginx, Kafka and the host's network know
 * no names that change their meaning when a container is made anew. Invokers are in the network of the host, from where alone the
 * containers of actions can be reached; those reach nobody of the platform but nginx.
 *
 * @param platform Name the platform has on its engine.
 * @param sources What images can be built from.
 */
export function distributedBlueprint(args: PlatformArgs, platform: string, sources: CarriedSources): Blueprint {
  const docker = args.docker ?? {};
  const plan = addressPlan(docker.subnet ?? defaultSubnet(platform));
  const retain = args.retainData ?? false;
  const ownKafka = docker.kafkaHosts === undefined;
  const ownCouch = docker.couchdb === undefined;
  const images = { ...THIRD_PARTY_IMAGES, ...withoutUndefined(docker.images ?? {}) };
  const platformImage = docker.images?.platform === undefined ? { built: 'platform' } : { pulled: docker.images.platform };
  const backends = [...(ownKafka ? ['kafka'] : []), ...(ownCouch ? ['couchdb'] : [])];
  const runtimes = runtimeImages(docker.kinds ?? DEFAULT_KINDS, sources, platform);
  const shared = sharedSettings(args, docker, plan, runtimes.manifest);
  const scheme = docker.tls === undefined ? 'http' : 'https';
  const apiPort = args.apiPort ?? 3233;
  const adminPort = args.adminPort ?? 3234;
  const controllers = addressesFrom(plan.controllersOnEdge, docker.controllers ?? 1);
  const certificate = docker.tls && certificateBlueprint(docker.tls, hostsOf(args, plan));
  const services: ServiceBlueprint[] = [];
  if (ownKafka) services.push(kafka(images.kafka, plan.kafka, retain));
  if (ownCouch) services.push(couchdb(images.couchdb, plan.couchdb, retain));
  services.push(
    {
      name: 'invoker',
      program: 'invoker',
      image: platformImage,
      replicas: docker.invokers ?? 1,
      numbered: true,
      env: {
        ...shared.env,
        OPENWHISK_API_HOST: '127.0.0.1',
        OPENWHISK_ADMIN_PORT: '{port:health}',
        OPENWHISK_INVOKER_ID: '{index}',
        OPENWHISK_INSTANCE_ID: '{instanceId}',
        // its containers are known by it on an engine that others use too
        OPENWHISK_DATA_DIR: `/data/${platform}`,
        OPENWHISK_PUBLIC_URL: `${scheme}://${plan.actions.gateway}:${apiPort}`,
        OPENWHISK_CONTAINERS: 'docker',
        CONFIG_whisk_containerFactory_containerArgs_network: `${platform}-actions`,
        ...(args.userMemory === undefined ? {} : { CONFIG_whisk_containerPool_userMemory: `${args.userMemory} m` }),
      },
      secrets: { ...shared.secrets, OPENWHISK_ADMIN_KEY: 'adminKey' },
      hiddenEnv: shared.hiddenEnv,
      ports: [{ name: 'health', port: docker.invokerPort ?? 12001 }],
      volumes: [{ name: 'journal', path: '/data', retain }],
      hostPaths: { [docker.socket ?? '/var/run/docker.sock']: '/var/run/docker.sock' },
      health: { port: 'health', path: '/ready', timeout: HEALTH_TIMEOUT },
      needs: backends,
      networks: 'host',
      memory: 512,
      stopGrace: STOP_GRACE,
    },
    {
      name: 'controller',
      program: 'controller',
      image: platformImage,
      replicas: docker.controllers ?? 1,
      numbered: true,
      env: {
        ...shared.env,
        OPENWHISK_API_HOST: '0.0.0.0',
        OPENWHISK_API_PORT: String(PORTS.api),
        OPENWHISK_ADMIN_PORT: String(PORTS.admin),
        OPENWHISK_CONTROLLER_ID: '{index}',
        OPENWHISK_INSTANCE_ID: '{instanceId}',
      },
      secrets: { ...shared.secrets, OPENWHISK_ADMIN_KEY: 'adminKey' },
      hiddenEnv: shared.hiddenEnv,
      ports: [
        { name: 'api', port: PORTS.api },
        { name: 'admin', port: PORTS.admin },
      ],
      volumes: [],
      // nginx waits 2 s for a connection and leaves out who gave none for another
      health: { port: 'admin', path: '/ready', timeout: HEALTH_TIMEOUT, settle: 5 },
      needs: [...backends, 'invoker'],
      networks: [
        { network: 'core', address: plan.controllersOnCore },
        { network: 'edge', address: plan.controllersOnEdge },
      ],
      memory: 512,
      stopGrace: STOP_GRACE,
    },
    edgeFiles({
      image: images.nginx,
      controllers: controllers.map((address) => ({ api: `${address}:${PORTS.api}`, admin: `${address}:${PORTS.admin}` })),
      ports: { api: PORTS.edge, actions: PORTS.edgeForActions, admin: PORTS.edgeAdmin },
      ...(docker.tls === undefined ? {} : { tls: tlsFiles(docker.tls) }),
      ...(docker.domain === undefined ? {} : { domain: docker.domain }),
      healthTimeout: HEALTH_TIMEOUT,
    }),
    {
      name: 'nginx',
      entrypoint: EDGE_ENTRYPOINT,
      image: { pulled: images.nginx },
      replicas: 1,
      env: {},
      secrets: {},
      ports: [
        { name: 'api', port: PORTS.edge, published: [{ address: args.host ?? '127.0.0.1', port: apiPort }] },
        // actions have no way to the host's own address
        {
          name: 'actions',
          port: PORTS.edgeForActions,
          published: args.host === '0.0.0.0' ? [] : [{ address: plan.actions.gateway, port: apiPort }],
        },
        { name: 'admin', port: PORTS.edgeAdmin, published: [{ address: args.host ?? '127.0.0.1', port: adminPort }] },
      ],
      volumes: [EDGE_VOLUME],
      health: { port: 'api', timeout: HEALTH_TIMEOUT },
      needs: [FILES_SERVICE],
      networks: [{ network: 'edge', address: plan.nginx }],
      memory: 256,
      stopGrace: 10,
    },
  );
  return {
    services,
    images: [
      ...(docker.images?.platform === undefined
        ? [{ name: 'platform', context: 'platform', reference: `${platform}/platform:${sources.tag('platform')}` }]
        : []),
      ...runtimes.images,
    ],
    networks: [
      { name: 'edge', ...plan.edge, internal: false, isolated: false },
      { name: 'core', ...plan.core, internal: true, isolated: false },
      { name: 'actions', ...plan.actions, internal: false, isolated: true },
    ],
    generatedSecrets: ['adminKey', ...(ownCouch ? ['couchdbPassword'] : [])],
    ...(certificate === undefined ? {} : { certificate }),
    endpoints: { api: { service: 'nginx', port: 'api' }, admin: { service: 'nginx', port: 'admin' } },
    metrics:
      shared.env[METRICS_SETTING] === 'true'
        ? [
            ...controllers.map((address) => `${address}:${PORTS.api}`),
            ...Array.from({ length: docker.invokers ?? 1 }, (_, index) => `127.0.0.1:${(docker.invokerPort ?? 12001) + index}`),
          ]
        : [],
  };
}

function sharedSettings(args: PlatformArgs, docker: DockerArgs, plan: { kafka: string; couchdb: string }, manifest: string) {
  const env: Record<string, string> = {
    ...limitSettings(args.limits ?? {}),
    // in networks that callers do not reach; nginx does not show them
    [METRICS_SETTING]: 'true',
    ...args.settings,
    OPENWHISK_LOG_LEVEL: args.logLevel ?? 'info',
    OPENWHISK_RUNTIMES_MANIFEST: manifest,
    OPENWHISK_KAFKA_HOSTS: docker.kafkaHosts ?? `${plan.kafka}:${PORTS.kafka}`,
    OPENWHISK_COUCHDB_URL: docker.couchdb?.url ?? `http://${plan.couchdb}:${PORTS.couchdb}`,
    OPENWHISK_COUCHDB_USERNAME: docker.couchdb?.username ?? COUCHDB_USER,
  };
  const secrets: Record<string, string> = docker.couchdb === undefined ? { OPENWHISK_COUCHDB_PASSWORD: 'couchdbPassword' } : {};
  const hiddenEnv: Record<string, string> = docker.couchdb === undefined ? {} : { OPENWHISK_COUCHDB_PASSWORD: docker.couchdb.password };
  return { env, secrets, hiddenEnv };
}

const COUCHDB_USER = 'openwhisk';

function kafka(image: string, address: string, retain: boolean): ServiceBlueprint {
  return {
    name: 'kafka',
    image: { pulled: image },
    replicas: 1,
    env: {
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${PORTS.kafka},CONTROLLER://127.0.0.1:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${address}:${PORTS.kafka}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@127.0.0.1:9093',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      KAFKA_LOG_DIRS: '/var/lib/kafka/data',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '10',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_HEAP_OPTS: '-Xms128m -Xmx512m',
    },
    secrets: {},
    ports: [{ name: 'broker', port: PORTS.kafka }],
    volumes: [{ name: 'data', path: '/var/lib/kafka/data', retain, irreplaceable: true }],
    health: { port: 'broker', timeout: HEALTH_TIMEOUT },
    needs: [],
    networks: [{ network: 'core', address }],
    memory: 1024,
    stopGrace: 30,
  };
}

function couchdb(image: string, address: string, retain: boolean): ServiceBlueprint {
  return {
    name: 'couchdb',
    image: { pulled: image },
    replicas: 1,
    env: { COUCHDB_USER },
    secrets: { COUCHDB_PASSWORD: 'couchdbPassword' },
    ports: [{ name: 'http', port: PORTS.couchdb }],
    volumes: [{ name: 'data', path: '/opt/couchdb/data', retain, irreplaceable: true }],
    // the system databases of a single node
    files: [{ path: '/opt/couchdb/etc/local.d/openwhisk.ini', content: '[couchdb]\nsingle_node = true\nmax_document_size = 67108864\n' }],
    health: { port: 'http', timeout: HEALTH_TIMEOUT },
    needs: [],
    networks: [{ network: 'core', address }],
    memory: 1024,
    stopGrace: 30,
  };
}

/** By what names clients come: from outside, from the machine itself, from actions. */
function hostsOf(args: PlatformArgs, plan: { actions: { gateway: string } }): string[] {
  const { domain, engine } = args.docker ?? {};
  const outside = domain === undefined ? [] : [domain, `*.${domain}`];
  return [...outside, clientHost(args.host, engine), 'localhost', '127.0.0.1', plan.actions.gateway];
}

function addressesFrom(first: string, count: number): string[] {
  const [a, b, c, last] = first.split('.');
  return Array.from({ length: count }, (_, index) => `${a}.${b}.${c}.${Number(last) + index}`);
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
