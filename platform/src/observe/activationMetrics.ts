import { Counter, Histogram } from 'prom-client';
import { type ActivationRecord, statusNames } from '../model/activation';
import { isJsonObject } from '../model/json';
import { annotationOf } from '../model/parameters';
import type { Metrics } from './metrics';

const labels = ['namespace', 'initiator', 'action', 'kind', 'memory'] as const;
type Labels = Record<(typeof labels)[number], string>;

/** Actions with figures of their own; further ones share those of an action named `other`: what is kept must have a bound. */
const maxActions = 1000;

/** Seconds. */
const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300];

/** Figures of activations, by action: the names and labels of OpenWhisk's user-events service. */
export class ActivationMetrics {
  private readonly known = new Map<string, Labels>();
  private readonly activations: Counter<(typeof labels)[number]>;
  private readonly coldStarts: Counter<(typeof labels)[number]>;
  private readonly status: Counter<(typeof labels)[number] | 'status'>;
  private readonly duration: Histogram<(typeof labels)[number]>;
  private readonly waitTime: Histogram<(typeof labels)[number]>;
  private readonly initTime: Histogram<(typeof labels)[number]>;
  private readonly size: Histogram<(typeof labels)[number]>;

  constructor({ registry }: Metrics) {
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Counter({ name: `openwhisk_action_${name}`, help, labelNames: [...labelNames], registers: [registry] });
    const histogram = (name: string, help: string, bounds: number[] = buckets) =>
      new Histogram({ name: `openwhisk_action_${name}`, help, labelNames: [...labels], buckets: bounds, registers: [registry] });
    this.activations = counter('activations_total', 'Activations.', labels);
    this.coldStarts = counter('coldStarts_total', 'Activations that started a container.', labels);
    this.status = counter('status', 'Activations by outcome.', [...labels, 'status'] as const);
    this.duration = histogram('duration_seconds', 'Time in the container.');
    this.waitTime = histogram('waitTime_seconds', 'Time from the request to the container.');
    this.initTime = histogram('initTime_seconds', 'Time of initialising a container.');
    this.size = histogram('response_size_bytes', 'Length of results.', [100, 1000, 10_000, 100_000, 1_000_000]);
  }

  observe(record: ActivationRecord): void {
    const { annotations, response, duration } = record;
    const kind = annotationOf(annotations, 'kind');
    // the activations of triggers have none of this
    if (typeof kind !== 'string') return;
    const shared = this.labelsOf(record, kind);
    this.activations.inc(shared);
    this.status.inc({ ...shared, status: statusNames[response.statusCode].replaceAll(' ', '_') });
    if (duration !== undefined) this.duration.observe(shared, duration / 1000);
    const wait = annotationOf(annotations, 'waitTime');
    if (typeof wait === 'number') this.waitTime.observe(shared, wait / 1000);
    const init = annotationOf(annotations, 'initTime');
    if (typeof init === 'number') {
      this.coldStarts.inc(shared);
      this.initTime.observe(shared, init / 1000);
    }
    if (response.size !== undefined) this.size.observe(shared, response.size);
  }

  private labelsOf(record: ActivationRecord, kind: string): Labels {
    const path = annotationOf(record.annotations, 'path');
    const action = typeof path === 'string' ? path : record.name;
    const limits = annotationOf(record.annotations, 'limits');
    const memory = isJsonObject(limits) ? String(limits.memory) : 'unknown';
    const key = `${record.namespace} ${action} ${kind} ${memory}`;
    const known = this.known.get(key);
    if (known) return known;
    if (this.known.size >= maxActions) return { namespace: 'other', initiator: 'other', action: 'other', kind, memory };
    const slash = action.indexOf('/');
    const made = {
      namespace: action.slice(0, Math.max(slash, 0)),
      initiator: record.namespace,
      action: action.slice(slash + 1),
      kind,
      memory,
    };
    this.known.set(key, made);
    return made;
  }
}
