import type { MessageBus } from '../bus/messageBus';
import { healthTopic, type Ping } from '../bus/ping';
import type { Logger } from '../observe/logger';

const interval = 1000;

/** Tells the controllers each second that this invoker is there; and when it no longer wants work. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly ping: Omit<Ping, 'enabled'>,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.beat(), interval).unref();
    this.beat();
  }

  /** Resolves when the bus has the goodbye: no controller sends new work once it has read it. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.bus.send(healthTopic, { ...this.ping, enabled: false });
  }

  private beat(): void {
    this.bus.send(healthTopic, { ...this.ping, enabled: true }).catch((error: Error) => {
      this.log.warn({ reason: error.message }, 'a ping could not be sent');
    });
  }
}
