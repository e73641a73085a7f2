import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesApi, KubernetesObject } from './kubernetesApi';

/** Name of the class whose claims get a folder of this machine; it is the cluster's default. */
export const LOCAL_CLASS = 'local';
const PROVISIONER = 'openwhisk-as-code.test/local';
const VOLUMES = '/api/v1/persistentvolumes';

/** How often claims are looked at, in milliseconds. */
const INTERVAL = 250;

interface Claim extends KubernetesObject {
  spec: { storageClassName?: string; accessModes: string[]; resources: { requests: { storage: string } }; volumeMode?: string };
  status: { phase?: string };
}

/** Makes volumes for claims of class `local`: folders below one of this machine, which end with them. */
export class LocalVolumes {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly api: KubernetesApi,
    private readonly folder: string,
  ) {}

  async start(): Promise<void> {
    await mkdir(this.folder);
    await this.api.create('/apis/storage.k8s.io/v1/storageclasses', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: LOCAL_CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: PROVISIONER,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    });
    this.next();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private next(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      // an API that is busy answers the next time
      this.round = this.look().then(
        () => this.next(),
        () => this.next(),
      );
    }, INTERVAL);
  }

  private async look(): Promise<void> {
    for (const claim of (await this.api.list('/api/v1/persistentvolumeclaims')) as Claim[]) {
      if (claim.status.phase === 'Pending' && claim.spec.storageClassName === LOCAL_CLASS) await this.provide(claim);
    }
    for (const volume of await this.api.list(VOLUMES)) await this.reclaim(volume);
  }

  private async provide(claim: Claim): Promise<void> {
    const { name, namespace, uid } = claim.metadata!;
    const volume = `local-${uid}`;
    if ((await this.api.find(`${VOLUMES}/${volume}`)) !== undefined) return;
    const path = join(this.folder, volume);
    await mkdir(path, { recursive: true });
    // whoever a pod runs as
    await chmod(path, 0o777);
    await this.api.create(VOLUMES, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: volume, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
      spec: {
        capacity: claim.spec.resources.requests,
        accessModes: claim.spec.accessModes,
        storageClassName: LOCAL_CLASS,
        persistentVolumeReclaimPolicy: 'Delete',
        hostPath: { path },
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
      },
    });
  }

  private async reclaim(volume: KubernetesObject): Promise<void> {
    const {
      storageClassName,
      hostPath,
      persistentVolumeReclaimPolicy: policy,
    } = volume.spec as {
      storageClassName?: string;
      hostPath?: { path: string };
      persistentVolumeReclaimPolicy?: string;
    };
    const { phase } = volume.status as { phase?: string };
    if (storageClassName !== LOCAL_CLASS || policy !== 'Delete' || (phase !== 'Released' && phase !== 'Failed')) return;
    if (!hostPath?.path.startsWith(`${this.folder}/`)) return;
    await this.api.delete(`${VOLUMES}/${volume.metadata!.name}`);
    await rm(hostPath.path, { recursive: true, force: true });
  }
}
