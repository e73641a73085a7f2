import type { LoadBalancer } from '../../balancer/loadBalancer';
import type { ArtifactStore } from '../../store/artifactStore';

export interface ReadinessParts {
  balancer: Pick<LoadBalancer, 'invokers'>;
  /** Whether what is sent arrives. */
  bus: { readonly busWorks: boolean };
  artifacts: Pick<ArtifactStore, 'getWithoutCode'>;
}

/** ms that an answer of the store is waited for, and that one counts. */
const patience = 2000;
const validity = 1000;
/** Need not exist: what counts is an answer. */
const probe = 'whisk.system/ready';

/** Whether requests should be sent to this controller. */
export class Readiness {
  private draining = false;
  private last: { at: number; works: Promise<boolean> } | undefined;

  constructor(private readonly parts: ReadinessParts) {}

  drain(): void {
    this.draining = true;
  }

  /** Undefined when it is ready. */
  async unready(): Promise<string | undefined> {
    const { bus, balancer } = this.parts;
    if (this.draining) return 'The controller is stopping.';
    if (!bus.busWorks) return 'The message bus does not answer.';
    if (!balancer.invokers().some((i) => i.status === 'up')) return 'There is no healthy invoker.';
    if (!(await this.storeWorks())) return 'The database does not answer.';
    return undefined;
  }

  private storeWorks(): Promise<boolean> {
    const now = Date.now();
    if (!this.last || now - this.last.at > validity) this.last = { at: now, works: this.ask() };
    return this.last.works;
  }

  private async ask(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, patience, false);
    });
    const answer = this.parts.artifacts.getWithoutCode(probe).then(
      () => true,
      () => false,
    );
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }
}
