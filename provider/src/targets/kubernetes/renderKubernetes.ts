import { createHash } from 'node:crypto';
import { Deployment, StatefulSet } from '@pulumi/kubernetes/apps/v1';
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from '@pulumi/kubernetes/core/v1';
import { NetworkPolicy } from '@pulumi/kubernetes/networking/v1';
import { PodDisruptionBudget } from '@pulumi/kubernetes/policy/v1';
import { Provider } from '@pulumi/kubernetes/provider';
import { Role, RoleBinding } from '@pulumi/kubernetes/rbac/v1';
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
  secret,
} from '@pulumi/pulumi';
import type { Blueprint } from '../../blueprint/blueprint';
import type { ServiceType } from '../../blueprint/kubernetesArgs';
import { GENERATED_CERTIFICATE, GENERATED_KEY } from '../../blueprint/tls';
import type { RenderedPlatform } from '../local/renderLocal';
import { Certificate, DataVolumes, GeneratedSecret } from '../ownResources';
import type { KubernetesPlan } from './kubernetesPlan';
import { type Generated, type Hidden, type Manifest, NAMESPACE, type NameOf } from './manifest';

export interface KubernetesOptions {
  parent: ComponentResource;
  /** Version of this plugin: children must not start another one. */
  version: string;
  /** Logical name of the platform. */
  name: string;
  /** Name of the platform in the cluster. */
  platform: string;
  namespace: string;
  /** How the cluster is entered; empty = as the user's own tools do. */
  access: { kubeconfig?: string; context?: string };
  /** The kubernetes provider the program gave; absent = one of its own. */
  provider?: ProviderResource;
  serviceType: ServiceType;
  /** Address of a node, where it is reached by one. */
  host?: string;
  scheme: 'http' | 'https';
  /** Ports of the service that is reached from outside. */
  ports: { api: number; admin: number };
  /** An update may remove volumes with data. */
  allowDataLoss: boolean;
  /** Kind of action that proves that it works. */
  kind: string;
}

/** Time a service has to come up, with what pulling takes on a slow line. */
const TIMEOUTS = { create: '15m', update: '15m', delete: '10m' };

type KubernetesClass = new (
  name: string,
  args: Record<string, unknown>,
  options: CustomResourceOptions,
) => CustomResource & { metadata: Output<{ name: string; uid: string }> };

const CLASSES: Readonly<Record<string, KubernetesClass>> = {
  Namespace,
  ConfigMap,
  Secret,
  Service,
  ServiceAccount,
  Deployment,
  StatefulSet,
  NetworkPolicy,
  PodDisruptionBudget,
  Role,
  RoleBinding,
} as unknown as Record<string, KubernetesClass>;
const WORKLOADS = ['Deployment', 'StatefulSet'];

class ClusterHealthAction extends CustomResource {
  declare readonly namespace: Output<string>;
  constructor(name: string, args: Record<string, unknown>, options: CustomResourceOptions) {
    super('openwhisk:kubernetes:HealthAction', name, args, options);
  }
}

/** Turns a plan into objects of a cluster. */
export function renderKubernetes(blueprint: Blueprint, plan: KubernetesPlan, options: KubernetesOptions): RenderedPlatform {
  return new KubernetesRenderer(plan, options).render(blueprint);
}

class KubernetesRenderer {
  private readonly own: CustomResourceOptions;
  private readonly theirs: CustomResourceOptions;
  private readonly access: Record<string, Input<string>>;
  private readonly objects = new Map<string, InstanceType<KubernetesClass>>();
  private generated = new Map<string, Output<string>>();

  constructor(
    private readonly plan: KubernetesPlan,
    private readonly options: KubernetesOptions,
  ) {
    const { parent, version, name } = options;
    const { kubeconfig, context } = options.access;
    // it may hold a token or a key
    this.access = {
      ...(kubeconfig === undefined ? {} : { kubeconfig: secret(kubeconfig) }),
      ...(context === undefined ? {} : { context }),
    };
    this.own = { parent, version, customTimeouts: TIMEOUTS };
    const provider = options.provider ?? new Provider(`${name}-cluster`, this.access, { parent });
    this.theirs = { parent, provider, customTimeouts: TIMEOUTS };
  }

  render({ generatedSecrets, certificate, metrics }: Blueprint): RenderedPlatform {
    const { platform, namespace, scheme, kind, allowDataLoss } = this.options;
    this.generated = new Map(generatedSecrets.map((name) => [name, new GeneratedSecret(this.named(name), this.own).value]));
    const issued = certificate && new Certificate('kubernetes', this.named('certificate'), certificate, this.own);
    if (issued !== undefined) this.generated.set(GENERATED_CERTIFICATE, issued.certificate).set(GENERATED_KEY, issued.key);
    new DataVolumes('kubernetes', this.named('data'), this.plan.data, allowDataLoss, this.own);
    for (const manifest of this.plan.manifests) this.objects.set(manifest.key, this.object(manifest));
    const adminKey = secret(this.generated.get('adminKey')!);
    const workloads = this.plan.manifests.filter((manifest) => WORKLOADS.includes(manifest.kind));
    const proof = new ClusterHealthAction(
      this.named('health'),
      { ...this.access, namespace, platform, scheme, adminKey, kind, revision: this.revision(workloads) },
      { ...this.own, dependsOn: [...this.objects.values()] },
    );
    // used only when it has been proved
    const once = (address: Output<string>): Output<string> => interpolate`${proof.namespace}`.apply(() => address);
    return {
      apiHost: once(this.address('api')),
      adminUrl: once(this.address('admin')),
      adminKey,
      prometheusTargets: output([...metrics]),
      ...(issued === undefined ? {} : { caCertificate: issued.caCertificate }),
    };
  }

  private named(key: string): string {
    return `${this.options.name}-${key}`;
  }

  private object({ key, kind, name, labels, annotations, body, after, patience, retain }: Manifest): InstanceType<KubernetesClass> {
    const namespace = this.objects.get(NAMESPACE)?.metadata.name ?? this.options.namespace;
    const namespaced = kind === 'Namespace' ? {} : { namespace };
    const metadata = {
      ...(name === undefined ? {} : { name }),
      ...namespaced,
      labels,
      ...(annotations === undefined ? {} : { annotations }),
    };
    const args = { metadata, ...(this.filledIn(body) as Record<string, unknown>) };
    return new CLASSES[kind]!(this.named(key), args, {
      ...this.theirs,
      dependsOn: after.map((needed) => this.objects.get(needed)!),
      ...(patience === undefined
        ? {}
        : { customTimeouts: { create: `${patience.create}s`, update: `${patience.update}s`, delete: TIMEOUTS.delete } }),
      ...(retain === undefined ? {} : { retainOnDelete: retain }),
      // a name can be had once only
      ...(name === undefined ? {} : { deleteBeforeReplace: true }),
      ...(kind === 'Secret' ? { additionalSecretOutputs: ['data', 'stringData'] } : {}),
    });
  }

  /** With the texts that are not known before, in place of what stands for them. */
  private filledIn(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.filledIn(one));
    if (typeof value !== 'object' || value === null) return value;
    const { $nameOf, $generated, $hidden } = value as Partial<NameOf & Generated & Hidden>;
    if ($nameOf !== undefined) return this.objects.get($nameOf)!.metadata.name;
    if ($generated !== undefined) return secret(this.generated.get($generated)!);
    if ($hidden !== undefined) return secret($hidden);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.filledIn(one)]));
  }

  /** Says which parts there are and what they run: with others, it has to be proved anew. */
  private revision(workloads: readonly Manifest[]): Output<string> {
    const asked = createHash('sha256').update(JSON.stringify(workloads)).digest('hex').slice(0, 12);
    // a secret whose content changes has another name; what was made anew has another id
    const parts = [...this.objects.values()].map(({ metadata }) => metadata);
    return all(parts).apply((known) => {
      const hash = createHash('sha256').update(known.map(({ name, uid }) => `${name} ${uid}`).join('\n'));
      return `${asked}-${hash.digest('hex').slice(0, 12)}`;
    });
  }

  private address(port: 'api' | 'admin'): Output<string> {
    const { serviceType, host, scheme, ports, namespace } = this.options;
    const at = (name: string) => `${scheme}://${name}:${ports[port]}`;
    if (serviceType === 'NodePort') return output(at(host!));
    if (serviceType === 'ClusterIP') return output(at(`${this.plan.outside}.${namespace}.svc`));
    const service = this.objects.get(this.plan.outside)! as unknown as Service;
    return service.status.apply(({ loadBalancer }) => {
      const { ip, hostname } = loadBalancer?.ingress?.[0] ?? {};
      return at(hostname ?? ip ?? '');
    });
  }
}
