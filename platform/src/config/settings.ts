import { readFileSync } from 'node:fs';
import {
  type Parser,
  parseBoolean,
  parseDuration,
  parseFactor,
  parseInteger,
  parseLabels,
  parseMegabytes,
  parseNames,
  parseSize,
  parseText,
} from './units';

/** One setting: OpenWhisk's key where it has one (also as `CONFIG_whisk_aB_c`), our own variable where not. */
interface Setting<T> {
  readonly key: string;
  readonly parse: Parser<T>;
  /** Absent = required. */
  readonly value?: T;
  /** Asked when nothing is set under `key`: the name OpenWhisk has for the same. */
  readonly otherKey?: string;
}

function setting<T>(key: string, parse: Parser<T>, value?: T, otherKey?: string): Setting<T> {
  return { key, parse, value, otherKey };
}

/**
 * Every setting of the platform, with its default. Durations are ms, sizes of actions MB, other sizes bytes. The values are those of
 * OpenWhisk (reference config-defaults) unless the comment says otherwise.
 */
export const settings = {
  api: {
    host: setting('OPENWHISK_API_HOST', parseText, '127.0.0.1'),
    port: setting('OPENWHISK_API_PORT', parseInteger, 3233),
    /** What actions and users call the API by; default `http://host:port`. */
    publicUrl: setting('OPENWHISK_PUBLIC_URL', parseText, ''),
    requestTimeout: setting('pekko.http.server.request-timeout', parseDuration, 65_000),
    /** How long a client may take for its headers; OpenWhisk has no bound of its own for them. */
    headersTimeout: setting('OPENWHISK_API_HEADERS_TIMEOUT', parseDuration, 15_000),
    idleTimeout: setting('pekko.http.server.idle-timeout', parseDuration, 70_000),
    maxUriLength: setting('pekko.http.server.parsing.max-uri-length', parseSize, 8 * 1024),
    maxContentLength: setting('pekko.http.server.parsing.max-content-length', parseSize, 50 * 1024 * 1024),
    /** Bytes of bodies above 1 MB that are held at a time; more are answered 503. One namespace gets at most half of it. */
    maxBuffered: setting('OPENWHISK_API_MAX_BUFFERED', parseSize, 256 * 1024 * 1024),
    maxConnections: setting('pekko.http.server.max-connections', parseInteger, 8192),
    transactionHeader: setting('whisk.transactions.header', parseText, 'X-Request-ID'),
  },
  admin: {
    port: setting('OPENWHISK_ADMIN_PORT', parseInteger, 3234),
    /** At least 16 characters; see `requireAdminKey`. */
    key: setting('OPENWHISK_ADMIN_KEY', parseText, ''),
  },
  cluster: {
    /** Letters, digits, `._-`; different for each controller, the same after a restart. */
    controllerId: setting('OPENWHISK_CONTROLLER_ID', parseText, '0'),
    /** From 0 on; different for each invoker, the same after a restart. */
    invokerId: setting('OPENWHISK_INVOKER_ID', parseInteger, 0),
    /** Shown in lists of invokers; default its number. */
    invokerName: setting('OPENWHISK_INVOKER_NAME', parseText, ''),
    /** An invoker with tags takes only actions that ask for one of them by their annotation `invoker-resources`; `blackbox`: only images of users. */
    invokerTags: setting('OPENWHISK_INVOKER_TAGS', parseNames, []),
    /** An invoker with such takes actions of these namespaces only, and they run nowhere else. */
    invokerNamespaces: setting('OPENWHISK_INVOKER_DEDICATED_NAMESPACES', parseNames, []),
    /** How long after a controller or an invoker counts as gone another one looks after what it left; by then it may be back by itself. */
    takeoverAfter: setting('OPENWHISK_TAKEOVER_AFTER', parseDuration, 20_000),
    /** How long a stop waits for work under way. */
    drainTimeout: setting('OPENWHISK_DRAIN_TIMEOUT', parseDuration, 30_000),
  },
  /** Where everything durable of this process lives; a controller of a cluster has nothing such. See `requireDataDir`. */
  dataDir: setting('OPENWHISK_DATA_DIR', parseText, ''),
  kafka: {
    /** `host:port`, comma separated. */
    hosts: setting('OPENWHISK_KAFKA_HOSTS', parseNames, [], 'KAFKA_HOSTS'),
    /** In front of the names of topics and groups. */
    prefix: setting('whisk.kafka.topics.prefix', parseText, ''),
    replicationFactor: setting('whisk.kafka.replication-factor', parseInteger, 1),
    /** PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. */
    securityProtocol: setting('whisk.kafka.common.security-protocol', parseText, 'PLAINTEXT'),
    /** Path of certificates in PEM form that are trusted besides those of the system. */
    certificates: setting('OPENWHISK_KAFKA_CA', parseText, ''),
    /** plain, scram-sha-256 or scram-sha-512. */
    saslMechanism: setting('OPENWHISK_KAFKA_SASL_MECHANISM', parseText, 'scram-sha-512'),
    username: setting('OPENWHISK_KAFKA_USERNAME', parseText, ''),
    password: setting('OPENWHISK_KAFKA_PASSWORD', parseText, ''),
  },
  couchdb: {
    /** `http://host:port`; empty = made of the three below it. */
    url: setting('OPENWHISK_COUCHDB_URL', parseText, ''),
    protocol: setting('whisk.couchdb.protocol', parseText, 'http'),
    host: setting('whisk.couchdb.host', parseText, ''),
    port: setting('whisk.couchdb.port', parseInteger, 5984),
    username: setting('OPENWHISK_COUCHDB_USERNAME', parseText, '', 'whisk.couchdb.username'),
    password: setting('OPENWHISK_COUCHDB_PASSWORD', parseText, '', 'whisk.couchdb.password'),
    subjects: setting('whisk.couchdb.databases.WhiskAuth', parseText, 'subjects'),
    entities: setting('whisk.couchdb.databases.WhiskEntity', parseText, 'whisks'),
    activations: setting('whisk.couchdb.databases.WhiskActivation', parseText, 'activations'),
  },
  instanceId: setting('OPENWHISK_INSTANCE_ID', parseText, ''),
  logLevel: setting('OPENWHISK_LOG_LEVEL', parseText, 'info'),
  /** JSON text, or the path of a file in the format of OpenWhisk's runtimes.json; empty = the built-in manifest. */
  runtimesManifest: setting('OPENWHISK_RUNTIMES_MANIFEST', parseText, ''),
  limits: {
    invocationsPerMinute: setting('LIMITS_ACTIONS_INVOKES_PERMINUTE', parseInteger, 60),
    concurrentInvocations: setting('LIMITS_ACTIONS_INVOKES_CONCURRENT', parseInteger, 30),
    firesPerMinute: setting('LIMITS_TRIGGERS_FIRES_PERMINUTE', parseInteger, 60),
    sequenceMaxLength: setting('LIMITS_ACTIONS_SEQUENCE_MAXLENGTH', parseInteger, 50),
    timeout: {
      min: setting('whisk.time-limit.min', parseDuration, 100),
      max: setting('whisk.time-limit.max', parseDuration, 300_000),
      std: setting('whisk.time-limit.std', parseDuration, 60_000),
    },
    memory: {
      min: setting('whisk.memory.min', parseMegabytes, 128),
      max: setting('whisk.memory.max', parseMegabytes, 512),
      std: setting('whisk.memory.std', parseMegabytes, 256),
    },
    logs: {
      min: setting('whisk.log-limit.min', parseMegabytes, 0),
      max: setting('whisk.log-limit.max', parseMegabytes, 10),
      std: setting('whisk.log-limit.std', parseMegabytes, 10),
    },
    concurrency: {
      min: setting('whisk.concurrency-limit.min', parseInteger, 1),
      max: setting('whisk.concurrency-limit.max', parseInteger, 1),
      std: setting('whisk.concurrency-limit.std', parseInteger, 1),
    },
    parameterSize: setting('whisk.parameter-size-limit', parseSize, 1024 * 1024),
    execSize: setting('whisk.exec-size-limit', parseSize, 48 * 1024 * 1024),
    payload: setting('whisk.activation.payload.max', parseSize, 1024 * 1024),
    /** What a message on the bus may have around its payload. */
    serdesOverhead: setting('whisk.activation.serdes-overhead', parseSize, 6068),
    truncation: setting('whisk.activation.payload.truncation', parseSize, 1024 * 1024),
    listDefault: setting('whisk.query-limit.default-list-limit', parseInteger, 30),
    listMax: setting('whisk.query-limit.max-list-limit', parseInteger, 200),
    blockingWait: setting('whisk.controller.activation.max-wait-for-blocking-activation', parseDuration, 60_000),
  },
  controller: {
    username: setting('whisk.controller.username', parseText, 'controller.user'),
    password: setting('whisk.controller.password', parseText, 'controller.pass'),
    requireApiKeyAnnotation: setting('whisk.feature-flags.require-api-key-annotation', parseBoolean, true),
    timeoutFactor: setting('whisk.loadbalancer.timeout-factor', parseInteger, 2),
    timeoutAddon: setting('whisk.loadbalancer.timeout-addon', parseDuration, 60_000),
    /** Requests that wait, not yet accepted, while all invokers are busy; one namespace gets at most half of the places. */
    queueLength: setting('OPENWHISK_LOADBALANCER_QUEUE_LENGTH', parseInteger, 2000),
    queueWait: setting('OPENWHISK_LOADBALANCER_QUEUE_WAIT', parseDuration, 30_000),
  },
  metrics: {
    /** Whether `GET /metrics` is there. */
    prometheus: setting('whisk.metrics.prometheus-enabled', parseBoolean, false),
  },
  containers: {
    /** `process`, `docker` or `kubernetes`. */
    driver: setting('OPENWHISK_CONTAINERS', parseText, 'process'),
    /**
     * Made when it is not there, with no traffic among its containers; OpenWhisk's own default is `bridge`, where an action reaches the /init and /run of
     * another. An invoker that is itself in a container has to be in the host's network, or names a network it is in.
     */
    network: setting('whisk.container-factory.container-args.network', parseText, 'openwhisk-actions'),
    /** Networks of the Docker driver that are set up ahead of the containers that join them; 0 = none. */
    sandboxes: setting('OPENWHISK_CONTAINERS_SANDBOXES', parseInteger, 4),
  },
  /** Of containers that are pods. The cluster is the one of the pod's service account, or of KUBECONFIG. */
  kubernetes: {
    /** Namespace of the pods; empty = that of the invoker's service account, or of the kubeconfig's context. */
    actionNamespace: setting('whisk.kubernetes.action-namespace', parseText, ''),
    startTimeout: setting('whisk.kubernetes.timeouts.run', parseDuration, 60_000),
    /** `millicpus` for each `memory`, up to `maxMillicpus`, as request and limit; 0 = a small share by memory, and no limit. */
    cpuScaling: {
      millicpus: setting('whisk.kubernetes.cpu-scaling.millicpus', parseInteger, 0),
      memory: setting('whisk.kubernetes.cpu-scaling.memory', parseMegabytes, 256),
      maxMillicpus: setting('whisk.kubernetes.cpu-scaling.max-millicpus', parseInteger, 1000),
    },
    /** What a container may write to its root and its log, MB; 0 = no bound but the node's. With a factor above 0 no more than so many times its memory. */
    ephemeralStorage: {
      limit: setting('whisk.kubernetes.ephemeral-storage.limit', parseMegabytes, 0),
      scaleFactor: setting('whisk.kubernetes.ephemeral-storage.scale-factor', parseFactor, 0),
    },
    /** OpenWhisk has it on, with which no pod finds a place in a cluster whose nodes were not labelled for it. */
    nodeAffinity: {
      enabled: setting('whisk.kubernetes.user-pod-node-affinity.enabled', parseBoolean, false),
      key: setting('whisk.kubernetes.user-pod-node-affinity.key', parseText, 'openwhisk-role'),
      value: setting('whisk.kubernetes.user-pod-node-affinity.value', parseText, 'invoker'),
    },
    /** Labels that nodes must have, `key=value`, comma separated. */
    nodeSelector: setting('OPENWHISK_KUBERNETES_NODE_SELECTOR', parseLabels, {}),
    /** Names of secrets in the namespace of the pods with which images are pulled. */
    pullSecrets: setting('OPENWHISK_KUBERNETES_PULL_SECRETS', parseNames, []),
    /** Name and uid of the pod the invoker is in, when actions are in its namespace: the cluster removes their pods when that one is removed. */
    ownerName: setting('OPENWHISK_KUBERNETES_OWNER_NAME', parseText, ''),
    ownerUid: setting('OPENWHISK_KUBERNETES_OWNER_UID', parseText, ''),
  },
  containerPool: {
    /** MB */
    userMemory: setting('whisk.container-pool.user-memory', parseMegabytes, 2048),
    idleContainer: setting('whisk.container-proxy.timeouts.idle-container', parseDuration, 600_000),
    pauseGrace: setting('whisk.container-proxy.timeouts.pause-grace', parseDuration, 10_000),
  },
  activations: {
    /** Records older than this are dropped, whole segments at a time; OpenWhisk keeps them for ever. 0 = for ever. */
    maxAge: setting('OPENWHISK_ACTIVATIONS_MAX_AGE', parseDuration, 7 * 24 * 3600_000),
    /** The oldest segments go when the records take more than this on disk. */
    maxSize: setting('OPENWHISK_ACTIVATIONS_MAX_SIZE', parseSize, 4 * 1024 * 1024 * 1024),
    /** Bytes of records not yet on disk at which new work is refused. */
    maxPending: setting('OPENWHISK_ACTIVATIONS_MAX_PENDING', parseSize, 64 * 1024 * 1024),
  },
} as const;

type Parsed<T> = T extends Setting<infer V> ? V : { readonly [K in keyof T]: Parsed<T[K]> };

export type PlatformConfig = Parsed<typeof settings>;
export type SystemLimits = PlatformConfig['limits'];

/** The configuration cannot be used; the message is for the operator and names the variable. */
export class ConfigurationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationError';
  }
}

/** `whisk.container-pool.user-memory` as `CONFIG_whisk_containerPool_userMemory`; our own names stay. */
export function environmentName(key: string): string {
  if (!key.includes('.')) return key;
  return `CONFIG_${key.replace(/-([a-z])/g, (_, c: string) => c.toUpperCase()).replace(/\./g, '_')}`;
}

/** For processes with an admin API. Throws ConfigurationError. */
export function requireAdminKey({ admin: { key } }: PlatformConfig): void {
  if (key === '') throw new ConfigurationError('Set OPENWHISK_ADMIN_KEY: it is required.');
  if (key.length < 16) throw new ConfigurationError('OPENWHISK_ADMIN_KEY is too short: use at least 16 characters.');
}

/** For processes that keep something. Throws ConfigurationError. */
export function requireDataDir({ dataDir }: PlatformConfig): void {
  if (dataDir === '') throw new ConfigurationError('Set OPENWHISK_DATA_DIR: it is required.');
}

export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): PlatformConfig {
  return read(settings, withFiles(environment)) as PlatformConfig;
}

/** A variable `X_FILE` names a file with the value of `X`, as containers are given secrets. */
function withFiles(environment: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const whole: Record<string, string | undefined> = { ...environment };
  for (const [name, path] of Object.entries(environment)) {
    const variable = /^((?:OPENWHISK|CONFIG|LIMITS)_.+)_FILE$/.exec(name)?.[1];
    if (variable === undefined || !path || whole[variable]) continue;
    try {
      whole[variable] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      throw new ConfigurationError(`${name} is not usable: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  return whole;
}

function isSetting(node: object): node is Setting<unknown> {
  return typeof (node as Setting<unknown>).parse === 'function';
}

function read(node: object, environment: Readonly<Record<string, string | undefined>>): unknown {
  if (!isSetting(node)) return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, read(child, environment)]));
  const names = [node.key, ...(node.otherKey === undefined ? [] : [node.otherKey])].map(environmentName);
  const variable = names.find((name) => environment[name]) ?? names[0]!;
  const text = environment[variable];
  // an empty variable means the default, as in OpenWhisk's own images
  if (text === undefined || text === '') {
    if (node.value === undefined) throw new ConfigurationError(`Set ${variable}: it is required.`);
    return node.value;
  }
  try {
    return node.parse(text);
  } catch (error) {
    throw new ConfigurationError(`${variable} is not usable: ${(error as Error).message}`);
  }
}
