import { eventually } from '../eventually';
import { ClusterCgroups } from './clusterCgroups';
import { type ClusterFolder, identify, isRunning, type ProcessIdentity } from './clusterFolder';
import { ClusterNetwork } from './clusterNetwork';

/** Ending takes the kernel a moment when a container has to let go of much memory, in milliseconds. */
const PATIENCE = 30_000;

/**
 * Ends all processes of a cluster and removes its network, cgroups and data. What it mounted ends with its processes. Nothing is ended
 * gently, as nothing is kept.
 */
export async function removeCluster(folder: ClusterFolder): Promise<void> {
  const network = new ClusterNetwork(folder.name);
  const cgroups = new ClusterCgroups(folder.name);
  // The programs first: they would start containers again. Then what these left: who watches over a container is in the network, the
  // container itself in the cgroups.
  await end(async () => folder.recorded().processes);
  await end(async () => identities([...(await network.processes()), ...cgroups.processes()]));
  await network.remove();
  // a group is busy for a moment after its last process
  await eventually(async () => cgroups.remove(), PATIENCE);
  folder.remove();
}

/** Until none is left: one that ends may just have started another. */
async function end(processes: () => Promise<readonly ProcessIdentity[]>): Promise<void> {
  await eventually(async () => {
    const left = (await processes()).filter(isRunning);
    for (const { pid } of left) kill(pid);
    if (left.length > 0) throw new Error(`Processes of a cluster do not end: ${left.map(({ pid }) => pid).join(', ')}`);
  }, PATIENCE);
}

function identities(pids: readonly number[]): ProcessIdentity[] {
  return pids.map(identify).filter((identity) => identity !== undefined);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
