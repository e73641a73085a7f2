import { type Blueprint, type FileBlueprint, instancesOf, type ServiceBlueprint, type ServiceInstance } from '../../blueprint/blueprint';

/** A blueprint as the things a Docker engine knows, by name, in an order in which they can be made. Pulumi and Terraform render the same. */
export interface DockerPlan {
  images: readonly PlannedImage[];
  networks: readonly PlannedNetwork[];
  volumes: readonly PlannedVolume[];
  containers: readonly PlannedContainer[];
}

export interface PlannedImage {
  /** Unique in the plan. */
  key: string;
  reference: string;
  /** Absent: it is pulled, unless it is there. */
  build?: { context: string; buildArgs: Readonly<Record<string, string>> };
}

export interface PlannedNetwork {
  key: string;
  name: string;
  subnet: string;
  gateway: string;
  ipRange: string;
  internal: boolean;
  options: Readonly<Record<string, string>>;
}

export interface PlannedVolume {
  key: string;
  name: string;
  retain: boolean;
  irreplaceable: boolean;
}

export interface PlannedContainer {
  /** `controller0`; unique in the plan. */
  key: string;
  name: string;
  /** Key of the image. */
  image: string;
  /** Keys of all images that must be there as long as it runs: an invoker's containers need theirs. */
  images: readonly string[];
  /** Empty: the image's. */
  entrypoint: readonly string[];
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Variable to the name of a generated secret. */
  secretEnv: Readonly<Record<string, string>>;
  /** Values that must not be shown. */
  hiddenEnv: Readonly<Record<string, string>>;
  /** Instead of networks of the plan. */
  networkMode?: 'host' | 'none';
  networks: readonly { key: string; address?: string }[];
  ports: readonly { internal: number; address: string; external: number }[];
  volumes: readonly { key: string; path: string }[];
  hostPaths: Readonly<Record<string, string>>;
  files: readonly FileBlueprint[];
  /** A command inside of the container, as Docker takes it. */
  health: { test: readonly string[]; startPeriod: number; timeout: number; settle: number };
  memory: number;
  stopGrace: number;
  labels: Readonly<Record<string, string>>;
  /** Keys of the containers that must be healthy before this one starts; the instance before it is among them, so that they roll one by one. */
  after: readonly string[];
}

/** Marks what belongs to a platform. */
export const PLATFORM_LABEL = 'openwhisk.platform';
export const SERVICE_LABEL = 'openwhisk.service';

/** Who is in such a network reaches its gateway, and nobody else in it. */
const ISOLATED: Readonly<Record<string, string>> = { 'com.docker.network.bridge.enable_icc': 'false' };
const NO_OPTIONS: Readonly<Record<string, string>> = {};

const DEFAULT_MEMORY = 512;
const DEFAULT_STOP_GRACE = 10;
/** Seconds in which a failed check means nothing. It is a part of the container, which another patience with it must not make anew. */
const START_PERIOD = 120;

/** @param platform Prefix of all names on the engine. */
export function dockerPlan(blueprint: Blueprint, platform: string): DockerPlan {
  const images = new Map<string, PlannedImage>();
  for (const { name, reference, context, buildArgs } of blueprint.images)
    images.set(name, { key: name, reference, ...(context === undefined ? {} : { build: { context, buildArgs: buildArgs ?? {} } }) });
  const volumes: PlannedVolume[] = [];
  const containers: PlannedContainer[] = [];
  const instances = new Map(blueprint.services.map((service) => [service.name, instancesOf(service)]));
  for (const service of blueprint.services) {
    const image = imageOf(service, images);
    for (const instance of instances.get(service.name)!) {
      const mounted = service.volumes.flatMap(({ name, service: owner, path, retain, irreplaceable = false }) => {
        if (path === undefined) return [];
        const key = `${owner ?? instance.name}-${name}`;
        if (owner === undefined) volumes.push({ key, name: `${platform}-${key}`, retain, irreplaceable });
        return [{ key, path }];
      });
      const before = instance.index > 0 ? [instances.get(service.name)![instance.index - 1]!.name] : [];
      const needed = service.needs.flatMap((name) => instances.get(name)!.map((needs) => needs.name));
      const used = service.program === 'invoker' ? [image, ...blueprint.images.map(({ name }) => name)] : [image];
      const needs = { volumes: mounted, images: [...new Set(used)], after: [...needed, ...before] };
      containers.push({ ...container(instance, image, platform), ...needs });
    }
  }
  return {
    images: [...images.values()],
    networks: blueprint.networks.map(({ name, subnet, gateway, ipRange, internal, isolated }) => ({
      key: name,
      name: `${platform}-${name}`,
      subnet,
      gateway,
      ipRange,
      internal,
      options: isolated ? ISOLATED : NO_OPTIONS,
    })),
    volumes,
    containers,
  };
}

function imageOf(service: ServiceBlueprint, images: Map<string, PlannedImage>): string {
  if (service.image === undefined) throw new Error(`The service "${service.name}" has no image, so it cannot run in a container.`);
  if ('built' in service.image) return service.image.built;
  const reference = service.image.pulled;
  // one resource for an image that several services run
  const there = [...images.values()].find((image) => image.reference === reference);
  if (there !== undefined) return there.key;
  images.set(service.name, { key: service.name, reference });
  return service.name;
}

function container(instance: ServiceInstance, image: string, platform: string): Omit<PlannedContainer, 'volumes' | 'images' | 'after'> {
  const { service, name, attachments } = instance;
  const ports = Object.fromEntries(instance.ports.map((port) => [port.name, port.port]));
  const { secretEnv, secretFiles, fileEnv } = secretsOf(service);
  const env = Object.entries(instance.env).map(([variable, value]) => [
    variable,
    value.replaceAll('{instanceId}', `${platform}-${name}`).replaceAll(/\{port:(\w+)\}/g, (_, port: string) => String(ports[port])),
  ]);
  return {
    key: name,
    name: `${platform}-${name}`,
    image,
    entrypoint: service.entrypoint ?? [],
    command: service.program === undefined ? [] : [`${service.program}.js`],
    env: { ...Object.fromEntries(env), ...fileEnv },
    secretEnv,
    hiddenEnv: service.hiddenEnv ?? {},
    ...(typeof attachments === 'string' ? { networkMode: attachments } : {}),
    networks:
      typeof attachments === 'string'
        ? []
        : attachments.map(({ network, address }) => ({ key: network, ...(address === undefined ? {} : { address }) })),
    ports: instance.ports.flatMap(({ port, published = [] }) =>
      published.map(({ address, port: external }) => ({ internal: port, address, external })),
    ),
    hostPaths: service.hostPaths ?? {},
    files: [...(service.files ?? []), ...secretFiles],
    health: {
      test: healthTest(service, ports),
      startPeriod: Math.max(START_PERIOD, service.health.timeout),
      timeout: service.health.timeout,
      settle: service.health.settle ?? 0,
    },
    memory: service.memory ?? DEFAULT_MEMORY,
    stopGrace: service.stopGrace ?? DEFAULT_STOP_GRACE,
    labels: { [PLATFORM_LABEL]: platform, [SERVICE_LABEL]: service.name },
  };
}

/** Seconds as Go writes durations, which is how engines give them back. */
export function goDuration(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** Programs of ours read secrets from files, so that all of their environment can be shown in a preview; those of others do not. */
function secretsOf(service: ServiceBlueprint) {
  const secretEnv: Record<string, string> = {};
  const fileEnv: Record<string, string> = {};
  const secretFiles: FileBlueprint[] = [];
  for (const [variable, secret] of Object.entries(service.secrets)) {
    if (service.program === undefined) {
      secretEnv[variable] = secret;
    } else {
      const path = `/run/openwhisk/${variable}`;
      secretFiles.push({ path, generated: secret, secret: true });
      fileEnv[`${variable}_FILE`] = path;
    }
  }
  return { secretEnv, secretFiles, fileEnv };
}

/** Programs of ours bring what asks an address along; all images of others have a bash, which can at least connect. */
function healthTest({ health, program }: ServiceBlueprint, ports: Readonly<Record<string, number>>): string[] {
  if (health.port === undefined) return ['CMD', 'bash', '-c', `[ -s ${health.file!} ]`];
  const port = ports[health.port]!;
  if (program === undefined || health.path === undefined) return ['CMD', 'bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`];
  return ['CMD', 'node', '/platform/health.js', `http://127.0.0.1:${port}${health.path}`];
}
