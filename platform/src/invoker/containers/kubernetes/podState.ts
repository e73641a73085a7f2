/** What the driver reads of a pod. */
export interface Pod {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    podIP?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: {
      state?: {
        running?: object;
        waiting?: { reason?: string; message?: string };
        terminated?: { reason?: string; exitCode?: number; message?: string };
      };
    }[];
  };
}

/** How far a pod is, as far as its one container goes. */
export type PodState =
  | { phase: 'pending' /** What it waits for, as a clause; empty when that is not known. */; waitsFor: string }
  | { phase: 'running'; address: string }
  | { phase: 'ended'; outOfMemory: boolean /** As a clause. */; why: string }
  /** It will never run: by its image or its command, which the reason names. */
  | { phase: 'unusable'; reason: string; message: string }
  | { phase: 'gone' };

/** Of the kubelet: there is no such image, it cannot be had or cannot be run. */
const imageFaults = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);
const commandFaults = new Set([
  'RunContainerError',
  'CreateContainerError',
  'CreateContainerConfigError',
  'StartError',
  'ContainerCannotRun',
]);

export const isImageFault = (reason: string): boolean => imageFaults.has(reason);

export function podState({ metadata, status = {} }: Pod): PodState {
  const { phase, podIP } = status;
  const { running, waiting, terminated } = status.containerStatuses?.[0]?.state ?? {};
  const bad = [waiting, terminated].find((state) => imageFaults.has(state?.reason ?? '') || commandFaults.has(state?.reason ?? ''));
  if (bad) return { phase: 'unusable', reason: bad.reason!, message: bad.message ?? '' };
  if (terminated)
    return {
      phase: 'ended',
      outOfMemory: terminated.reason === 'OOMKilled' || isKilled(metadata, status, terminated.exitCode),
      why: `its process ended with ${terminated.exitCode ?? 'an unknown code'}`,
    };
  // refused by its node, or thrown off it
  if (phase === 'Failed' || phase === 'Succeeded')
    return { phase: 'ended', outOfMemory: false, why: [status.reason, status.message].filter(Boolean).join(': ') || 'its node ended it' };
  if (running && podIP) return { phase: 'running', address: podIP };
  return { phase: 'pending', waitsFor: waitsFor(status) };
}

/**
 * The limit of a pod as a whole is that of its only container: the kernel may kill for the one as well as for the other, and nodes name the reason only for the
 * container's. Nobody else kills in a pod that was neither removed nor thrown off its node.
 */
function isKilled({ deletionTimestamp }: Pod['metadata'], { reason }: NonNullable<Pod['status']>, exitCode: number | undefined): boolean {
  return exitCode === 137 && deletionTimestamp === undefined && !reason;
}

function waitsFor({ conditions, containerStatuses }: NonNullable<Pod['status']>): string {
  const unscheduled = conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  const waiting = containerStatuses?.[0]?.state?.waiting;
  return unscheduled?.message ?? waiting?.message ?? waiting?.reason ?? '';
}
