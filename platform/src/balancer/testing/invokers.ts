import { invokerTopic } from '../../bus/topics';
import { InvokerHealth } from '../invokerHealth';
import { InvokerSlots } from '../invokerSlots';
import type { Demand } from '../loadBalancer';
import { hashText } from '../rendezvous';
import type { PlacementRequest, SupervisedInvoker } from '../supervisedInvoker';

/** For tests: a healthy invoker whose share is all of its memory. */
export function usableInvoker(instance: number, memory: number, more: Partial<SupervisedInvoker> = {}): SupervisedInvoker {
  const health = new InvokerHealth({ changed: () => {}, test: () => {} });
  health.ping(0, true);
  health.outcome('success', 0);
  const id = `invoker${instance}`;
  return {
    id,
    instance,
    hash: hashText(id),
    topic: invokerTopic(id),
    health,
    slots: new InvokerSlots(memory, memory),
    displayedName: String(instance),
    userMemory: memory,
    tags: new Set(),
    dedicatedNamespaces: new Set(),
    lastPing: 0,
    ...more,
  };
}

export function request(namespace: string, memory: number, action = 'a', more: Partial<Demand> = {}): PlacementRequest {
  const demand: Demand = { timeout: 60_000, memory, concurrency: 1, blackbox: false, resources: [], ...more };
  const name = `${namespace} ${namespace}/${action}`;
  const key = `${name} ${demand.blackbox} ${demand.resources.join(' ')}`;
  return {
    namespace,
    demand,
    slot: { action: `${namespace}/${action}@0.0.1`, memory, concurrency: demand.concurrency },
    key,
    hash: hashText(name),
  };
}
