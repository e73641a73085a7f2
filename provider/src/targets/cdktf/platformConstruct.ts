import { join } from 'node:path';
import type * as cdktf from 'cdktf';
import { Construct } from 'constructs';
import { clientHost } from '../../blueprint/clientHost';
import { distributedBlueprint } from '../../blueprint/distributed';
import { checkPlatformArgs, type DockerArgs, type PlatformArgs, platformPorts } from '../../blueprint/platformArgs';
import { type DockerPlan, dockerPlan, goDuration, type PlannedContainer } from '../docker/dockerPlan';
import { ImageSources } from '../imageSources';
import { type AddResource, generatedCertificate } from './generatedCertificate';

/** What this needs of `cdktf`, or of `cdktn`, its successor with the same classes. */
export type CdktfLibrary = Pick<
  typeof cdktf,
  'TerraformResource' | 'TerraformProvider' | 'TerraformStack' | 'TerraformVariable' | 'TerraformAsset' | 'AssetType'
>;

/** The arguments of the Pulumi component, with what Terraform can't make itself. */
export interface OpenWhiskPlatformConfig
  extends Omit<PlatformArgs, 'target' | 'docker' | 'kubernetes'>,
    Omit<DockerArgs, 'engine' | 'engineAccess' | 'allowDataLoss'> {
  /** Prefix of all names on the engine. Default: the path of the construct. */
  name?: string;
  /** Key of the admin API. Default: a sensitive variable of the stack, `<id>_admin_key`. */
  adminKey?: string;
  /** Password of the CouchDB it brings. Default: a sensitive variable of the stack, `<id>_couchdb_password`. */
  couchdbPassword?: string;
}

/** The arguments cannot be used; the message lists every reason with its path. */
export class InvalidPlatformConfig extends Error {
  override readonly name = 'InvalidPlatformConfig';
}

/** What a platform as a construct tells: the same outputs as the Pulumi component has. */
export interface OpenWhiskPlatform extends Construct {
  readonly apiHost: string;
  readonly adminUrl: string;
  /** A token; sensitive. */
  readonly adminKey: string;
  /** `address:port` at which Prometheus finds `/metrics`, seen from the host the platform is on. */
  readonly prometheusTargets: readonly string[];
  /**
   * Addresses of the containers that an upgrade has to replace one by one. Terraform takes all of them away before it makes the first anew;
   * `terraform apply -target=ADDRESS` for each, in this order, and one without a target at the end, is an upgrade no caller notices.
   */
  readonly rollOrder: readonly string[];
  /** A token: certificate of the authority that signed the platform's own, when that was generated. */
  readonly caCertificate?: string;
}

type OpenWhiskPlatformClass = new (scope: Construct, id: string, config?: OpenWhiskPlatformConfig) => OpenWhiskPlatform;

const VARIABLES: Readonly<Record<string, { variable: string; description: string }>> = {
  adminKey: { variable: 'admin_key', description: 'Key of the admin API of the OpenWhisk platform, at least 16 characters.' },
  couchdbPassword: { variable: 'couchdb_password', description: "Password of the platform's own CouchDB." },
};

/**
 * The platform of containers as a construct over the Docker provider for Terraform (kreuzwerker/docker): from the same blueprint, by the
 * same names and with the same defaults as the Pulumi component with `target: 'docker'`. A Docker provider that the stack declares before
 * is used, else one for the engine of the machine (or `DOCKER_HOST`) is declared.
 */
export function platformConstruct(library: CdktfLibrary, sourcesOf: () => ImageSources = () => new ImageSources()): OpenWhiskPlatformClass {
  return class extends Construct implements OpenWhiskPlatform {
    readonly apiHost: string;
    readonly adminUrl: string;
    readonly adminKey: string;
    readonly prometheusTargets: readonly string[];
    readonly rollOrder: readonly string[];
    readonly caCertificate?: string;

    constructor(scope: Construct, id: string, config: OpenWhiskPlatformConfig = {}) {
      super(scope, id);
      const { name, adminKey, couchdbPassword, ...args } = config;
      const platformArgs = platformArgsOf(args);
      const problems = checkPlatformArgs(platformArgs);
      if (args.tls?.renewal !== undefined)
        problems.push({ path: 'tls.renewal', reason: 'is not for Terraform: "terraform apply -replace" of the certificate renews it' });
      if (problems.length > 0)
        throw new InvalidPlatformConfig(
          `The platform cannot be built: ${problems.map(({ path, reason }) => `${path} ${reason}`).join('; ')}.`,
        );
      declareProvider(library, this, PROVIDERS.docker);
      const platform = (name ?? this.node.path).toLowerCase().replace(/[^a-z0-9-]+/g, '-');
      const sources = sourcesOf();
      const blueprint = distributedBlueprint(platformArgs, platform, sources);
      const given: Record<string, string | undefined> = { adminKey, couchdbPassword };
      const generated = new Map(blueprint.generatedSecrets.map((secret) => [secret, given[secret] ?? this.variable(secret)]));
      const renderer = new PlanRenderer(library, this, dockerPlan(blueprint, platform), generated);
      if (blueprint.certificate !== undefined) {
        declareProvider(library, this, PROVIDERS.tls);
        const { values, caCertificate } = generatedCertificate(blueprint.certificate, renderer.certificatePart);
        for (const [key, value] of values) generated.set(key, value);
        this.caCertificate = caCertificate;
      }
      this.rollOrder = renderer.render((context) => join(sources.folder, context));
      const origin = `${args.tls === undefined ? 'http' : 'https'}://${clientHost(args.host)}`;
      const { apiPort, adminPort } = platformPorts(platformArgs);
      this.apiHost = `${origin}:${apiPort}`;
      this.adminUrl = `${origin}:${adminPort}`;
      this.adminKey = generated.get('adminKey')!;
      this.prometheusTargets = blueprint.metrics;
    }

    private variable(secret: string): string {
      const { variable, description } = VARIABLES[secret]!;
      const made = new library.TerraformVariable(this, variable, { type: 'string', sensitive: true, description });
      // a name that people can set
      made.overrideLogicalId(`${this.node.path.split('/').slice(1).join('_')}_${variable}`);
      return made.stringValue;
    }
  };
}

interface ProviderRequirement {
  name: string;
  source: string;
  version: string;
}

/** The oldest with all the attributes used here. */
const PROVIDERS = {
  docker: { name: 'docker', source: 'kreuzwerker/docker', version: '>= 3.6' },
  tls: { name: 'tls', source: 'hashicorp/tls', version: '>= 4.0' },
} as const;

/** As the prebuilt provider's construct would, for stacks without one. */
function declareProvider(library: CdktfLibrary, scope: Construct, { name, source, version }: ProviderRequirement): void {
  const stack = library.TerraformStack.of(scope);
  const providers = stack.node
    .findAll()
    .filter((node): node is cdktf.TerraformProvider => library.TerraformProvider.isTerraformProvider(node));
  if (providers.some(({ terraformResourceType }) => terraformResourceType === name)) return;
  class Provider extends library.TerraformProvider {}
  new Provider(stack, name, {
    terraformResourceType: name,
    terraformProviderSource: source,
    terraformGeneratorMetadata: { providerName: name, providerVersionConstraint: version },
  });
}

function platformArgsOf(args: Omit<OpenWhiskPlatformConfig, 'name' | 'adminKey' | 'couchdbPassword'>): PlatformArgs {
  const { host, apiPort, adminPort, retainData, limits, userMemory, logLevel, settings, ...docker } = args;
  const general = { host, apiPort, adminPort, retainData, limits, userMemory, logLevel, settings };
  const set = Object.fromEntries(Object.entries(general).filter(([, value]) => value !== undefined));
  return { ...set, target: 'docker', docker };
}

/** Makes Terraform resources of a plan. Attributes are written as the Docker provider's documentation names them. */
class PlanRenderer {
  private readonly resources = new Map<string, cdktf.TerraformResource>();

  constructor(
    private readonly library: CdktfLibrary,
    private readonly scope: Construct,
    private readonly plan: DockerPlan,
    private readonly generated: ReadonlyMap<string, string>,
  ) {}

  /**
   * Gives the addresses of the containers of the platform's own programs.
   *
   * @param folderOf The folder of sources an image is built from.
   */
  render(folderOf: (context: string) => string): string[] {
    const { AssetType, TerraformAsset } = this.library;
    for (const { key, reference, build } of this.plan.images) {
      if (build === undefined) {
        this.add(`image-${key}`, 'docker_image', { name: reference, keep_locally: true });
        continue;
      }
      const asset = new TerraformAsset(this.scope, `source-${key}`, { path: folderOf(build.context), type: AssetType.DIRECTORY });
      const source = { context: asset.path, dockerfile: 'Dockerfile', build_args: build.buildArgs, remove: true };
      // Other sources are another resource: the old image is removed when nothing uses it any longer, be it in a later apply.
      const image = this.add(`image-${key}-${reference.split(':').at(-1)!}`, 'docker_image', { name: reference, build: [source] });
      this.resources.set(`image-${key}`, image);
    }
    for (const { key, name, subnet, gateway, ipRange, internal, options } of this.plan.networks) {
      const ipam = [{ subnet, gateway, ip_range: ipRange }];
      this.add(`network-${key}`, 'docker_network', { name, driver: 'bridge', internal, ipam_config: ipam, options });
    }
    for (const { key, name, retain } of this.plan.volumes)
      this.add(`volume-${key}`, 'docker_volume', { name, ...(retain ? { lifecycle: { prevent_destroy: true } } : {}) });
    const programs: string[] = [];
    for (const container of this.plan.containers) {
      const { terraformResourceType, friendlyUniqueId } = this.container(container);
      if (container.command.length > 0) programs.push(`${terraformResourceType}.${friendlyUniqueId}`);
    }
    return programs;
  }

  private container(planned: PlannedContainer): cdktf.TerraformResource {
    const env = [
      ...Object.entries({ ...planned.env, ...planned.hiddenEnv }).map(([name, value]) => `${name}=${literal(value)}`),
      ...Object.entries(planned.secretEnv).map(([name, key]) => `${name}=${this.generated.get(key)!}`),
    ];
    return this.add(
      `container-${planned.key}`,
      'docker_container',
      {
        name: planned.name,
        image: this.named(`image-${planned.image}`),
        ...(planned.entrypoint.length === 0 ? {} : { entrypoint: planned.entrypoint.map(literal) }),
        ...(planned.command.length === 0 ? {} : { command: planned.command }),
        env,
        ...(planned.networkMode === undefined ? {} : { network_mode: planned.networkMode }),
        networks_advanced: planned.networks.map(({ key, address }) => ({
          name: this.named(`network-${key}`),
          ...(address === undefined ? {} : { ipv4_address: address }),
        })),
        ports: planned.ports.map(({ internal, address, external }) => ({ internal, external, ip: address, protocol: 'tcp' })),
        mounts: [
          ...planned.volumes.map(({ key, path }) => ({ type: 'volume', source: this.named(`volume-${key}`), target: path })),
          ...Object.entries(planned.hostPaths).map(([source, target]) => ({ type: 'bind', source, target })),
        ],
        upload: planned.files.map((file) => ({
          file: file.path,
          content: 'generated' in file ? this.generated.get(file.generated)! : literal(file.content),
        })),
        healthcheck: [
          { test: healthTest(planned), interval: '2s', timeout: '5s', start_period: goDuration(planned.health.startPeriod), retries: 5 },
        ],
        // the same as memory: nothing is swapped
        memory: planned.memory,
        memory_swap: planned.memory,
        restart: 'unless-stopped',
        init: true,
        log_driver: 'json-file',
        log_opts: { 'max-size': '10m', 'max-file': '3' },
        labels: Object.entries(planned.labels).map(([label, value]) => ({ label, value })),
        security_opts: ['no-new-privileges'],
        destroy_grace_seconds: planned.stopGrace,
        stop_timeout: planned.stopGrace,
        must_run: true,
        // what comes after it starts when it is healthy
        wait: true,
        wait_timeout: planned.health.timeout,
      },
      [
        ...planned.after.map((key) => this.resources.get(`container-${key}`)!),
        ...planned.images.map((key) => this.resources.get(`image-${key}`)!),
      ],
    );
  }

  /** The name another resource was given, as a reference to it: Terraform then knows the order. */
  private named(id: string): string {
    return this.resources.get(id)!.getStringAttribute('name');
  }

  /** For what the certificate is made of. */
  readonly certificatePart: AddResource = (id, type, attributes) => {
    const resource = this.add(id, type, attributes);
    return (attribute) => resource.getStringAttribute(attribute);
  };

  private add(
    id: string,
    type: string,
    attributes: Record<string, unknown>,
    dependsOn: cdktf.TerraformResource[] = [],
  ): cdktf.TerraformResource {
    const resource = new this.library.TerraformResource(this.scope, id, {
      terraformResourceType: type,
      terraformGeneratorMetadata: { providerName: type.split('_')[0]! },
      ...(dependsOn.length === 0 ? {} : { dependsOn }),
    });
    for (const [name, value] of Object.entries(attributes)) {
      if (Array.isArray(value) && value.length === 0) continue;
      resource.addOverride(name, value);
    }
    this.resources.set(id, resource);
    return resource;
  }
}

/** Nothing of Terraform's waits between two containers: it is the check that says later that one is healthy. */
function healthTest({ health: { test, settle }, command }: PlannedContainer): string[] {
  return settle > 0 && command.length > 0 ? [...test, String(settle)] : [...test];
}

/** Text that Terraform takes as it is: `${` begins an expression there. References that a program made, to a variable say, stay what they are. */
function literal(text: string): string {
  return text.replaceAll(/\$\{(?!TfToken\[)/g, '$$$${').replaceAll('%{', '%%{');
}
