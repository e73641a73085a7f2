import type { KubernetesApi, KubernetesObject } from '../kubernetesApi';

/** Pods that are spoken of, at most. */
const MAX_PODS = 5;

interface Terminated {
  reason: string;
  exitCode: number;
  finishedAt: string;
  message?: string;
}
interface ContainerStatus {
  name: string;
  ready: boolean;
  state: { waiting?: { reason: string; message?: string }; terminated?: Terminated; running?: object };
  lastState?: { terminated?: Terminated };
}
interface Pod extends KubernetesObject {
  status: {
    phase: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

/** Of the pods with these labels that are not ready: why not, and what Kubernetes has kept of their containers' last words. */
export async function troubleOfPods(api: KubernetesApi, namespace: string, labels: Readonly<Record<string, string>>): Promise<string[]> {
  const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const pods = (await api.list(`${path}?labelSelector=${encodeURIComponent(selector.join(','))}`)) as Pod[];
  const unready = pods.filter(({ status }) => !status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'));
  const said: string[] = [];
  for (const pod of unready.slice(0, MAX_PODS)) {
    const { name } = pod.metadata!;
    for (const { type, status, reason, message } of pod.status.conditions ?? []) {
      if (type === 'PodScheduled' && status === 'False') said.push(`[Pod ${namespace}/${name}]: [${reason}] ${message}`);
    }
    for (const container of [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]) {
      // one that is done well and need not be ready is of no interest
      if (container.ready || container.state.terminated?.exitCode === 0) continue;
      said.push(`[Pod ${namespace}/${name}]: containers with unready status: [${container.name}]${stateOf(container)}`);
      said.push(...lastWords(container));
    }
  }
  return said;
}

function stateOf({ state }: ContainerStatus): string {
  if (state.waiting !== undefined) return `[${state.waiting.reason}] ${state.waiting.message ?? ''}`.trim();
  const { reason, message } = state.terminated ?? {};
  return reason === undefined ? '' : `[${reason}] ${message ?? ''}`.trim();
}

function lastWords({ name, lastState }: ContainerStatus): string[] {
  const ended = lastState?.terminated;
  if (ended === undefined) return [];
  const said = ended.message?.trim().split('\n') ?? [];
  return [`Container "${name}" terminated at ${ended.finishedAt} (${ended.reason}: exit code ${ended.exitCode})`, ...said];
}
