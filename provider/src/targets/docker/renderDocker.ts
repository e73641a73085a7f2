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
import { GENERATED_CERTIFICATE, GENERATED_KEY } from '../../blueprint/tls';
import type { RenderedPlatform } from '../local/renderLocal';
import { Certificate, DataVolumes, GeneratedSecret } from '../ownResources';
import { type DockerPlan, dockerPlan, goDuration, type PlannedContainer, type PlannedImage } from './dockerPlan';
import type { EngineSettings } from './engineSettings';

export interface DockerOptions {
  parent: ComponentResource;
  /** Version of this plugin: children must not start another one. */
  version: string;
  /** Logical name of the platform. */
  name: string;
  /** Prefix of all names on the engine. */
  platform: string;
  /** Where the engine is and how it is entered. */
  engine: EngineSettings;
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

/** Settings of the engine as inputs. */
type EngineInputs = Omit<EngineSettings, 'sshOpts' | 'keyMaterial'> & { sshOpts?: string[]; keyMaterial?: Output<string> };

/** Time a container has to come up, with what pulling and unpacking takes on a slow line. */
const TIMEOUTS = { create: '15m', update: '15m', delete: '5m' };

class EngineCheck extends CustomResource {
  constructor(name: string, args: EngineInputs & { images: string[] }, options: CustomResourceOptions) {
    super('openwhisk:docker:EngineCheck', name, args, options);
  }
}

class ContainerHealth extends CustomResource {
  declare readonly containerId: Output<string>;
  constructor(
    name: string,
    args: EngineInputs & {
      container: string;
      containerId: Input<string>;
      service: string;
      test: string[];
      timeout: number;
      settle: number;
    },
    options: CustomResourceOptions,
  ) {
    super('openwhisk:docker:ContainerHealth', name, args, options);
  }
}

class HealthAction extends CustomResource {
  declare readonly apiHost: Output<string>;
  declare readonly adminUrl: Output<string>;
  constructor(name: string, args: EngineInputs & Record<string, unknown>, options: CustomResourceOptions) {
    super('openwhisk:docker:HealthAction', name, args, options);
  }
}

/** Turns a blueprint into images, networks, volumes and containers of a Docker engine. */
export function renderDocker(blueprint: Blueprint, options: DockerOptions): RenderedPlatform {
  return new DockerRenderer(dockerPlan(blueprint, options.platform), options).render(blueprint);
}

/**
 * The newer builder is that of the docker command on this machine, whatever host the provider is told. The other one wants a network for what
 * it runs, and nothing that is run needs one.
 */
const ON_THE_ENGINE = { useLegacyBuilder: true, networkMode: 'none' };

class DockerRenderer {
  private readonly engine: EngineInputs;
  private readonly own: CustomResourceOptions;
  private readonly theirs: CustomResourceOptions;
  /** Of what may take long; the docker provider knows no time limits of networks and volumes. */
  private readonly lasting: CustomResourceOptions;
  private readonly images = new Map<string, docker.RemoteImage>();
  private readonly networks = new Map<string, docker.Network>();
  private readonly volumes = new Map<string, docker.Volume>();
  private readonly healths = new Map<string, ContainerHealth>();

  constructor(
    private readonly plan: DockerPlan,
    private readonly options: DockerOptions,
  ) {
    const { parent, version, name } = options;
    const { sshOpts, keyMaterial, ...rest } = options.engine;
    this.engine = {
      ...rest,
      ...(sshOpts === undefined ? {} : { sshOpts: [...sshOpts] }),
      ...(keyMaterial === undefined ? {} : { keyMaterial: secret(keyMaterial) }),
    };
    const { engine, ...access } = this.engine;
    this.own = { parent, version, customTimeouts: TIMEOUTS };
    const provider =
      options.provider ??
      new docker.Provider(
        `${name}-engine`,
        // without an empty context that of DOCKER_CONTEXT, which may be "default", would take the place of the host
        { ...(engine === undefined ? {} : { host: engine }), context: '', ...access, disableDockerDaemonCheck: true },
        { parent },
      );
    const images = plan.images.map(({ reference }) => reference).sort();
    const check = new EngineCheck(this.named('engine-check'), { ...this.engine, images }, this.own);
    this.theirs = { parent, provider, dependsOn: [check] };
    this.lasting = { ...this.theirs, customTimeouts: TIMEOUTS };
  }

  render({ generatedSecrets, certificate, metrics }: Blueprint): RenderedPlatform {
    const generated = new Map(generatedSecrets.map((name) => [name, new GeneratedSecret(this.named(name), this.own).value]));
    const issued = certificate && new Certificate('docker', this.named('certificate'), certificate, this.own);
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
    new DataVolumes('docker', this.named('data'), data, this.options.allowDataLoss, this.own);
    const containers = this.plan.containers.map((container) => this.container(container, generated));
    const adminKey = secret(generated.get('adminKey')!);
    const { platform, kind, endpoints } = this.options;
    const proof = new HealthAction(
      this.named('health'),
      {
        ...endpoints,
        adminKey,
        kind,
        platform,
        ...this.engine,
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
    if (build === undefined) return new docker.RemoteImage(this.named(key), { name: reference, keepLocally: true }, this.lasting);
    const context = this.options.stage(build.context);
    const named = this.options.engine.engine !== undefined || this.options.provider !== undefined;
    const args = {
      name: reference,
      build: { context, dockerfile: 'Dockerfile', buildArgs: { ...build.buildArgs }, ...(named ? ON_THE_ENGINE : {}) },
    };
    return new docker.RemoteImage(`${this.named(key)}-image`, args, this.lasting);
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
          startPeriod: goDuration(planned.health.startPeriod),
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
        ...this.lasting,
        dependsOn: [...used, ...planned.images.map((key) => this.images.get(key)!)],
        // its name and its addresses can be had once only
        deleteBeforeReplace: true,
        additionalSecretOutputs: ['envs', 'uploads'],
      },
    );
    const health = new ContainerHealth(
      `${this.named(planned.key)}-healthy`,
      {
        container: planned.name,
        containerId: container.id,
        service: planned.key,
        test: [...planned.health.test],
        ...this.engine,
        timeout: planned.health.timeout,
        settle: planned.health.settle,
      },
      { ...this.own, dependsOn: [container] },
    );
    this.healths.set(planned.key, health);
    return container;
  }
}
