import type { KubernetesApi } from '../kubernetesApi';

/** What sort of object it is. */
export interface Kind {
  /** `v1`, `apps/v1` */
  readonly apiVersion: string;
  readonly kind: string;
}

/** Kinds of Kubernetes itself that are in no namespace; known before any cluster is asked. */
const CLUSTER_WIDE = new Set(
  [
    'APIService CertificateSigningRequest ClusterRole ClusterRoleBinding ComponentStatus CSIDriver CSINode CustomResourceDefinition',
    'FlowSchema IngressClass MutatingWebhookConfiguration Namespace Node PersistentVolume PriorityClass PriorityLevelConfiguration',
    'RuntimeClass StorageClass ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment',
  ].flatMap((line) => line.split(' ')),
);

/** The kind a resource type stands for: `kubernetes:<group>/<version>:<Kind>`. */
export function kindOfUrn(urn: string): Kind {
  const token = urn.split('::')[2]!.split('$').pop()!;
  const found = /^kubernetes:(?<group>[^/:]+)\/(?<version>[^/:]+):(?<kind>\w+)$/.exec(token)?.groups;
  if (found === undefined) throw new Error(`The stand-in for the kubernetes provider has no type ${token}.`);
  const { group, version, kind } = found as { group: string; version: string; kind: string };
  if (/(Patch|List)$/.test(kind)) throw new Error(`The stand-in for the kubernetes provider has no type ${token}.`);
  return { apiVersion: group === 'core' ? version : `${group}/${version}`, kind };
}

export function isNamespaced({ kind }: Kind): boolean {
  return !CLUSTER_WIDE.has(kind);
}

/** A cluster that lacks a kind lacks all objects of it. */
export class KindUnknown extends Error {
  override readonly name = 'KindUnknown';
  constructor({ apiVersion, kind }: Kind) {
    super(`The Kubernetes API server has no ${kind} in ${apiVersion}: verify that any required CRDs have been created.`);
  }
}

/** Where in the API objects are. */
export class ObjectPaths {
  private readonly resources = new Map<string, Promise<Map<string, { name: string; namespaced: boolean }>>>();

  constructor(private readonly api: KubernetesApi) {}

  /**
   * Path of an object; the API says how its kind is called in it, and whether it is in a namespace.
   * @throws KindUnknown
   */
  async of(kind: Kind, namespace: string, name: string): Promise<string> {
    const known = await this.resourcesOf(kind.apiVersion);
    const resource = known.get(kind.kind);
    if (resource === undefined) {
      // one that is defined later is found then
      this.resources.delete(kind.apiVersion);
      throw new KindUnknown(kind);
    }
    const place = resource.namespaced ? `namespaces/${namespace}/` : '';
    return `${versionPath(kind.apiVersion)}/${place}${resource.name}/${name}`;
  }

  private resourcesOf(apiVersion: string) {
    let known = this.resources.get(apiVersion);
    if (known === undefined) {
      known = this.discover(apiVersion);
      this.resources.set(apiVersion, known);
      known.catch(() => this.resources.delete(apiVersion));
    }
    return known;
  }

  private async discover(apiVersion: string): Promise<Map<string, { name: string; namespaced: boolean }>> {
    const found = (await this.api.find(versionPath(apiVersion)))?.resources as
      | { name: string; kind: string; namespaced: boolean }[]
      | undefined;
    // those with a slash are parts of others, such as pods/log
    return new Map((found ?? []).filter(({ name }) => !name.includes('/')).map(({ kind, ...resource }) => [kind, resource]));
  }
}

function versionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
