import type { ImageBlueprint, ServiceBlueprint } from '../../blueprint/blueprint';
import type { KubernetesArgs } from '../../blueprint/kubernetesArgs';
import { fileKey, SERVICE_LABEL } from './manifest';

const DEFAULT_MEMORY = 512;
const DEFAULT_STOP_GRACE = 30;
/** What is asked for of a processor: what is there is shared in this proportion. */
const CPU = '100m';
/** s between two looks; and after how many failed ones a pod gets no more calls. */
const PROBE = { periodSeconds: 2, timeoutSeconds: 5 };
const SECRETS_FOLDER = '/run/openwhisk';

export interface PodContext {
  labels: Readonly<Record<string, string>>;
  images: readonly ImageBlueprint[];
  wanted: KubernetesArgs;
}

/** What runs a service, as a template of pods. */
export function podTemplate(service: ServiceBlueprint, { labels, images, wanted }: PodContext): Record<string, unknown> {
  const { name, user, group = user, memory = DEFAULT_MEMORY, stopGrace = DEFAULT_STOP_GRACE } = service;
  const mounts = fileMounts(service);
  const owner = user === undefined ? {} : { runAsUser: user, runAsGroup: user, runAsNonRoot: true };
  const ours = service.program !== undefined;
  return {
    metadata: { labels },
    spec: {
      ...(service.startsContainers ? { serviceAccountName: name } : { automountServiceAccountToken: false }),
      // variables such as KAFKA_PORT would be settings of Kafka
      enableServiceLinks: false,
      terminationGracePeriodSeconds: stopGrace,
      ...(wanted.pullSecrets === undefined ? {} : { imagePullSecrets: wanted.pullSecrets.map((secret) => ({ name: secret })) }),
      securityContext: {
        ...owner,
        ...(group === undefined ? {} : { fsGroup: group, fsGroupChangePolicy: 'OnRootMismatch' }),
        seccompProfile: { type: 'RuntimeDefault' },
      },
      // instances on different nodes, where there are several
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { [SERVICE_LABEL]: name } },
        },
      ],
      containers: [
        {
          name,
          image: imageOf(service, images),
          imagePullPolicy: 'IfNotPresent',
          ...(service.entrypoint === undefined ? {} : { command: [...service.entrypoint] }),
          ...(service.program === undefined ? {} : { args: [`${service.program}.js`] }),
          env: environment(service),
          ports: service.ports.map((port) => ({ name: port.name, containerPort: port.port })),
          ...probes(service),
          ...(service.beforeStop === undefined ? {} : { lifecycle: { preStop: { exec: { command: [...service.beforeStop] } } } }),
          // what it said at last is then in the error of an update that waited for it
          terminationMessagePolicy: 'FallbackToLogsOnError',
          resources: { requests: { cpu: CPU, memory: `${memory}Mi` }, limits: { memory: `${memory}Mi` } },
          securityContext: {
            allowPrivilegeEscalation: false,
            ...(ours ? { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } : {}),
          },
          volumeMounts: [
            ...service.volumes.flatMap(({ name: volume, path }) => (path === undefined ? [] : [{ name: volume, mountPath: path }])),
            ...mounts,
            ...(ours ? [{ name: 'tmp', mountPath: '/tmp' }] : []),
          ],
        },
      ],
      volumes: [
        ...(mounts.some((mount) => mount.name === 'files') ? [{ name: 'files', configMap: { name: { $nameOf: `${name}-files` } } }] : []),
        ...(mounts.some((mount) => mount.name === 'secrets')
          ? [{ name: 'secrets', secret: { secretName: { $nameOf: `${name}-secrets` } } }]
          : []),
        ...(ours ? [{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }] : []),
      ],
    },
  };
}

/** Claims of the volumes that each instance of a service has for itself. */
export function volumeClaims(
  service: ServiceBlueprint,
  labels: Readonly<Record<string, string>>,
  storageClass: string | undefined,
): Record<string, unknown>[] {
  return service.volumes.map(({ name, size = '1Gi' }) => ({
    metadata: { name, labels },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      resources: { requests: { storage: size } },
    },
  }));
}

/** The name of a service's image, which is known: a cluster builds none. */
function imageOf({ name, image }: ServiceBlueprint, images: readonly ImageBlueprint[]): string {
  if (image === undefined) throw new Error(`The service "${name}" has no image, so it cannot run in a cluster.`);
  return 'pulled' in image ? image.pulled : images.find((one) => one.name === image.built)!.reference;
}

interface Mount {
  name: 'files' | 'secrets';
  mountPath: string;
  subPath: string;
  readOnly: true;
}

function fileMounts({ files = [], secrets, program }: ServiceBlueprint): Mount[] {
  const mount = (name: Mount['name'], mountPath: string, subPath: string): Mount => ({ name, mountPath, subPath, readOnly: true });
  return [
    ...files.map(({ path, secret }) => mount(secret ? 'secrets' : 'files', path, fileKey(path))),
    // programs of ours read secrets from files: an environment is seen by more than a file
    ...(program === undefined ? [] : Object.keys(secrets).map((variable) => mount('secrets', `${SECRETS_FOLDER}/${variable}`, variable))),
  ];
}

function environment(service: ServiceBlueprint): Record<string, unknown>[] {
  const { name, program, secrets, hiddenEnv = {} } = service;
  const hidden = (variable: string) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name: { $nameOf: `${name}-secrets` }, key: variable } },
  });
  const fromPod = (variable: string, fieldPath: string) => ({ name: variable, valueFrom: { fieldRef: { fieldPath } } });
  const ports = Object.fromEntries(service.ports.map((port) => [port.name, port.port]));
  return [
    ...(program === undefined
      ? []
      : [
          fromPod('POD_NAME', 'metadata.name'),
          fromPod('POD_UID', 'metadata.uid'),
          fromPod('POD_INDEX', "metadata.labels['apps.kubernetes.io/pod-index']"),
        ]),
    ...Object.entries(service.env).map(([variable, value]) => ({ name: variable, value: filledIn(value, ports) })),
    ...Object.keys(hiddenEnv).map(hidden),
    ...Object.keys(secrets).map((variable) =>
      program === undefined ? hidden(variable) : { name: `${variable}_FILE`, value: `${SECRETS_FOLDER}/${variable}` },
    ),
  ];
}

/** Placeholders as the cluster fills them in, and what only looks like one of the cluster's kept as it is. */
function filledIn(value: string, ports: Readonly<Record<string, number>>): string {
  return value
    .replaceAll('$(', '$$$$(')
    .replaceAll('{index}', '$(POD_INDEX)')
    .replaceAll('{instanceId}', '$(POD_NAME)')
    .replaceAll('{instanceUid}', '$(POD_UID)')
    .replaceAll(/\{port:(\w+)\}/g, (_, port: string) => String(ports[port]));
}

function probes({ health, program }: ServiceBlueprint): Record<string, unknown> {
  const port = health.port!;
  const look = program !== undefined && health.path !== undefined ? { httpGet: { path: health.path, port } } : { tcpSocket: { port } };
  return {
    startupProbe: { ...look, ...PROBE, failureThreshold: Math.max(1, Math.ceil(health.timeout / PROBE.periodSeconds)) },
    readinessProbe: { ...look, ...PROBE, failureThreshold: 3 },
    // a process that does not even take connections does not come back by itself
    livenessProbe: { tcpSocket: { port }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  };
}
