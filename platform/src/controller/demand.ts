import type { Demand } from '../balancer/loadBalancer';
import type { ActionDocument } from '../model/entities';
import type { BlackboxExec } from '../model/exec';
import { annotationOf } from '../model/parameters';

const none: readonly string[] = [];

/** What an action asks of an invoker. `managedImages` obey the runtimes' contract though users name them. */
export function demandOf({ exec, limits, annotations }: ActionDocument, managedImages: readonly string[]): Demand {
  const resources = annotationOf(annotations, 'invoker-resources');
  return {
    timeout: limits.timeout,
    memory: limits.memory,
    concurrency: limits.concurrency,
    blackbox: exec.kind === 'blackbox' && !managedImages.includes((exec as BlackboxExec).image),
    resources: Array.isArray(resources) ? resources.filter((tag) => typeof tag === 'string') : none,
  };
}
