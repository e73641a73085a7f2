import { backendSettings, couchdbService, kafkaService } from './backends';
import type { ImageBlueprint, ServiceBlueprint } from './blueprint';
import { DEFAULT_KINDS, type PartsArgs } from './partsArgs';
import type { PlatformArgs } from './platformArgs';
import { type CarriedSources, runtimeImages } from './runtimeImages';
import { limitSettings, METRICS_SETTING } from './standalone';

/** The parts that are not ours, as tested; `images` names others. */
export const THIRD_PARTY_IMAGES = { kafka: 'apache/kafka:4.1.0', couchdb: 'couchdb:3.5', nginx: 'nginx:1.28-bookworm' } as const;

/** MB a container of each service has at most. */
const DEFAULT_MEMORY = { kafka: 1024, couchdb: 1024, invoker: 512, controller: 512, nginx: 256 };
/** Seconds until a service must be healthy: a broker or a database on a busy machine is the slowest. */
const DEFAULT_HEALTH_TIMEOUT = 120;
/** Seconds a controller or invoker has to finish what it does. */
const STOP_GRACE = 60;
/** Where controllers listen. */
export const CONTROLLER_PORTS = { api: 8080, admin: 8081 };

/** What a distributed platform is made of on every engine; how its parts reach each other is up to the engine. */
export interface Parts {
  /** Of Kafka and CouchDB, those that the platform brings itself. */
  backends: readonly ServiceBlueprint[];
  /** Without what it starts containers by, and where it is reached. */
  invoker: ServiceBlueprint;
  controller: ServiceBlueprint;
  /** Image and bound of nginx's memory in MB. */
  nginx: { image: string; memory: number };
  images: readonly ImageBlueprint[];
  generatedSecrets: readonly string[];
  healthTimeout: number;
  /** Whether parts tell Prometheus what they do. */
  metrics: boolean;
}

export interface PartsPlace {
  /** In front of the names of the images that are built. */
  repository: string;
  /** Addresses of Kafka and CouchDB, where the platform brings them. */
  addresses: { kafka: string; couchdb: string };
  /** Where the invokers of one machine tell how they are: the first of the ports. */
  invokerPort: number;
}

export function distributedParts(args: PlatformArgs, wanted: PartsArgs, place: PartsPlace, sources: CarriedSources): Parts {
  const { repository, addresses } = place;
  const retain = args.retainData ?? false;
  const healthTimeout = wanted.healthTimeout ?? DEFAULT_HEALTH_TIMEOUT;
  const ownKafka = wanted.kafka === undefined;
  const ownCouch = wanted.couchdb === undefined;
  const { runtimes: given = {}, ...named } = wanted.images ?? {};
  const images = { ...THIRD_PARTY_IMAGES, ...withoutUndefined(named) };
  const image = wanted.images?.platform === undefined ? { built: 'platform' } : { pulled: wanted.images.platform };
  const needs = [...(ownKafka ? ['kafka'] : []), ...(ownCouch ? ['couchdb'] : [])];
  const runtimes = runtimeImages({ kinds: wanted.kinds ?? DEFAULT_KINDS, given, repository }, sources);
  const backend = backendSettings(wanted, addresses);
  const env: Record<string, string> = {
    ...limitSettings(args.limits ?? {}),
    // in networks that callers do not reach; nginx does not show them
    [METRICS_SETTING]: 'true',
    ...args.settings,
    OPENWHISK_LOG_LEVEL: args.logLevel ?? 'info',
    OPENWHISK_RUNTIMES_MANIFEST: runtimes.manifest,
    ...backend.env,
  };
  const memory = { ...DEFAULT_MEMORY, ...withoutUndefined(wanted.memory ?? {}) };
  const own = (name: 'kafka' | 'couchdb') => ({
    image: images[name],
    address: addresses[name],
    memory: memory[name],
    retain,
    healthTimeout,
  });
  const program = (name: 'invoker' | 'controller') => ({
    name,
    program: name,
    image,
    numbered: true,
    secrets: { ...backend.secrets, OPENWHISK_ADMIN_KEY: 'adminKey' },
    hiddenEnv: backend.hiddenEnv,
    files: backend.files,
    memory: memory[name],
    stopGrace: STOP_GRACE,
  });
  return {
    backends: [...(ownKafka ? [kafkaService(own('kafka'))] : []), ...(ownCouch ? [couchdbService(own('couchdb'))] : [])],
    invoker: {
      ...program('invoker'),
      replicas: wanted.invokers ?? 1,
      env: {
        ...env,
        OPENWHISK_ADMIN_PORT: '{port:health}',
        OPENWHISK_INVOKER_ID: '{index}',
        OPENWHISK_INSTANCE_ID: '{instanceId}',
        ...(args.userMemory === undefined ? {} : { CONFIG_whisk_containerPool_userMemory: `${args.userMemory} m` }),
      },
      ports: [{ name: 'health', port: place.invokerPort }],
      volumes: [{ name: 'journal', path: '/data', retain }],
      health: { port: 'health', path: '/ready', timeout: healthTimeout },
      needs,
    },
    controller: {
      ...program('controller'),
      replicas: wanted.controllers ?? 1,
      env: {
        ...env,
        OPENWHISK_API_HOST: '0.0.0.0',
        OPENWHISK_API_PORT: String(CONTROLLER_PORTS.api),
        OPENWHISK_ADMIN_PORT: String(CONTROLLER_PORTS.admin),
        OPENWHISK_CONTROLLER_ID: '{index}',
        OPENWHISK_INSTANCE_ID: '{instanceId}',
      },
      ports: [
        { name: 'api', port: CONTROLLER_PORTS.api },
        { name: 'admin', port: CONTROLLER_PORTS.admin },
      ],
      volumes: [],
      // nginx waits 2 s for a connection and leaves out who gave none for another
      health: { port: 'admin', path: '/ready', timeout: healthTimeout, settle: 5 },
      needs: [...needs, 'invoker'],
    },
    nginx: { image: images.nginx, memory: memory.nginx },
    images: [
      ...(wanted.images?.platform === undefined
        ? [{ name: 'platform', context: 'platform', reference: `${repository}/platform:${sources.tag('platform')}` }]
        : []),
      ...runtimes.images,
    ],
    generatedSecrets: ['adminKey', ...(ownCouch ? ['couchdbPassword'] : [])],
    healthTimeout,
    metrics: env[METRICS_SETTING] === 'true',
  };
}

function withoutUndefined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
