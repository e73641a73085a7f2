import type Docker from 'dockerode';

/** ms until a removal that failed is tried again. */
const retryInterval = 2_000;

/** Removes containers, and goes on trying where the engine cannot be reached: it may be restarted while containers end. */
export class ContainerRemovals {
  private readonly left = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private retrying: Promise<void> | undefined;

  constructor(
    private readonly docker: Docker,
    private readonly warn: (message: string) => void,
  ) {}

  /** Containers that should be gone and may be there. */
  get pending(): number {
    return this.left.size;
  }

  /** Resolves when the container is gone, or when that has to be tried again later. */
  async remove(id: string): Promise<void> {
    const failure = await this.attempt(id);
    if (failure === undefined) return;
    if (this.left.size === 0) this.warn(`Containers could not be removed and will be tried again: ${failure}`);
    this.left.add(id);
    this.timer ??= setInterval(() => this.retry(), retryInterval).unref();
  }

  /** A last attempt; what is left then is an orphan for the next start. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.retrying;
    await Promise.all([...this.left].map((id) => this.attempt(id)));
  }

  private retry(): void {
    this.retrying ??= this.attemptAll().finally(() => {
      this.retrying = undefined;
    });
  }

  private async attemptAll(): Promise<void> {
    for (const id of [...this.left]) {
      // an engine that does not answer will not for the next one
      if ((await this.attempt(id)) !== undefined) return;
      this.left.delete(id);
    }
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Gives why it failed. */
  private async attempt(id: string): Promise<string | undefined> {
    try {
      await this.docker.getContainer(id).remove({ force: true });
      return undefined;
    } catch (error) {
      const { statusCode, message } = error as Error & { statusCode?: number };
      // gone already, or on its way: that is what was wanted
      return statusCode === 404 || statusCode === 409 ? undefined : message;
    }
  }
}
