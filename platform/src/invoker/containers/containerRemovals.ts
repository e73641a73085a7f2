/** ms until a removal that failed is tried again. */
const retryInterval = 2_000;

/**
 * Removes containers, and goes on trying where their engine cannot be reached: it may be restarted while containers end. `attempt` rejects when a container may
 * still be there; one that is gone already, or on its way, is what was wanted.
 */
export class ContainerRemovals {
  private readonly left = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private retrying: Promise<void> | undefined;

  constructor(
    private readonly attempt: (id: string) => Promise<void>,
    private readonly warn: (message: string) => void,
  ) {}

  /** Containers that should be gone and may be there. */
  get pending(): number {
    return this.left.size;
  }

  /** Resolves when the container is gone, or when that has to be tried again later. */
  remove(id: string): Promise<void> {
    const removing = this.first(id).finally(() => this.underWay.delete(removing));
    this.underWay.add(removing);
    return removing;
  }

  /** A last attempt; what is left then is an orphan for the next start. */
  async close(): Promise<void> {
    await Promise.all(this.underWay);
    clearInterval(this.timer);
    await this.retrying;
    await Promise.all([...this.left].map((id) => this.failureOf(id)));
  }

  private async first(id: string): Promise<void> {
    const failure = await this.failureOf(id);
    if (failure === undefined) return;
    if (this.left.size === 0) this.warn(`Containers could not be removed and will be tried again: ${failure}`);
    this.left.add(id);
    this.timer ??= setInterval(() => this.retry(), retryInterval).unref();
  }

  private retry(): void {
    this.retrying ??= this.attemptAll().finally(() => {
      this.retrying = undefined;
    });
  }

  private async attemptAll(): Promise<void> {
    for (const id of [...this.left]) {
      // an engine that does not answer will not for the next one
      if ((await this.failureOf(id)) !== undefined) return;
      this.left.delete(id);
    }
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private failureOf(id: string): Promise<string | undefined> {
    return this.attempt(id).then(
      () => undefined,
      (error: Error) => error.message,
    );
  }
}
