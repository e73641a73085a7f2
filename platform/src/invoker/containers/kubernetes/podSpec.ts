import type { ContainerSpec } from '../container';
import { runtimePort } from '../runtimePort';

export interface PodSettings {
  /**
   * Value of the label by which an invoker knows its pods again, and beginning of their names: its own in the namespace, since whatever carries it is removed at
   * its start. Letters, digits, `-`, `_`, `.`, at most 63.
   */
  invoker: string;
  /** Processor by memory; undefined = a small share by memory, and no limit. */
  cpuScaling?: CpuScaling;
  /** What a container may write to its root and its log; undefined = no bound but the node's. */
  ephemeralStorage?: EphemeralStorage;
  /** Labels that nodes must have. */
  nodeSelector?: Readonly<Record<string, string>>;
  /** A label that nodes must have, as a required affinity. */
  nodeAffinity?: { readonly key: string; readonly value: string };
  /** Names of secrets in the namespace with which images are pulled, beside those of its default service account. */
  pullSecrets?: readonly string[];
  /** The pod of the invoker, when it is in the same namespace: the cluster removes the pods of actions when that one is removed for good. */
  owner?: { name: string; uid: string };
  /** Whether the root of a kind's image may be read-only: what writes writes to /tmp and /action alone. */
  isReadonly(spec: ContainerSpec): boolean;
}

/** OpenWhisk's: `millicpus` for each `memory` (MB) in full, at least once, at most `maxMillicpus`. */
export interface CpuScaling {
  millicpus: number;
  memory: number;
  maxMillicpus: number;
}

/** OpenWhisk's: at most `limit` MB, and with a factor above 0 at most so many times the memory. */
export interface EphemeralStorage {
  limit: number;
  scaleFactor: number;
}

export const invokerLabel = 'openwhisk.invoker';
/** Name of the one container of a pod: OpenWhisk's. */
export const containerName = 'user-action';

/** Working directory of our own runtimes: archives are unpacked there. */
const actionDirectory = '/action';
/** A share of the processor in proportion to the memory, as containers of an engine have it; small, so that it keeps no pod from a node. */
const millicpusPerMemory = { millicpus: 10, memory: 256 };

/**
 * How a pod is made: one container with no capabilities, no way to gain privileges, no credentials of the cluster, the memory it asked for and not more, and,
 * where its root is read-only, nothing to write to but bounded file systems in memory. The user is the image's; images of our own name one that is not root.
 * How many processes and open files it may have is a setting of the node (`podPidsLimit` of the kubelet, limits of the container runtime), not of a pod.
 */
export function podManifest(spec: ContainerSpec, settings: PodSettings): object {
  const { nodeSelector, nodeAffinity, pullSecrets = [], owner } = settings;
  const readonly = settings.isReadonly(spec);
  const scratch = `${Math.max(16, Math.floor(spec.memory / 2))}Mi`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(settings.invoker, spec.name),
      labels: { [invokerLabel]: settings.invoker, 'user-action-pod': 'true', 'openwhisk.kind': labelValue(spec.kind) },
      ...(owner ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', ...owner }] } : {}),
    },
    spec: {
      // A runtime that ended has lost the action it was given: one started in its place under the same address would be asked to run what it never got.
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      // Addresses of every service of the namespace are nothing that an action should be told.
      enableServiceLinks: false,
      // Nothing in it waits for a signal.
      terminationGracePeriodSeconds: 0,
      ...(nodeSelector && Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
      ...(nodeAffinity ? { affinity: requiredNodes(nodeAffinity) } : {}),
      ...(pullSecrets.length > 0 ? { imagePullSecrets: pullSecrets.map((name) => ({ name })) } : {}),
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: containerName,
          image: spec.image,
          imagePullPolicy: pullPolicy(spec),
          env: Object.entries(spec.environment).map(([name, value]) => ({ name, value: literal(value) })),
          ports: [{ name: 'action', containerPort: runtimePort }],
          resources: resources(spec.memory, settings),
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            ...(readonly ? { readOnlyRootFilesystem: true } : {}),
          },
          ...(readonly
            ? {
                volumeMounts: [
                  { name: 'tmp', mountPath: '/tmp' },
                  { name: 'action', mountPath: actionDirectory },
                ],
              }
            : {}),
        },
      ],
      ...(readonly
        ? {
            volumes: [
              { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: scratch } },
              { name: 'action', emptyDir: { medium: 'Memory', sizeLimit: scratch } },
            ],
          }
        : {}),
    },
  };
}

/** Valid as the name of a pod and as a host name: lower case letters, digits and `-`, at most 63. */
export function podName(invoker: string, name: string): string {
  return `${invoker}-${name}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
}

/** Millicpus a container gets; OpenWhisk's rule. */
export function millicpusFor(memory: number, scaling: CpuScaling): number {
  return Math.min(Math.max(Math.floor(memory / scaling.memory) * scaling.millicpus, scaling.millicpus), scaling.maxMillicpus);
}

function resources(memory: number, { cpuScaling, ephemeralStorage }: PodSettings): object {
  const both = {
    memory: `${memory}Mi`,
    ...(cpuScaling ? { cpu: `${millicpusFor(memory, cpuScaling)}m` } : {}),
    ...(ephemeralStorage ? { 'ephemeral-storage': `${storageFor(memory, ephemeralStorage)}Mi` } : {}),
  };
  const share = `${Math.max(1, Math.round((memory / millicpusPerMemory.memory) * millicpusPerMemory.millicpus))}m`;
  return { limits: both, requests: cpuScaling ? both : { ...both, cpu: share } };
}

function storageFor(memory: number, { limit, scaleFactor }: EphemeralStorage): number {
  return scaleFactor > 0 ? Math.min(Math.ceil(memory * scaleFactor), limit) : limit;
}

/**
 * A user's image is asked for at each cold start unless its tag or digest is fixed: then one that the node has will do. Kinds of the manifest have images that
 * stay what they are.
 */
function pullPolicy({ kind, image }: ContainerSpec): string {
  if (kind !== 'blackbox' || image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** A text that is not looked through for `$(VARIABLES)`. */
function literal(value: string): string {
  return value.replace(/\$/g, '$$$$');
}

function labelValue(kind: string): string {
  // a colon is not allowed in it
  return kind
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

function requiredNodes({ key, value }: { key: string; value: string }): object {
  const nodeSelectorTerms = [{ matchExpressions: [{ key, operator: 'In', values: [value] }] }];
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}
