import type { ContainerAddress, ContainerAnswer, ResponseBounds } from './container';
import { ContainerConnection } from './containerConnection';

/** Pause between attempts to reach a container that does not listen yet. */
const connectRetry = 50;

/** Why a connection ended, as far as the driver knows: called when an answer is missing. */
export type LossDiagnosis = () => Promise<{ outOfMemory: boolean }>;

/**
 * POST to one container over kept-alive connections: one request in flight on each, as many connections as there are
 * requests at a time. Written on the bare socket: this call is on the path of every activation.
 */
export class ContainerClient {
  private readonly idle: ContainerConnection[] = [];
  private readonly open = new Set<ContainerConnection>();
  private closed = false;

  constructor(
    private readonly address: ContainerAddress,
    private readonly diagnose: LossDiagnosis,
    /** The container may not listen yet: a refused connection for /init is tried again until its time is over. */
    private readonly mayBeStarting: boolean,
  ) {}

  async init(body: string, timeoutMs: number, bounds: ResponseBounds): Promise<ContainerAnswer> {
    if (!this.mayBeStarting) return this.post('/init', body, timeoutMs, bounds);
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = await this.post('/init', body, Math.max(deadline - performance.now(), 1), bounds);
      if (answer.type !== 'connectionLost' || !answer.unsent || answer.outOfMemory || this.closed) return answer;
      if (performance.now() + connectRetry >= deadline) return { type: 'timeout' };
      await new Promise((resolve) => setTimeout(resolve, connectRetry));
    }
  }

  run(body: string, timeoutMs: number, bounds: ResponseBounds): Promise<ContainerAnswer> {
    return this.post('/run', body, timeoutMs, bounds);
  }

  close(): void {
    this.closed = true;
    for (const connection of this.open) connection.destroy();
  }

  private post(path: string, body: string, timeoutMs: number, bounds: ResponseBounds): Promise<ContainerAnswer> {
    const connection = this.idle.pop() ?? this.connect();
    return new Promise((resolve) => {
      connection.exchange(path, body, timeoutMs, bounds, (answer, reusable) => {
        if (reusable) this.idle.push(connection);
        if (answer.type === 'connectionLost') this.explain(answer, resolve);
        else resolve(answer);
      });
    });
  }

  private connect(): ContainerConnection {
    const connection = new ContainerConnection(this.address, () => this.forget(connection));
    this.open.add(connection);
    return connection;
  }

  private forget(connection: ContainerConnection): void {
    this.open.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
  }

  private explain(answer: ContainerAnswer & { type: 'connectionLost' }, resolve: (answer: ContainerAnswer) => void): void {
    this.diagnose().then(
      ({ outOfMemory }) => resolve({ ...answer, outOfMemory }),
      () => resolve(answer),
    );
  }
}
