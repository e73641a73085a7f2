import { type ComponentResource, CustomResource, type Output, output, type Resource, secret } from '@pulumi/pulumi';
import type { Blueprint, ServiceBlueprint } from '../../blueprint/blueprint';
import { GeneratedSecret } from '../ownResources';

export interface LocalOptions {
  parent: ComponentResource;
  /** Version of this plugin: children must not start another one. */
  version: string;
  name: string;
  host: string;
  /** Folder for the data of all services, relative to the project. */
  dataDir: string;
}

export interface RenderedPlatform {
  apiHost: Output<string>;
  adminUrl: Output<string>;
  adminKey: Output<string>;
  /** `address:port` of each part that has metrics. */
  prometheusTargets: Output<string[]>;
  /** Of the authority that signed its certificate, when that was generated. */
  caCertificate?: Output<string>;
}

class LocalService extends CustomResource {
  declare readonly urls: Output<Record<string, string>>;
  constructor(name: string, args: Record<string, unknown>, options: LocalOptions, dependsOn: Resource[]) {
    super('openwhisk:local:Service', name, { ...args, urls: undefined }, { parent: options.parent, version: options.version, dependsOn });
  }
}

/** Turns a blueprint into processes of this machine. */
export function renderLocal(blueprint: Blueprint, options: LocalOptions): RenderedPlatform {
  const secrets = new Map(
    blueprint.generatedSecrets.map((name) => [
      name,
      new GeneratedSecret(`${options.name}-${name}`, { parent: options.parent, version: options.version }),
    ]),
  );
  const services = new Map<string, LocalService>();
  for (const service of blueprint.services) {
    const needs = service.needs.map((name) => services.get(name)!);
    services.set(service.name, new LocalService(serviceName(options, service), serviceArgs(service, secrets, options), options, needs));
  }
  const url = ({ service, port }: { service: string; port: string }) => services.get(service)!.urls.apply((urls) => urls[port]!);
  return {
    apiHost: url(blueprint.endpoints.api),
    adminUrl: url(blueprint.endpoints.admin),
    adminKey: secret(secrets.get('adminKey')!.value),
    prometheusTargets: output([...blueprint.metrics]),
  };
}

/** The only service of a platform carries its name alone. */
function serviceName(options: LocalOptions, service: ServiceBlueprint): string {
  return service.name === 'platform' ? options.name : `${options.name}-${service.name}`;
}

function serviceArgs(
  service: ServiceBlueprint,
  secrets: ReadonlyMap<string, GeneratedSecret>,
  options: LocalOptions,
): Record<string, unknown> {
  const secretEnv = Object.entries(service.secrets).map(([variable, name]) => [variable, secrets.get(name)!.value] as const);
  return {
    name: service.name,
    program: service.program,
    env: { ...service.env, ...Object.fromEntries(secretEnv) },
    host: options.host,
    ports: Object.fromEntries(service.ports.map(({ name, port }) => [name, port])),
    health: service.health,
    dataDir: options.dataDir,
    retainData: service.volumes.some(({ retain }) => retain),
  };
}
