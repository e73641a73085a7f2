import type { ContainerSpec } from '../container';
import { millicpusFor, type PodSettings, podManifest, podName } from './podSpec';

const spec: ContainerSpec = {
  name: 'wsk_invoker0_1_guest_hello',
  kind: 'nodejs:20',
  image: 'ours:1',
  memory: 256,
  environment: { A: '$(B) $' },
};

// biome-ignore lint/suspicious/noExplicitAny: an object of Kubernetes
function manifest(more: Partial<ContainerSpec> = {}, settings: Partial<PodSettings> = {}): any {
  return podManifest({ ...spec, ...more }, { invoker: 'invoker0-abc', isReadonly: () => false, ...settings });
}

it('is a pod of one container that has no rights and is never restarted', () => {
  expect(manifest()).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'invoker0-abc-wsk-invoker0-1-guest-hello',
      labels: { 'openwhisk.invoker': 'invoker0-abc', 'user-action-pod': 'true', 'openwhisk.kind': 'nodejs-20' },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'user-action',
          image: 'ours:1',
          imagePullPolicy: 'IfNotPresent',
          // a cluster makes one $ of two, and puts variables in where there is one
          env: [{ name: 'A', value: '$$(B) $$' }],
          ports: [{ name: 'action', containerPort: 8080 }],
          resources: { requests: { memory: '256Mi', cpu: '10m' }, limits: { memory: '256Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  });
});

it('has a read-only root and bounded memory to write to where the image allows it', () => {
  const { containers, volumes } = manifest({}, { isReadonly: ({ kind }) => kind === 'nodejs:20' }).spec;
  expect(containers[0].securityContext.readOnlyRootFilesystem).toBe(true);
  expect(containers[0].volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(['/tmp', '/action']);
  expect(volumes).toEqual(['tmp', 'action'].map((name) => ({ name, emptyDir: { medium: 'Memory', sizeLimit: '128Mi' } })));
});

it('has what an operator set', () => {
  const { metadata, spec: pod } = manifest(
    { memory: 512 },
    {
      cpuScaling: { millicpus: 100, memory: 128, maxMillicpus: 300 },
      ephemeralStorage: { limit: 2048, scaleFactor: 1.5 },
      nodeSelector: { pool: 'actions' },
      nodeAffinity: { key: 'openwhisk-role', value: 'invoker' },
      pullSecrets: ['registry'],
      owner: { name: 'invoker-0', uid: 'u' },
    },
  );
  const both = { memory: '512Mi', cpu: '300m', 'ephemeral-storage': '768Mi' };
  expect(pod.containers[0].resources).toEqual({ requests: both, limits: both });
  expect([pod.nodeSelector, pod.imagePullSecrets]).toEqual([{ pool: 'actions' }, [{ name: 'registry' }]]);
  expect(pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms).toEqual([
    { matchExpressions: [{ key: 'openwhisk-role', operator: 'In', values: ['invoker'] }] },
  ]);
  expect(metadata.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Pod', name: 'invoker-0', uid: 'u' }]);
});

it.each([
  [128, 100],
  [200, 100],
  [512, 200],
  [10_240, 1_000],
])('gives %i MB %i millicpus', (memory, expected) => {
  expect(millicpusFor(memory, { millicpus: 100, memory: 256, maxMillicpus: 1_000 })).toBe(expected);
});

it.each([
  ['nodejs:20', 'ours', 'IfNotPresent'],
  ['blackbox', 'theirs', 'Always'],
  ['blackbox', 'host:5000/theirs', 'Always'],
  ['blackbox', 'theirs:latest', 'Always'],
  ['blackbox', 'host:5000/theirs:1', 'IfNotPresent'],
  ['blackbox', 'theirs@sha256:00', 'IfNotPresent'],
])('pulls the image of %s, %s: %s', (kind, image, policy) => {
  expect(manifest({ kind, image }).spec.containers[0].imagePullPolicy).toBe(policy);
});

it.each([
  ['Invoker_0', 'wsk_invoker0_1_Guest_Ünï.x', 'invoker-0-wsk-invoker0-1-guest-n-x'],
  ['i', `wsk_${'a'.repeat(80)}`, `i-wsk-${'a'.repeat(57)}`],
  ['i', `wsk_${'a'.repeat(56)}_b`, `i-wsk-${'a'.repeat(56)}`],
])('makes a valid name of %s and %s', (invoker, name, expected) => {
  expect(podName(invoker, name)).toBe(expected);
});
