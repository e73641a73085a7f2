import * as docker from '@pulumi/docker';
import {
  all,
  type ComponentResource,
  CustomResource,
  type CustomResourceOptions,
  type Input,
  interpolate,
  type Output,
  output,
  type ProviderResource,
  type Resource,
  secret,
} from '@pulumi/pulumi';
import type { Blueprint } from '../../blueprint/blueprint';
import { type CertificateBlueprint, GENERATED_CERTIFICATE, GENERATED_KEY } from '../../blueprint/tls';
import type { RenderedPlatform } from '../local/renderLocal';
import { type DockerPlan, dockerPlan, goDuration, type PlannedContainer, type PlannedImage } from './dockerPlan';

export interface DockerOptions {
  parent: ComponentResource;
  /** Version of this plugin: children must not start another one. */
  version: string;
  /** Logical name of the platform. */
  name: string;
  /** Prefix of all names on the engine. */
  platform: string;
  /** Address of the engine. */
  engine?: string;
  /** The docker provider the program gave; absent = one of its own. */
  provider?: ProviderResource;
  /** Where clients reach it. */
  endpoints: { apiHost: string; adminUrl: string };
  /** An update may remove volumes with data. */
  allowDataLoss: boolean;
  /** Kind of action that proves that it works. */
  kind: string;
  /** Gives the folder an image is built in, relative to the program. */
  stage(context: string): string;
}

/** Time a container has to come up, with what pulling and unpacking takes on a slow line. */
const TIMEOUTS = { create: '15m', update: '15m', delete: '5m' };

class GeneratedSecret extends CustomResource {
  declare readonly value: Output<string>;
  constructor(name: string, options: CustomResourceOptions) {
    super('openwhisk:local:GeneratedSecret', name, { value: undefined }, { ...options, additionalSecretOutputs: ['value'] });
  }
}

class Certificate extends CustomResource {
  declare readonly certificate: Output<string>;
  declare readonly key: Output<string>;
  declare readonly caCertificate: Output<string>;
  constructor(name: string, { names, days, renewal }: CertificateBlueprint, options: CustomResourceOptions) {
    super(
      'openwhisk:docker:Certificate',
      name,
      { names: [...names], days, renewal, certificate: undefined, key: undefined, caCertificate: undefined },
      { ...options, additionalSecretOutputs: ['key', 'authorityKey'] },
    );
  }
}

class DataVolumes extends CustomResource {
  constructor(name: string, args: { volumes: string[]; retained: boolean; allowDataLoss: boolean }, options: CustomResourceOptions) {
    super('openwhisk:docker:DataVolumes', name, args, options);
  }
}

class ContainerHealth extends CustomResource {
  declare readonly containerId: Output<string>;
  constructor(
    name: string,
    args: { container: string; containerId: Input<string>; service: string; engine?: string; timeout: number; settle: number },
    options: CustomResourceOptions,
  ) {
    super('openwhisk:docker:ContainerHealth', name, args, options);
  }
}

class HealthAction extends CustomResource {
  declare readonly apiHost: Output<string>;
  declare readonly adminUrl: Output<string>;
  constructor(name: string, args: Record<string, Input<string> | undefined>, options: CustomResourceOptions) {
    super('openwhisk:docker:HealthAction', name, args, options);
  }
}

/** Turns a blueprint into images, networks, volumes and containers of a Docker engine. */
export function renderDocker(blueprint: Blueprint, options: DockerOptions): RenderedPlatform {
  return new DockerRenderer(dockerPlan(blueprint, options.platform), options).render(blueprint);
}

class DockerRenderer {
  private readonly own: CustomResourceOptions;
  private readonly theirs: CustomResourceOptions;
  private readonly images = new Map<string, docker.RemoteImage>();
  private readonly networks = new Map<string, docker.Network>();
  private readonly volumes = new Map<string, docker.Volume>();
  private readonly healths = new Map<string, ContainerHealth>();

  constructor(
    private readonly plan: DockerPlan,
    private readonly options: DockerOptions,
  ) {
    const { parent, version, name, engine } = options;
    this.own = { parent, version, customTimeouts: TIMEOUTS };
    const provider =
      options.provider ??
      new docker.Provider(
        `${name}-engine`,
        { ...(engine === undefined ? {} : { host: engine }), disableDockerDaemonCheck: true },
        { parent },
      );
    this.theirs = { parent, provider, customTimeouts: TIMEOUTS };
  }

  render({ generatedSecrets, certificate, metrics }: Blueprint): RenderedPlatform {
    const generated = new Map(generatedSecrets.map((name) => [name, new GeneratedSecret(this.named(name), this.own).value]));
    const issued = certificate && new Certificate(this.named('certificate'), certificate, this.own);
    if (issued !== undefined) generated.set(GENERATED_CERTIFICATE, issued.certificate).set(GENERATED_KEY, issued.key);
    for (const image of this.plan.images) this.images.set(image.key, this.image(image));
    for (const network of this.plan.networks) {
      const { key, name, subnet, gateway, ipRange, internal } = network;
      const args = { name, driver: 'bridge', internal, ipamConfigs: [{ subnet, gateway, ipRange }], options: { ...network.options } };
      this.networks.set(key, new docker.Network(this.named(key), args, { ...this.theirs, deleteBeforeReplace: true }));
    }
    for (const { key, name, retain } of this.plan.volumes)
      this.volumes.set(key, new docker.Volume(this.named(key), { name }, { ...this.theirs, retainOnDelete: retain }));
    const data = this.plan.volumes.filter(({ irreplaceable }) => irreplaceable);
    const { allowDataLoss } = this.options;
    const kept = { volumes: data.map(({ name }) => name), retained: data.some(({ retain }) => retain), allowDataLoss };
    new DataVolumes(this.named('data'), kept, this.own);
    const containers = this.plan.containers.map((container) => this.container(container, generated));
    const adminKey = secret(generated.get('adminKey')!);
    const { platform, engine, kind, endpoints } = this.options;
    const proof = new HealthAction(
      this.named('health'),
      {
        ...endpoints,
        adminKey,
        kind,
        platform,
        ...(engine === undefined ? {} : { engine }),
        // another container anywhere on the way has to be proved anew
        revision: all(containers.map(({ id }) => id)).apply((ids) => ids.map((id) => id.slice(0, 12)).join(' ')),
      },
      { ...this.own, dependsOn: [...this.healths.values(), ...this.images.values()] },
    );
    // known before the platform is up, and used only when it has been proved
    const once = (address: Output<string>, value: string): Output<string> => interpolate`${address}`.apply(() => value);
    return {
      apiHost: once(proof.apiHost, endpoints.apiHost),
      adminUrl: once(proof.adminUrl, endpoints.adminUrl),
      adminKey,
      prometheusTargets: output([...metrics]),
      ...(issued === undefined ? {} : { caCertificate: issued.caCertificate }),
    };
  }

  private named(key: string): string {
    return `${this.options.name}-${key}`;
  }

  private image({ key, reference, build }: PlannedImage): docker.RemoteImage {
    if (build === undefined) return new docker.RemoteImage(this.named(key), { name: reference, keepLocally: true }, this.theirs);
    const context = this.options.stage(build.context);
    const args = { name: reference, build: { context, dockerfile: 'Dockerfile', buildArgs: { ...build.buildArgs } } };
    return new docker.RemoteImage(`${this.named(key)}-image`, args, this.theirs);
  }

  private container(planned: PlannedContainer, generated: ReadonlyMap<string, Output<string>>): docker.Container {
    const image = this.images.get(planned.image)!;
    const used: Resource[] = planned.after.map((key) => this.healths.get(key)!);
    const envs: Input<string>[] = [
      ...Object.entries(planned.env).map(([name, value]) => `${name}=${value}`),
      ...Object.entries(planned.hiddenEnv).map(([name, value]) => secret(`${name}=${value}`)),
      ...Object.entries(planned.secretEnv).map(([name, key]) => secret(interpolate`${name}=${generated.get(key)!}`)),
    ];
    const container = new docker.Container(
      this.named(planned.key),
      {
        name: planned.name,
        image: image.name,
        ...(planned.entrypoint.length === 0 ? {} : { entrypoints: [...planned.entrypoint] }),
        ...(planned.command.length === 0 ? {} : { command: [...planned.command] }),
        envs,
        ...(planned.networkMode === undefined ? {} : { networkMode: planned.networkMode }),
        networksAdvanced: planned.networks.map(({ key, address }) => ({
          name: this.networks.get(key)!.name,
          ...(address === undefined ? {} : { ipv4Address: address }),
        })),
        ports: planned.ports.map(({ internal, address, external }) => ({ internal, external, ip: address, protocol: 'tcp' })),
        mounts: [
          ...planned.volumes.map(({ key, path }) => ({ type: 'volume', source: this.volumes.get(key)!.name, target: path })),
          ...Object.entries(planned.hostPaths).map(([source, target]) => ({ type: 'bind', source, target })),
        ],
        uploads: planned.files.map((file) => {
          const content: Input<string> = 'generated' in file ? generated.get(file.generated)! : file.content;
          return { file: file.path, content: file.secret ? secret(content) : content };
        }),
        healthcheck: {
          tests: [...planned.health.test],
          interval: '2s',
          timeout: '5s',
          startPeriod: goDuration(planned.health.timeout),
          retries: 5,
        },
        // the same as memory: nothing is swapped
        memory: planned.memory,
        memorySwap: planned.memory,
        restart: 'unless-stopped',
        init: true,
        logDriver: 'json-file',
        logOpts: { 'max-size': '10m', 'max-file': '3' },
        labels: Object.entries(planned.labels).map(([label, value]) => ({ label, value })),
        securityOpts: ['no-new-privileges'],
        destroyGraceSeconds: planned.stopGrace,
        stopTimeout: planned.stopGrace,
        mustRun: true,
      },
      {
        ...this.theirs,
        dependsOn: [...used, ...planned.images.map((key) => this.images.get(key)!)],
        // its name and its addresses can be had once only
        deleteBeforeReplace: true,
        additionalSecretOutputs: ['envs', 'uploads'],
      },
    );
    const { engine } = this.options;
    const health = new ContainerHealth(
      `${this.named(planned.key)}-healthy`,
      {
        container: planned.name,
        containerId: container.id,
        service: planned.key,
        ...(engine === undefined ? {} : { engine }),
        timeout: planned.health.timeout,
        settle: planned.health.settle,
      },
      { ...this.own, dependsOn: [container] },
    );
    this.healths.set(planned.key, health);
    return container;
  }
}
