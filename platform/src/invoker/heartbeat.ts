import type { MessageBus } from '../bus/messageBus';
import { healthTopic, type Ping } from '../bus/ping';
import type { Logger } from '../observe/logger';

const interval = 1000;
/**
 * An invoker of which the bus has no ping this young (ms) begins nothing new: what came on the bus longer after its last ping than that,
 * and a margin, controllers take for never begun, and give it to others when the invoker is lost.
 */
const lease = 4000;

/** Tells the controllers each second that this invoker is there; and when it no longer wants work. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  /** When the last ping that the bus took was sent. */
  private renewed = Number.NEGATIVE_INFINITY;
  private waiting: (() => void)[] = [];
  private stopping = false;

  constructor(
    private readonly bus: MessageBus,
    private readonly ping: Omit<Ping, 'enabled'>,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.beat(), interval).unref();
    this.beat();
  }

  /** Undefined when new work may begin; else it resolves when it may. */
  mayBegin(): Promise<void> | undefined {
    if (this.stopping || performance.now() - this.renewed < lease) return undefined;
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Resolves when the bus has the goodbye: no controller sends new work once it has read it. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    // what has been delivered by now is worked off: from here on little comes, and soon nothing
    this.stopping = true;
    for (const begin of this.waiting.splice(0)) begin();
    await this.bus.send(healthTopic, { ...this.ping, enabled: false });
  }

  private beat(): void {
    const sent = performance.now();
    this.bus.send(healthTopic, { ...this.ping, enabled: true }).then(
      () => {
        this.renewed = Math.max(this.renewed, sent);
        for (const begin of this.waiting.splice(0)) begin();
      },
      (error: Error) => this.log.warn({ reason: error.message }, 'a ping could not be sent'),
    );
  }
}
