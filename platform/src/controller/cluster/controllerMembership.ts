import { randomUUID } from 'node:crypto';
import { type Announcement, announcementTopic, type NamespaceCounts } from '../../bus/announcement';
import type { MessageBus, Subscription } from '../../bus/messageBus';
import type { Logger } from '../../observe/logger';

export interface ControllerMembershipOptions {
  bus: MessageBus;
  /** Instance id of this controller. */
  controller: string;
  /** What this controller counts now. */
  counts: () => Pick<Announcement, 'minute' | 'counts'>;
  /** The number of controllers changed, this one included. */
  changed: (count: number) => void;
  /** Another controller fell silent without a goodbye; `life` is the one that ended. */
  lost?: (controller: string, life: string) => void;
  /** Another controller is there that was not. */
  joined?: (controller: string) => void;
  log: Logger;
  now?: () => number;
}

interface Member {
  announcement: Announcement;
  /** epoch ms, by this machine's clock */
  heard: number;
}

const interval = 500;
/** ms of silence after which a controller counts as gone. */
export const memberTimeout = 10_000;
/** ms without an announcement of its own coming back after which the bus counts as not working. */
const busTimeout = 5000;

/**
 * Which controllers there are: each announces itself on the bus and hears the others. What they tell of themselves feeds the shares of
 * invokers and the throttles; nobody decides for anybody else.
 */
export class ControllerMembership {
  private readonly others = new Map<string, Member>();
  private readonly carriedOut: Record<string, number> = {};
  private readonly waiters = new Set<() => void>();
  private subscription: Subscription | undefined;
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Immediate | undefined;
  private heardSelf = 0;
  private leaving = false;
  /** Of this process; different after each start. */
  readonly life = randomUUID();
  private readonly now: () => number;

  constructor(private readonly options: ControllerMembershipOptions) {
    this.now = options.now ?? Date.now;
  }

  async start(): Promise<void> {
    const { bus, controller } = this.options;
    this.subscription = await bus.subscribe(
      announcementTopic,
      { group: `${announcementTopic.name}${controller}`, maxInFlight: 128 },
      async (announcement) => this.hear(announcement),
    );
    this.timer = setInterval(() => this.tick(), interval).unref();
    this.announce();
  }

  /** Controllers, this one included. */
  get count(): number {
    return this.others.size + 1;
  }

  /** Whether what is sent arrives: this controller hears itself too. */
  get busWorks(): boolean {
    return this.now() - this.heardSelf < busTimeout;
  }

  /** What the other controllers count of a namespace in a clock minute. */
  countedElsewhere(uuid: string, minute: number): NamespaceCounts {
    const sum = { invocations: 0, fires: 0, active: 0 };
    for (const { announcement } of this.others.values()) {
      const counts = announcement.counts[uuid];
      if (!counts) continue;
      sum.active += counts.active;
      if (announcement.minute !== minute) continue;
      sum.invocations += counts.invocations;
      sum.fires += counts.fires;
    }
    return sum;
  }

  /** Tells the others, soon, that an invalidation has been carried out. */
  carryOut(controller: string, number: number): void {
    this.carriedOut[controller] = Math.max(this.carriedOut[controller] ?? 0, number);
    this.soon ??= setImmediate(() => this.announce());
  }

  /** Resolves true when every other controller has carried out this one's invalidations up to `number`, false after `ms`. */
  async carriedOutElsewhere(number: number, ms: number): Promise<boolean> {
    const { controller } = this.options;
    const done = () => [...this.others.values()].every(({ announcement }) => (announcement.carriedOut[controller] ?? 0) >= number);
    const deadline = this.now() + ms;
    while (!done()) {
      const left = deadline - this.now();
      if (left <= 0) return false;
      await this.nextChange(left);
    }
    return true;
  }

  /** Tells the others that this controller stops, and no longer hears them. */
  async leave(): Promise<void> {
    clearInterval(this.timer);
    clearImmediate(this.soon);
    this.leaving = true;
    await this.send().catch(() => {});
    await this.subscription?.close();
  }

  private hear(announcement: Announcement): void {
    const now = this.now();
    // what waited on the bus while this controller was away says nothing about now
    if (announcement.sent < now - memberTimeout) return;
    if (announcement.controller === this.options.controller) {
      this.heardSelf = now;
      return;
    }
    const before = this.count;
    if (announcement.leaving) this.others.delete(announcement.controller);
    else this.others.set(announcement.controller, { announcement, heard: now });
    if (this.count > before) this.options.joined?.(announcement.controller);
    this.told(before);
  }

  private tick(): void {
    const before = this.count;
    const limit = this.now() - memberTimeout;
    for (const [id, { heard, announcement }] of this.others) {
      if (heard > limit) continue;
      this.others.delete(id);
      this.options.lost?.(id, announcement.life);
    }
    this.told(before);
    this.announce();
  }

  private told(before: number): void {
    for (const waiter of this.waiters) waiter();
    if (before === this.count) return;
    this.options.log.info({ controllers: this.count }, 'the number of controllers changed');
    this.options.changed(this.count);
  }

  private nextChange(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.waiters.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      this.waiters.add(finish);
    });
  }

  private announce(): void {
    clearImmediate(this.soon);
    this.soon = undefined;
    this.send().catch((error: Error) => {
      this.options.log.warn({ reason: error.message }, 'this controller could not announce itself');
    });
  }

  private send(): Promise<void> {
    const { bus, controller, counts } = this.options;
    return bus.send(announcementTopic, {
      controller,
      life: this.life,
      sent: this.now(),
      leaving: this.leaving,
      ...counts(),
      carriedOut: this.carriedOut,
    });
  }
}
