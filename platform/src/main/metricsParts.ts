import type { LoadBalancer } from '../balancer/loadBalancer';
import type { ShardingBalancer } from '../balancer/shardingBalancer';
import type { PlatformConfig } from '../config/settings';
import type { ApiServer } from '../controller/http/apiServer';
import type { Invoker } from '../invoker/invoker';
import { ActivationMetrics } from '../observe/activationMetrics';
import { Metrics } from '../observe/metrics';
import type { EmbeddedActivationStore } from '../store/embedded/embeddedActivationStore';

export interface MetricsParts {
  all: Metrics;
  activations: ActivationMetrics;
}

/** Undefined unless they are asked for: then nothing is counted and there is no `/metrics`. */
export function startMetrics(config: PlatformConfig): MetricsParts | undefined {
  if (!config.metrics.prometheus) return undefined;
  const all = new Metrics();
  return { all, activations: new ActivationMetrics(all) };
}

interface ApiParts {
  server: ApiServer;
  balancer: Pick<LoadBalancer, 'activeTotal' | 'invokers'> & { readonly totals: Record<'published' | 'completed' | 'lost', number> };
}

/** What the parts of a standalone platform know of themselves, under OpenWhisk's names where it has them. */
export function standaloneMetrics(
  metrics: Metrics,
  { server, balancer, invoker, activations }: ApiParts & { invoker: Invoker; activations: EmbeddedActivationStore },
): void {
  apiMetrics(metrics, { server, balancer });
  invokerMetrics(metrics, invoker);
  metrics.gauge('database_activationsPending_bytes', 'Activation records not yet written.', () => activations.pressure.pending);
  metrics.gauge('database_activationsStored_bytes', 'Activation records on disk.', () => activations.size);
}

/** The same for one controller of several. */
export function controllerMetrics(metrics: Metrics, { server, balancer }: { server: ApiServer; balancer: ShardingBalancer }): void {
  apiMetrics(metrics, { server, balancer });
  metrics.gauge('loadbalancer_waiting', 'Requests that wait for an invoker, not yet accepted.', () => balancer.waiting);
  for (const [state, name] of Object.entries({ up: 'Healthy', unhealthy: 'Unhealthy', unresponsive: 'Unresponsive', down: 'Offline' })) {
    metrics.gauge(
      `loadbalancer_total${name}Invoker`,
      `Invokers that this controller takes for ${name.toLowerCase()}.`,
      () => balancer.invokers().filter((i) => i.status === state).length,
    );
  }
}

/** And for an invoker. */
export function invokerMetrics(metrics: Metrics, invoker: Invoker): void {
  metrics.gauge('containerPool_runBufferCount', 'Activations that wait for a container.', () => invoker.status.waiting);
  metrics.gauge('containerPool_activeCount', 'Containers at work.', () => invoker.status.containers - invoker.status.idle);
  metrics.gauge('containerPool_idlesCount', 'Containers that wait for work, stem cells included.', () => invoker.status.idle);
  metrics.gauge('containerPool_usedMemory_megabytes', 'Memory given to containers.', () => invoker.status.memory);
}

function apiMetrics(metrics: Metrics, { server, balancer }: ApiParts): void {
  metrics.counter('controller_requests_total', 'Answers of the API by the class of their status.', 'class', () =>
    Object.fromEntries(server.answered.flatMap((total, digit) => (digit === 0 ? [] : [[`${digit}xx`, total]]))),
  );
  metrics.counter('loadbalancer_activations_total', 'Activations handed to invokers, by what became of them.', 'state', () => ({
    ...balancer.totals,
  }));
  metrics.gauge('loadbalancer_activationsInflight', 'Activations under way.', () => balancer.activeTotal);
  metrics.gauge(
    'loadbalancer_healthyInvokers',
    'Invokers that take work.',
    () => balancer.invokers().filter((i) => i.status === 'up').length,
  );
}
