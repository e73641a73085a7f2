import type { Admin } from 'kafkajs';
import type { Logger } from '../../observe/logger';

/** Without a sign of life for this long (ms) the broker counts as not connected, and is asked for one. */
const silence = 4000;

/** Whether the broker was heard of lately. Where nobody reads and nobody sends, it is asked for a sign of life. */
export class BrokerContact {
  private last = Date.now();
  private connected = true;
  private asking = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly admin: Admin,
    private readonly log: Logger,
  ) {
    this.timer = setInterval(() => void this.look(), silence / 4).unref();
  }

  get there(): boolean {
    return this.connected;
  }

  /** The broker has just been heard of. */
  heard(): void {
    this.last = Date.now();
    if (this.connected) return;
    this.connected = true;
    this.log.info('the broker is back');
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const silent = Date.now() - this.last;
    if (silent < silence / 2) return;
    if (silent >= silence && this.connected) {
      this.connected = false;
      this.log.warn('the broker does not answer; messages wait for it');
    }
    if (this.asking) return;
    this.asking = true;
    try {
      await this.admin.describeCluster();
      this.heard();
    } catch {
      // it is asked again
    } finally {
      this.asking = false;
    }
  }
}
