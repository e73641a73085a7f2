import type { KubernetesApi, KubernetesObject } from '../kubernetesApi';
import type { Kind } from './kinds';
import { troubleOfPods } from './podTrouble';

/** What an object is still waited for; nothing when it works. */
type Missing = readonly string[];

interface Fields {
  metadata: { name: string; namespace: string; generation?: number };
  // biome-ignore lint/suspicious/noExplicitAny: of any kind, as its JSON
  spec: any;
  // biome-ignore lint/suspicious/noExplicitAny: of any kind, as its JSON
  status: any;
}

const CHECKS: Readonly<Record<string, (object: Fields, api: KubernetesApi) => Missing | Promise<Missing>>> = {
  'apps/v1 Deployment': deployment,
  'apps/v1 StatefulSet': statefulSet,
  'apps/v1 DaemonSet': daemonSet,
  'batch/v1 Job': job,
  'v1 Pod': pod,
  'v1 Service': service,
  'v1 PersistentVolumeClaim': claim,
  'v1 PersistentVolume': ({ status }) => (['Available', 'Bound'].includes(status.phase) ? [] : ['PersistentVolume is not available yet']),
  'networking.k8s.io/v1 Ingress': ({ status }) =>
    status.loadBalancer?.ingress?.length > 0 ? [] : ['Ingress was not allocated an address'],
};

/** Whether it is there only because nothing says otherwise. */
export function isAwaited({ apiVersion, kind }: Kind, object: KubernetesObject): boolean {
  const annotations = object.metadata?.annotations as Record<string, string> | undefined;
  return CHECKS[`${apiVersion} ${kind}`] !== undefined && annotations?.['pulumi.com/skipAwait'] !== 'true';
}

/** What an object lacks at this moment. A job that has failed will not get better, nor a pod. */
export async function missing({ apiVersion, kind }: Kind, object: KubernetesObject, api: KubernetesApi): Promise<Missing> {
  const { spec = {}, status = {} } = object;
  return (await CHECKS[`${apiVersion} ${kind}`]?.({ ...object, spec, status } as unknown as Fields, api)) ?? [];
}

/** Why, as far as pods of a workload say. */
export async function troubleOf(object: KubernetesObject, api: KubernetesApi): Promise<string[]> {
  const { selector } = (object.spec ?? {}) as { selector?: { matchLabels?: Record<string, string> } };
  if (selector?.matchLabels === undefined) return [];
  return troubleOfPods(api, object.metadata!.namespace!, selector.matchLabels);
}

function unobserved({ metadata, status }: Fields): boolean {
  return (status.observedGeneration ?? 0) < (metadata.generation ?? 0);
}

function deployment(object: Fields): Missing {
  const { spec, status } = object;
  const wanted = spec.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (unobserved(object)) return ['the controller has not seen the last change'];
  const failures = (status.conditions ?? [])
    .filter((one: { type: string; status: string }) => one.type === 'Progressing' && one.status === 'False')
    .map((one: { reason: string; message: string }) => `[${one.reason}] ${one.message}`);
  if (updatedReplicas === wanted && availableReplicas >= wanted && replicas === updatedReplicas) return [];
  return [`${Math.min(availableReplicas, updatedReplicas)} out of ${wanted} replicas are up to date and available`, ...failures];
}

function statefulSet(object: Fields): Missing {
  const { spec, status } = object;
  const wanted = spec.replicas ?? 1;
  const { readyReplicas = 0, replicas = 0, currentRevision, updateRevision } = status;
  if (unobserved(object)) return ['the controller has not seen the last change'];
  const partial = spec.updateStrategy?.type === 'OnDelete' || (spec.updateStrategy?.rollingUpdate?.partition ?? 0) > 0;
  return [
    ...(readyReplicas === wanted && replicas === wanted ? [] : [`${readyReplicas} out of ${wanted} replicas succeeded readiness checks`]),
    ...(partial || wanted === 0 || currentRevision === updateRevision
      ? []
      : [`not all replicas have advanced from revision "${currentRevision}" to revision "${updateRevision}"`]),
  ];
}

function daemonSet(object: Fields): Missing {
  const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled: updated = 0, numberAvailable: available = 0 } = object.status;
  if (unobserved(object)) return ['the controller has not seen the last change'];
  return updated === wanted && available === wanted ? [] : [`${available} out of ${wanted} pods are available`];
}

function job({ status }: Fields): Missing {
  const conditions = (status.conditions ?? []) as { type: string; status: string; reason: string; message: string }[];
  const failed = conditions.find((one) => one.type === 'Failed' && one.status === 'True');
  if (failed !== undefined) throw new HopelessError(`[${failed.reason}] ${failed.message}`);
  return conditions.some((one) => one.type === 'Complete' && one.status === 'True') ? [] : ['Job is not complete yet'];
}

function pod({ status }: Fields): Missing {
  const ready = (status.conditions ?? []).some((one: { type: string; status: string }) => one.type === 'Ready' && one.status === 'True');
  return ready || status.phase === 'Succeeded' ? [] : [`Pod is ${status.phase ?? 'not scheduled'} and not ready`];
}

async function service({ metadata, spec, status }: Fields, api: KubernetesApi): Promise<Missing> {
  const address =
    spec.type === 'LoadBalancer' && !(status.loadBalancer?.ingress?.length > 0)
      ? ['Service was not allocated an IP address; does your cloud provider support this?']
      : [];
  if (spec.type === 'ExternalName' || spec.clusterIP === 'None' || Object.keys(spec.selector ?? {}).length === 0) return address;
  const label = encodeURIComponent(`kubernetes.io/service-name=${metadata.name}`);
  const slices = await api.list(`/apis/discovery.k8s.io/v1/namespaces/${metadata.namespace}/endpointslices?labelSelector=${label}`);
  const endpoints = slices.flatMap((slice) => (slice.endpoints ?? []) as { conditions: { ready?: boolean } }[]);
  const works = endpoints.length > 0 && endpoints.every(({ conditions }) => conditions.ready !== false);
  return [
    ...(works
      ? []
      : ["Service does not target any Pods that are all ready: they may not be yet, or '.spec.selector' may not match labels on any Pods"]),
    ...address,
  ];
}

async function claim({ spec, status }: Fields, api: KubernetesApi): Promise<Missing> {
  if (status.phase === 'Bound') return [];
  const name = spec.storageClassName as string | undefined;
  const storageClass = name ? await api.find(`/apis/storage.k8s.io/v1/storageclasses/${name}`) : undefined;
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer' ? [] : ['PersistentVolumeClaim is not bound yet'];
}

/** It has failed, and waiting changes nothing. */
export class HopelessError extends Error {
  override readonly name = 'HopelessError';
}
