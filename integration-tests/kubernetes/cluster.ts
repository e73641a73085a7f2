import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun } from '../../tooling/src/command';
import { acquireHyperkube, type KubernetesProgram } from '../../tooling/src/kubernetesBinaries';
import { ClusterCgroups } from './clusterCgroups';
import { ClusterFolder } from './clusterFolder';
import { type ClusterAddresses, ClusterNetwork, DEFAULT_ADDRESSES } from './clusterNetwork';
import { installContainerRuntime } from './containerRuntime';
import { KubernetesApi } from './kubernetesApi';
import { LocalVolumes } from './localVolumes';
import {
  apiAddress,
  CONTAINERD_SOCKET,
  controlPlane,
  kubeconfigOf,
  NODE_NAME,
  writeContainerd,
  writeKeys,
  writeNode,
} from './nodeConfiguration';
import { pauseArchive } from './pauseImage';
import { removeCluster } from './removeCluster';

/** Times, in milliseconds: a machine that is busy is several times slower than one that is not. */
const API_PATIENCE = 120_000;
const NODE_PATIENCE = 120_000;

/** How tests use a cluster. */
export interface ClusterAccess {
  /** Path of a file for clients, with an administrator's token. */
  readonly kubeconfig: string;
  /** Holds all it has, with a log of each of its programs below `log`. */
  readonly folder: string;
  /** Runs kubectl. Fails with what it said. */
  kubectl(args: readonly string[]): Promise<{ stdout: string }>;
  /** @param archive Path of a docker-archive, as `imageArchive` makes it. */
  importImage(archive: string): Promise<void>;
}

/** A real Kubernetes of one node. Policies of networks are not enforced in it, and load balancers and ingresses stay pending. */
export interface Cluster extends ClusterAccess {
  /** Ends everything and removes every trace. May be called again. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** Default: `DEFAULT_ADDRESSES`. */
  addresses?: ClusterAddresses;
}

/** The cluster that `globalSetup` started for this area. */
export async function testCluster(): Promise<ClusterAccess> {
  const kubeconfig = process.env.TEST_KUBECONFIG;
  if (kubeconfig === undefined) throw new Error('TEST_KUBECONFIG is not set: run the tests of the area kubernetes with its globalSetup.');
  return accessTo(dirname(kubeconfig), await acquireHyperkube());
}

function accessTo(folder: string, hyperkube: string): ClusterAccess {
  const kubeconfig = join(folder, 'kubeconfig');
  return {
    kubeconfig,
    folder,
    kubectl: (args) => mustRun(hyperkube, ['kubectl', `--kubeconfig=${kubeconfig}`, ...args]),
    async importImage(archive) {
      const place = ['--address', join(folder, CONTAINERD_SOCKET), '--namespace', 'k8s.io'];
      await mustRun('ctr', [...place, 'images', 'import', archive]);
    },
  };
}

/** Another run has a cluster of the same addresses. */
export class ClusterInUse extends Error {
  override readonly name = 'ClusterInUse';
  constructor(pid: number) {
    super(`A Kubernetes of other tests is up on this machine: wait until process ${pid} has ended.`);
  }
}

/**
 * Starts a cluster and resolves when pods can be made in it. It takes root; what an earlier run that was killed left behind is removed first.
 * @throws ClusterInUse, and Error with the end of a program's log when it does not come up
 */
export async function startCluster({ addresses = DEFAULT_ADDRESSES }: ClusterOptions = {}): Promise<Cluster> {
  const { left, inUse } = ClusterFolder.found();
  for (const folder of left) await removeCluster(folder);
  if (inUse.length > 0) throw new ClusterInUse(inUse[0]!.recorded().owner.pid);
  await installContainerRuntime();
  const hyperkube = await acquireHyperkube();
  const folder = ClusterFolder.make();
  try {
    return await start(folder, hyperkube, addresses);
  } catch (error) {
    await removeCluster(folder);
    throw error;
  }
}

async function start(folder: ClusterFolder, hyperkube: string, addresses: ClusterAddresses): Promise<Cluster> {
  const network = new ClusterNetwork(folder.name);
  const cgroups = new ClusterCgroups(folder.name);
  await network.make(addresses);
  cgroups.make();
  const access = accessTo(folder.path, hyperkube);
  const run = (name: KubernetesProgram, args: readonly string[], enter = network.enter) =>
    folder.run(name, enter[0]!, [...enter.slice(1), hyperkube, name, ...args]);

  // What it mounts is seen by nobody but the node, and ends with it. So does what it would share with the machine's own containerd.
  const apart = ['unshare', '--mount', '--propagation=slave', 'sh', '-c'];
  const script = 'mount --make-rshared / && mkdir -p /run/containerd && mount -t tmpfs none /run/containerd && exec "$@"';
  const [enter, ...inside] = [...network.enter, ...apart, script, 'sh'];
  const config = writeContainerd(folder, addresses.pods);
  const containerd = folder.run('containerd', enter!, [...inside, 'containerd', '--config', config]);

  const token = writeKeys(folder);
  const programs = controlPlane(addresses);
  run('etcd', programs.etcd);
  run('kube-apiserver', programs['kube-apiserver']);
  const authority = await comeUp(folder, 'kube-apiserver', async () => readAuthority(folder), API_PATIENCE);
  folder.put('authority.pem', authority);
  folder.put('kubeconfig', kubeconfigOf(apiAddress(addresses), token, authority));
  const api = new KubernetesApi({ server: apiAddress(addresses), authority, token });
  const close = async (): Promise<void> => {
    await volumes.stop();
    await api.close();
    await removeCluster(folder);
  };
  const volumes = new LocalVolumes(api, folder.at('volumes'));
  try {
    await comeUp(folder, 'kube-apiserver', () => api.get('/readyz'), API_PATIENCE);
    run('kube-controller-manager', programs['kube-controller-manager']);
    run('kube-scheduler', programs['kube-scheduler']);
    const pause = await pauseArchive();
    await comeUp(folder, 'containerd', () => access.importImage(pause), NODE_PATIENCE);
    const node = writeNode(folder, addresses, cgroups.root);
    // where containerd mounts what pods have, and pods' volumes are mounted for it
    run('kubelet', node.kubelet, [...network.enter, `--mount=/proc/${containerd.pid}/ns/mnt`]);
    run('kube-proxy', node['kube-proxy']);
    run('coredns', node.coredns);
    await volumes.start();
    await comeUp(folder, 'kubelet', () => nodeIsReady(api), NODE_PATIENCE);
    return { ...access, close };
  } catch (error) {
    await volumes.stop();
    await api.close();
    throw error;
  }
}

/** Tries again until it succeeds. Fails with the log of a program when that has ended, or when the time (ms) is over. */
async function comeUp<T>(folder: ClusterFolder, program: string, attempt: () => Promise<T>, patience: number): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() < deadline && folder.runs(program)) await new Promise((resolve) => setTimeout(resolve, 50));
      else throw new Error(`The cluster did not come up: ${(error as Error).message}\n${program} said at last:\n${folder.lastOf(program)}`);
    }
  }
}

/** The certificate that the API server makes for itself, with that of who signed it; it is written after its key. */
function readAuthority(folder: ClusterFolder): string {
  const file = folder.at('certificates', 'apiserver.crt');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (text.split('END CERTIFICATE').length !== 3) throw new Error('the API server made no certificate');
  return text;
}

async function nodeIsReady(api: KubernetesApi): Promise<void> {
  const node = await api.get(`/api/v1/nodes/${NODE_NAME}`);
  const conditions = (node.status as { conditions?: { type: string; status: string; message: string }[] }).conditions ?? [];
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') throw new Error(ready?.message ?? 'the node says nothing of itself yet');
  // pods of a namespace are refused until it is there
  await api.get('/api/v1/namespaces/default/serviceaccounts/default');
}
