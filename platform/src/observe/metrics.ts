import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * What `GET /metrics` shows, in Prometheus' text format. Numbers are read from their owners when somebody asks, so nothing is
 * counted twice on the way of a request.
 */
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** A number that goes up and down. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** A number that only goes up; `read` gives the total of each value of the label. */
  counter<L extends string>(name: string, help: string, label: L, read: () => Record<string, number>): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, total] of Object.entries(read())) this.inc({ [label]: value } as Record<L, string>, total);
      },
    });
  }
}
