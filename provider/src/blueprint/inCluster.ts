import type { Blueprint, ServiceBlueprint, VolumeBlueprint } from './blueprint';
import { edgeConfiguration } from './edge';
import { DEFAULT_STORAGE, type KubernetesArgs, type StorageArgs } from './kubernetesArgs';
import { CONTROLLER_PORTS, distributedParts } from './parts';
import type { PlatformArgs } from './platformArgs';
import type { CarriedSources } from './runtimeImages';
import { certificateBlueprint, type TlsFiles, tlsFiles } from './tls';

const PORTS = { api: 8080, admin: 8081, actions: 8082 };
const INVOKER_PORT = 8080;
/** User of our programs: any that is not root, as the images name none. */
const USER = 1000;
/** Groups that write the volumes of others, as the official images have them. */
const GROUPS = { kafka: 1000, couchdb: 5984 } as const;
/** Instances of nginx: one of them is always there. */
const EDGES = 2;
/** s until everybody has heard that a pod goes: until then it takes what it is sent. */
const FAREWELL = 5;
/**
 * How often nginx knows the controllers' one address. Behind it the cluster chooses for each connection; nginx tries another address when one
 * does not take a connection, and leaves out who failed.
 */
const TRIES = 3;

const CONFIGURATION = '/etc/nginx/platform/nginx.conf';
const CERTIFICATE = '/etc/nginx/platform/certificate.pem';
const KEY = '/etc/nginx/platform/key.pem';

/**
 * Controllers and invokers on Kafka and CouchDB, behind nginx, for a cluster that gives names to services: parts find each other by these.
 * Invokers make pods of their own in the platform's namespace, which reach nothing of the platform but nginx.
 *
 * @param namespace Where it runs.
 * @param registry In front of the names of the images that are built from what the provider carries.
 */
export function inClusterBlueprint(args: PlatformArgs, namespace: string, sources: CarriedSources): Blueprint {
  const wanted = args.kubernetes ?? {};
  const place = { repository: wanted.registry ?? '', addresses: { kafka: 'kafka', couchdb: 'couchdb' }, invokerPort: INVOKER_PORT };
  const parts = distributedParts(args, wanted, place, sources);
  const { invoker, controller } = parts;
  const storage = { ...DEFAULT_STORAGE, ...wanted.storage };
  const certificate = wanted.tls && certificateBlueprint(wanted.tls, hostsOf(args, namespace));
  const farewell = ['node', '-e', `setTimeout(() => {}, ${FAREWELL * 1000})`];
  const services: ServiceBlueprint[] = [
    ...parts.backends.map((backend) => ({
      ...backend,
      volumes: sized(backend.volumes, storage[backend.name as keyof StorageArgs]),
      group: GROUPS[backend.name as keyof typeof GROUPS],
      callers: ['controller', 'invoker'],
    })),
    {
      ...invoker,
      env: {
        ...invoker.env,
        OPENWHISK_API_HOST: '0.0.0.0',
        OPENWHISK_DATA_DIR: '/data',
        OPENWHISK_PUBLIC_URL: `http://nginx.${namespace}.svc:${PORTS.actions}`,
        OPENWHISK_CONTAINERS: 'kubernetes',
        ...podsOfActions(wanted),
      },
      volumes: sized(invoker.volumes, storage.invoker),
      user: USER,
      startsContainers: true,
    },
    { ...controller, user: USER, beforeStop: farewell },
    {
      name: 'nginx',
      image: { pulled: parts.nginx.image },
      entrypoint: ['nginx', '-c', CONFIGURATION, '-g', 'daemon off;'],
      replicas: EDGES,
      env: {},
      secrets: {},
      ports: [
        { name: 'api', port: PORTS.api },
        { name: 'admin', port: PORTS.admin },
        { name: 'actions', port: PORTS.actions },
      ],
      volumes: [],
      files: edgeFiles(wanted.domain, wanted.tls && tlsFiles(wanted.tls)),
      health: { port: 'api', timeout: parts.healthTimeout },
      needs: ['controller'],
      callers: 'everybody',
      // as the first process of its container it hears this, and the container is there as long as it is
      beforeStop: ['bash', '-c', `sleep ${FAREWELL}; kill -QUIT 1; while kill -0 1; do sleep 0.2; done`],
      memory: parts.nginx.memory,
      stopGrace: 60,
    },
  ];
  return {
    services,
    images: parts.images,
    networks: [],
    generatedSecrets: parts.generatedSecrets,
    ...(certificate === undefined ? {} : { certificate }),
    endpoints: { api: { service: 'nginx', port: 'api' }, admin: { service: 'nginx', port: 'admin' } },
    metrics: parts.metrics
      ? [metricsOf(controller, namespace, CONTROLLER_PORTS.api), metricsOf(invoker, namespace, INVOKER_PORT)].flat()
      : [],
  };
}

function edgeFiles(domain: string | undefined, tls: TlsFiles | undefined) {
  const address = { api: `controller:${CONTROLLER_PORTS.api}`, admin: `controller:${CONTROLLER_PORTS.admin}` };
  const content = edgeConfiguration({
    controllers: Array.from({ length: TRIES }, () => address),
    apiPort: PORTS.api,
    adminPort: PORTS.admin,
    actionsPort: PORTS.actions,
    ...(tls ? { tls: { certificate: CERTIFICATE, key: KEY } } : {}),
    ...(domain === undefined ? {} : { domain }),
  });
  const certificate = tls
    ? [
        { path: CERTIFICATE, ...tls.certificate },
        { path: KEY, ...tls.key, secret: true },
      ]
    : [];
  return [{ path: CONFIGURATION, content }, ...certificate];
}

function sized(volumes: readonly VolumeBlueprint[], size: string | undefined): VolumeBlueprint[] {
  return volumes.map((volume) => ({ ...volume, ...(size === undefined ? {} : { size }) }));
}

/** What the pods of actions need beside what they run: they are kept to some of the nodes, pull their images, and go with the invoker that made them. */
function podsOfActions({ actionNodes = {}, pullSecrets = [] }: KubernetesArgs): Record<string, string> {
  const labels = Object.entries(actionNodes).map(([label, value]) => `${label}=${value}`);
  return {
    OPENWHISK_KUBERNETES_OWNER_NAME: '{instanceId}',
    OPENWHISK_KUBERNETES_OWNER_UID: '{instanceUid}',
    ...(labels.length === 0 ? {} : { OPENWHISK_KUBERNETES_NODE_SELECTOR: labels.join(',') }),
    ...(pullSecrets.length === 0 ? {} : { OPENWHISK_KUBERNETES_PULL_SECRETS: pullSecrets.join(',') }),
  };
}

/** By what names clients come: from outside, from the cluster, from the machine that proves that it works. */
function hostsOf(args: PlatformArgs, namespace: string): string[] {
  const { domain } = args.kubernetes ?? {};
  const outside = [...(domain === undefined ? [] : [domain, `*.${domain}`]), ...(args.host === undefined ? [] : [args.host])];
  return [...outside, `nginx.${namespace}.svc`, 'nginx', 'localhost', '127.0.0.1'];
}

/** Instances by the names that a cluster gives them. */
function metricsOf({ name, replicas }: ServiceBlueprint, namespace: string, port: number): string[] {
  return Array.from({ length: replicas }, (_, index) => `${name}-${index}.${name}-pods.${namespace}.svc:${port}`);
}
