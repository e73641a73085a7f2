import type { Blueprint, ServiceBlueprint } from '../../blueprint/blueprint';
import type { KubernetesArgs } from '../../blueprint/kubernetesArgs';
import { guards } from './guards';
import { fileKey, type Generated, type Hidden, type Manifest, NAMESPACE, PLATFORM_LABEL, SERVICE_LABEL } from './manifest';
import { podTemplate, volumeClaims } from './podTemplate';

export interface KubernetesPlan {
  manifests: readonly Manifest[];
  /** Claims of volumes with data that nobody else has: where each is and what it asks for, since another place, size or class means another volume. */
  data: readonly { name: string; retain: boolean }[];
  /** Key of the service that is reached from outside. */
  outside: string;
}

export interface KubernetesPlanOptions {
  namespace: string;
  platform: string;
  wanted: KubernetesArgs;
  /** Ports of the service that is reached from outside. */
  ports: { api: number; admin: number };
}

/** Services that parts find each other by need not be waited for: what is behind them is. */
const NOT_WAITED_FOR = { 'pulumi.com/skipAwait': 'true' };
const OUTSIDE = 'openwhisk';
/** Seconds until a cluster has found a node and a volume for a pod. */
const SCHEDULING = 30;

/** A blueprint as the objects of a cluster, in an order in which they can be made. */
export function kubernetesPlan(blueprint: Blueprint, options: KubernetesPlanOptions): KubernetesPlan {
  const { namespace, platform, wanted, ports } = options;
  const labels = { [PLATFORM_LABEL]: platform, 'app.kubernetes.io/part-of': 'openwhisk', 'app.kubernetes.io/instance': platform };
  // what is in a namespace goes with it
  const retain = blueprint.services.some(({ volumes }) => volumes.some((volume) => volume.irreplaceable && volume.retain));
  const place: Manifest = { key: NAMESPACE, apiVersion: 'v1', kind: 'Namespace', name: namespace, labels, body: {}, retain, after: [] };
  const manifests: Manifest[] = wanted.existingNamespace ? [] : [place];
  for (const service of blueprint.services) {
    const own = { ...labels, [SERVICE_LABEL]: service.name };
    const before = manifests.length;
    manifests.push(...contents(service, own), ...addresses(service, own));
    manifests.push(...guards(service, own, namespace));
    const given = manifests.slice(before).map(({ key }) => key);
    manifests.push(workload(service, own, { blueprint, wanted, given }));
  }
  manifests.push(outside(blueprint, labels, wanted, ports));
  // a namespace that is there need not be waited for
  const waited = (key: string) => key !== NAMESPACE || !wanted.existingNamespace;
  return {
    manifests: manifests.map((manifest) => ({ ...manifest, after: manifest.after.filter(waited) })),
    data: dataOf(blueprint.services, namespace, wanted.storageClass),
    outside: OUTSIDE,
  };
}

/** Its files and what it must not show of its environment: by a new name for each content, so that pods roll when one changes. */
function contents({ name, files = [], hiddenEnv = {}, secrets }: ServiceBlueprint, labels: Record<string, string>): Manifest[] {
  const open = files.filter(({ secret }) => !secret);
  const guarded: [string, Generated | Hidden][] = [
    ...files
      .filter(({ secret }) => secret)
      .map((file): [string, Generated | Hidden] => [
        fileKey(file.path),
        'generated' in file ? { $generated: file.generated } : { $hidden: file.content },
      ]),
    ...Object.entries(hiddenEnv).map(([variable, value]): [string, Hidden] => [variable, { $hidden: value }]),
    ...Object.entries(secrets).map(([variable, secret]): [string, Generated] => [variable, { $generated: secret }]),
  ];
  const base = { apiVersion: 'v1', labels, after: [NAMESPACE] };
  const data = Object.fromEntries(
    open.map((file) => [fileKey(file.path), 'generated' in file ? { $generated: file.generated } : file.content]),
  );
  return [
    ...(open.length === 0 ? [] : [{ ...base, key: `${name}-files`, kind: 'ConfigMap', body: { data, immutable: true } }]),
    ...(guarded.length === 0
      ? []
      : [{ ...base, key: `${name}-secrets`, kind: 'Secret', body: { stringData: Object.fromEntries(guarded), immutable: true } }]),
  ];
}

function addresses(service: ServiceBlueprint, labels: Record<string, string>): Manifest[] {
  const { name } = service;
  const ports = service.ports.map((port) => ({ name: port.name, port: port.port, targetPort: port.name }));
  const selector = { [SERVICE_LABEL]: name };
  const base = { apiVersion: 'v1', kind: 'Service', labels, annotations: NOT_WAITED_FOR, after: [NAMESPACE] };
  return [
    { ...base, key: name, name, body: { spec: { selector, ports } } },
    // each instance has a name there, also before it is ready
    ...(service.numbered
      ? [
          {
            ...base,
            key: `${name}-pods`,
            name: `${name}-pods`,
            body: { spec: { selector, ports, clusterIP: 'None', publishNotReadyAddresses: true } },
          },
        ]
      : []),
  ];
}

interface WorkloadParts {
  blueprint: Blueprint;
  wanted: KubernetesArgs;
  /** What it is given and guarded by, which must be there. */
  given: readonly string[];
}

function workload(service: ServiceBlueprint, labels: Record<string, string>, { blueprint, wanted, given }: WorkloadParts): Manifest {
  const { name, replicas, needs, health } = service;
  const after = [...given, ...needs.map(workloadKey)];
  const selector = { matchLabels: { [SERVICE_LABEL]: name } };
  const template = podTemplate(service, { labels, images: blueprint.images, wanted });
  const claims = volumeClaims(service, labels, wanted.storageClass);
  const base = { key: workloadKey(name), apiVersion: 'apps/v1', name, labels, after, patience: patienceWith(service) };
  const settled = health.settle === undefined ? {} : { minReadySeconds: health.settle };
  if (!service.numbered && claims.length === 0)
    return {
      ...base,
      kind: 'Deployment',
      body: {
        spec: {
          replicas,
          selector,
          template,
          ...settled,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        },
      },
    };
  return {
    ...base,
    kind: 'StatefulSet',
    body: {
      spec: {
        replicas,
        selector,
        template,
        ...settled,
        serviceName: service.numbered ? `${name}-pods` : name,
        // they come up together, and roll one by one all the same
        podManagementPolicy: 'Parallel',
        updateStrategy: { type: 'RollingUpdate' },
        ...(claims.length === 0
          ? {}
          : {
              volumeClaimTemplates: claims,
              persistentVolumeClaimRetentionPolicy: {
                whenDeleted: service.volumes.some(({ retain }) => retain) ? 'Retain' : 'Delete',
                whenScaled: 'Delete',
              },
            }),
      },
    },
  };
}

/** Instances come up together, and are taken away one by one. */
function patienceWith({ replicas, health, stopGrace = 0 }: ServiceBlueprint): Manifest['patience'] {
  const up = health.timeout + (health.settle ?? 0) + SCHEDULING;
  return { create: up, update: (up + stopGrace) * replicas };
}

/** Key of what runs a service. */
export function workloadKey(service: string): string {
  return `${service}-workload`;
}

function outside(
  blueprint: Blueprint,
  labels: Record<string, string>,
  { serviceType = 'LoadBalancer', serviceAnnotations = {}, sourceRanges }: KubernetesArgs,
  ports: { api: number; admin: number },
): Manifest {
  const { service } = blueprint.endpoints.api;
  const port = (name: 'api' | 'admin') => ({
    name,
    targetPort: blueprint.endpoints[name].port,
    port: ports[name],
    ...(serviceType === 'NodePort' ? { nodePort: ports[name] } : {}),
  });
  return {
    key: OUTSIDE,
    apiVersion: 'v1',
    kind: 'Service',
    name: OUTSIDE,
    labels,
    annotations: serviceAnnotations,
    body: {
      spec: {
        type: serviceType,
        selector: { [SERVICE_LABEL]: service },
        ports: [port('api'), port('admin')],
        ...(serviceType === 'LoadBalancer' && sourceRanges !== undefined ? { loadBalancerSourceRanges: [...sourceRanges] } : {}),
      },
    },
    after: [workloadKey(service)],
  };
}

function dataOf(
  services: readonly ServiceBlueprint[],
  namespace: string,
  storageClass: string | undefined,
): { name: string; retain: boolean }[] {
  return services.flatMap(({ name, replicas, volumes }) =>
    volumes
      .filter(({ irreplaceable }) => irreplaceable)
      .flatMap((volume) => {
        const sort = [volume.size, storageClass].filter((part) => part !== undefined).join(' of class ');
        return Array.from({ length: replicas }, (_, index) => ({
          name: `${namespace}/${volume.name}-${name}-${index} (${sort})`,
          retain: volume.retain,
        }));
      }),
  );
}
