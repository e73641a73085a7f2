import { join } from 'node:path';
import {
  ComponentResource,
  type ComponentResourceOptions,
  Config,
  getProject,
  getStack,
  InputPropertiesError,
  type Inputs,
  type Output,
  output,
} from '@pulumi/pulumi';
import { clientHost } from '../blueprint/clientHost';
import { distributedBlueprint } from '../blueprint/distributed';
import { inClusterBlueprint } from '../blueprint/inCluster';
import { isNamespaceName } from '../blueprint/kubernetesArgs';
import { DEFAULT_KINDS } from '../blueprint/partsArgs';
import { checkPlatformArgs, type PlatformArgs, platformPorts } from '../blueprint/platformArgs';
import { standaloneBlueprint } from '../blueprint/standalone';
import { ambientEngine, EngineUnknown } from '../targets/docker/ambientEngine';
import { ImageSources } from '../targets/imageSources';
import { kubernetesPlan } from '../targets/kubernetes/kubernetesPlan';
import { type RenderedPlatform, renderLocal } from '../targets/local/renderLocal';
import { findProjectRoot } from '../targets/projectRoot';
import { provingKind } from '../targets/proof';

/** A complete platform: `openwhisk:index:Platform`. What it is made of depends on the target. */
export class Platform extends ComponentResource {
  /** Base address of the OpenWhisk API. */
  readonly apiHost: Output<string>;
  /** Base address of the admin API. */
  readonly adminUrl: Output<string>;
  /** Bearer key of the admin API; a secret. */
  readonly adminKey: Output<string>;
  /** `address:port` at which Prometheus finds `/metrics`, seen from the host the platform is on. */
  readonly prometheusTargets: Output<string[]>;
  /** Certificate of the authority that signed the platform's own, in PEM form; empty when none was generated. */
  readonly caCertificate: Output<string>;

  constructor(name: string, args: PlatformArgs & { dataDir?: string }, options: ComponentResourceOptions, version: string) {
    super('openwhisk:index:Platform', name, {}, options);
    const folder = args.dataDir ?? `.openwhisk/${getStack()}/${name}`;
    const renderers = { local: this.renderLocal, docker: this.renderDocker, kubernetes: this.renderKubernetes };
    const rendered = renderers[args.target ?? 'local'].call(this, name, args, folder, version);
    this.apiHost = rendered.apiHost;
    this.adminUrl = rendered.adminUrl;
    this.adminKey = rendered.adminKey;
    this.prometheusTargets = rendered.prometheusTargets;
    // an output that is left out is unknown in every preview
    this.caCertificate = rendered.caCertificate ?? output('');
    this.registerOutputs(this.state());
  }

  private renderLocal(name: string, args: PlatformArgs, dataDir: string, version: string): RenderedPlatform {
    const host = args.host ?? '127.0.0.1';
    return renderLocal(standaloneBlueprint(args), { parent: this, version, name, host, dataDir });
  }

  private renderDocker(name: string, args: PlatformArgs, folder: string, version: string): RenderedPlatform {
    // loaded with the first platform that needs it: it is large
    const { renderDocker } = require('../targets/docker/renderDocker') as typeof import('../targets/docker/renderDocker');
    const sources = new ImageSources();
    const platform = nameOnEngine(name);
    const { engine, engineAccess = {}, tls, kinds = DEFAULT_KINDS, images, allowDataLoss = false } = args.docker ?? {};
    const host = clientHost(args.host, engine);
    const { apiPort, adminPort } = platformPorts(args);
    const scheme = tls === undefined ? 'http' : 'https';
    const provider = this.getProvider('docker:index/container:Container');
    return renderDocker(distributedBlueprint(args, platform, sources), {
      parent: this,
      version,
      name,
      platform,
      engine: engine === undefined ? engineAccess : { engine, ...engineAccess },
      ...(provider === undefined ? {} : { provider }),
      endpoints: {
        apiHost: `${scheme}://${host}:${apiPort}`,
        adminUrl: `${scheme}://${host}:${adminPort}`,
      },
      allowDataLoss,
      kind: provingKind([...kinds, ...Object.keys(images?.runtimes ?? {})]),
      stage: (context) => sources.stage(context, join(findProjectRoot(process.cwd()), folder, 'images')),
    });
  }

  private renderKubernetes(name: string, args: PlatformArgs, _folder: string, version: string): RenderedPlatform {
    // loaded with the first platform that needs it: it is large
    const { renderKubernetes } =
      require('../targets/kubernetes/renderKubernetes') as typeof import('../targets/kubernetes/renderKubernetes');
    const wanted = args.kubernetes ?? {};
    const { kinds = DEFAULT_KINDS, images, allowDataLoss = false, serviceType = 'LoadBalancer', tls, context } = wanted;
    const kubeconfig = wanted.kubeconfig ?? new Config('kubernetes').get('kubeconfig');
    const namespace = wanted.namespace ?? nameOnEngine(name);
    if (!isNamespaceName(namespace)) {
      const reason = `kubernetes.namespace must be given: "${namespace}", from project, stack and name, can't be the name of a namespace (at most 63 letters, digits and "-")`;
      throw new InputPropertiesError({ message: reason, errors: [{ propertyPath: 'kubernetes.namespace', reason }] });
    }
    // one platform a namespace: it is known by that in the cluster
    const platform = namespace;
    const blueprint = inClusterBlueprint(args, namespace, new ImageSources());
    const { apiPort: api, adminPort: admin } = platformPorts(args);
    const provider = this.getProvider('kubernetes:core/v1:Namespace');
    return renderKubernetes(blueprint, kubernetesPlan(blueprint, { namespace, platform, wanted, ports: { api, admin } }), {
      parent: this,
      version,
      name,
      platform,
      namespace,
      access: { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) },
      ...(provider === undefined ? {} : { provider }),
      serviceType,
      ...(args.host === undefined ? {} : { host: args.host }),
      scheme: tls === undefined ? 'http' : 'https',
      ports: { api, admin },
      allowDataLoss,
      kind: provingKind([...kinds, ...Object.keys(images?.runtimes ?? {})]),
    });
  }

  /** The outputs by name. */
  state(): Record<string, Output<string | string[]>> {
    const { apiHost, adminUrl, adminKey, prometheusTargets, caCertificate } = this;
    return { apiHost, adminUrl, adminKey, prometheusTargets, caCertificate };
  }
}

/** The platform's name where others are too: prefix of all names on a Docker engine, its namespace in a cluster. */
function nameOnEngine(name: string): string {
  return `${getProject()}-${getStack()}-${name}`.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
}

/**
 * The arguments as plain values. They decide which resources there are, so all of them must be known when the component is
 * built: an output of another resource cannot be used, one of the configuration can.
 */
export async function platformArgsOf(inputs: Inputs): Promise<PlatformArgs & { dataDir?: string }> {
  const args: Record<string, unknown> = {};
  const problems: { propertyPath: string; reason: string }[] = [];
  for (const [key, input] of Object.entries(inputs)) {
    const value = output(input) as Output<unknown> & { isKnown: Promise<boolean>; promise(withUnknowns?: boolean): Promise<unknown> };
    if (await value.isKnown) args[key] = withoutNulls(await value.promise());
    else
      problems.push({
        propertyPath: key,
        reason: `${key} must be known before the platform exists, so it cannot come from another resource`,
      });
  }
  const known = withEngine(args as PlatformArgs & { dataDir?: string });
  for (const { path, reason } of checkPlatformArgs(known)) problems.push({ propertyPath: path, reason: `${path} ${reason}` });
  if (problems.length > 0)
    throw new InputPropertiesError({ message: 'The platform cannot be built from these arguments', errors: problems });
  return known;
}

/** In languages that know nothing like `undefined`, null is how an argument is left out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const set = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return Object.fromEntries(set.map(([name, one]) => [name, withoutNulls(one)]));
}

/** On which host it is decides addresses and certificates, whoever named the engine. Throws InputPropertiesError. */
function withEngine<T extends PlatformArgs>(args: T): T {
  if (args.target !== 'docker' || args.docker?.engine !== undefined) return args;
  const settings = new Config('docker');
  try {
    const { engine, certPath } = ambientEngine({ config: (name) => settings.get(name), env: process.env });
    if (engine === undefined) return args;
    const engineAccess = args.docker?.engineAccess ?? (certPath === undefined ? undefined : { certPath });
    return { ...args, docker: { ...args.docker, engine, ...(engineAccess === undefined ? {} : { engineAccess }) } };
  } catch (error) {
    if (!(error instanceof EngineUnknown)) throw error;
    throw new InputPropertiesError({ message: error.message, errors: [{ propertyPath: 'docker.engine', reason: error.message }] });
  }
}
