import type { Cluster } from './cluster';

export default async function globalTeardown(): Promise<void> {
  await (globalThis as { kubernetesCluster?: Cluster }).kubernetesCluster?.close();
}
