import { type Cluster, startCluster } from './cluster';
import { buildKubernetesPlugin } from './kubernetesPlugin';
import { importPlatformImages } from './standInImages';

/** A cluster with the images of a platform, and a kubernetes provider. Tests find it by TEST_KUBECONFIG. */
export default async function globalSetup(): Promise<void> {
  await buildKubernetesPlugin();
  const cluster = await startCluster();
  try {
    await importPlatformImages(cluster);
  } catch (error) {
    await cluster.close();
    throw error;
  }
  (globalThis as { kubernetesCluster?: Cluster }).kubernetesCluster = cluster;
  process.env.TEST_KUBECONFIG = cluster.kubeconfig;
}
