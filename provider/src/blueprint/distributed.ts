import { addressPlan, defaultSubnet } from './addresses';
import type { Blueprint, ServiceBlueprint } from './blueprint';
import { clientHost } from './clientHost';
import { EDGE_ENTRYPOINT, EDGE_VOLUME, edgeFiles, FILES_SERVICE } from './edgeFiles';
import { CONTROLLER_PORTS, distributedParts } from './parts';
import { type PlatformArgs, platformPorts } from './platformArgs';
import type { CarriedSources } from './runtimeImages';
import { certificateBlueprint, tlsFiles } from './tls';

const PORTS = { edge: 8080, edgeAdmin: 8081, edgeForActions: 8082 };
const INVOKER_PORT = 12001;

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
  const invokerPort = docker.invokerPort ?? INVOKER_PORT;
  const parts = distributedParts(args, docker, { repository: platform, addresses: plan, invokerPort }, sources);
  const { invoker, controller, healthTimeout } = parts;
  const everywhere = args.host === '0.0.0.0';
  const { apiPort, adminPort, actionsPort } = platformPorts(args);
  const controllers = addressesFrom(plan.controllersOnEdge, controller.replicas);
  const certificate = docker.tls && certificateBlueprint(docker.tls, hostsOf(args, plan));
  const services: ServiceBlueprint[] = [
    ...parts.backends.map((backend) => ({
      ...backend,
      networks: [{ network: 'core', address: plan[backend.name as 'kafka' | 'couchdb'] }],
    })),
    {
      ...invoker,
      env: {
        ...invoker.env,
        OPENWHISK_API_HOST: '127.0.0.1',
        // its containers are known by it on an engine that others use too
        OPENWHISK_DATA_DIR: `/data/${platform}`,
        OPENWHISK_PUBLIC_URL: `http://${plan.actions.gateway}:${actionsPort}`,
        OPENWHISK_CONTAINERS: 'docker',
        CONFIG_whisk_containerFactory_containerArgs_network: `${platform}-actions`,
      },
      hostPaths: { [docker.socket ?? socketOf(docker.engine)]: '/var/run/docker.sock' },
      networks: 'host',
    },
    {
      ...controller,
      networks: [
        { network: 'core', address: plan.controllersOnCore },
        { network: 'edge', address: plan.controllersOnEdge },
      ],
    },
    edgeFiles({
      image: parts.nginx.image,
      controllers: controllers.map((address) => ({
        api: `${address}:${CONTROLLER_PORTS.api}`,
        admin: `${address}:${CONTROLLER_PORTS.admin}`,
      })),
      ports: { api: PORTS.edge, actions: PORTS.edgeForActions, admin: PORTS.edgeAdmin },
      ...(docker.tls === undefined ? {} : { tls: tlsFiles(docker.tls) }),
      ...(docker.domain === undefined ? {} : { domain: docker.domain }),
      healthTimeout,
    }),
    {
      name: 'nginx',
      entrypoint: EDGE_ENTRYPOINT,
      image: { pulled: parts.nginx.image },
      replicas: 1,
      env: {},
      secrets: {},
      ports: [
        { name: 'api', port: PORTS.edge, published: [{ address: args.host ?? '127.0.0.1', port: apiPort }] },
        // Actions have no way to the host's own address. A port that is published everywhere can't be published at one address besides.
        {
          name: 'actions',
          port: PORTS.edgeForActions,
          published: everywhere && actionsPort === apiPort ? [] : [{ address: plan.actions.gateway, port: actionsPort }],
        },
        { name: 'admin', port: PORTS.edgeAdmin, published: [{ address: args.host ?? '127.0.0.1', port: adminPort }] },
      ],
      volumes: [EDGE_VOLUME],
      health: { port: 'api', timeout: healthTimeout },
      needs: [FILES_SERVICE],
      networks: [{ network: 'edge', address: plan.nginx }],
      memory: parts.nginx.memory,
      stopGrace: 10,
    },
  ];
  return {
    services,
    images: parts.images,
    networks: [
      { name: 'edge', ...plan.edge, internal: false, isolated: false },
      { name: 'core', ...plan.core, internal: true, isolated: false },
      { name: 'actions', ...plan.actions, internal: false, isolated: true },
    ],
    generatedSecrets: parts.generatedSecrets,
    ...(certificate === undefined ? {} : { certificate }),
    endpoints: { api: { service: 'nginx', port: 'api' }, admin: { service: 'nginx', port: 'admin' } },
    metrics: parts.metrics
      ? [
          ...controllers.map((address) => `${address}:${CONTROLLER_PORTS.api}`),
          ...Array.from({ length: invoker.replicas }, (_, index) => `127.0.0.1:${invokerPort + index}`),
        ]
      : [],
  };
}

/**
 * The engine's socket as its host has it. A rootless engine has it where it is called; one at another path (Docker Desktop, colima) is in a
 * machine of its own, where it is in the usual place.
 */
function socketOf(engine: string | undefined): string {
  return /^unix:\/\/(\/run\/user\/.+)$/.exec(engine ?? '')?.[1] ?? '/var/run/docker.sock';
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
