import { randomUUID } from 'node:crypto';
import { type Announcement, announcementTopic, type NamespaceCounts } from '../../bus/announcement';
import type { MessageBus, Subscription } from '../../bus/messageBus';
import type { Logger } from '../../observe/logger';
import type { Tenure } from '../tenure';

export interface ControllerMembershipOptions {
  bus: MessageBus;
  /** Instance id of this controller. */
  controller: string;
  /** What this controller counts now. */
  counts: () => Pick<Announcement, 'minute' | 'counts'>;
  /** The number of controllers changed, this one included. */
  changed: (count: number) => void;
  /**
   * Another controller fell silent, or left with work unfinished. What it accepted up to `until` (epoch ms by the clock of the bus) is for
   * others to carry on.
   */
  lost?: (controller: string, until: number) => void;
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
/** ms between two announcements of a controller on the bus after which others may carry on what it had accepted before. */
export const memberTimeout = 10_000;
/** ms less than that for which a controller relies on nobody doing so: brokers' clocks differ a little. */
const margin = 2000;
/** ms without an announcement of its own coming back after which the bus counts as not working. */
const busTimeout = 5000;

/**
 * Which controllers there are: each announces itself on the bus and hears the others. What they tell of themselves feeds the shares of
 * invokers and the throttles; nobody decides for anybody else.
 */
export class ControllerMembership implements Tenure {
  private readonly others = new Map<string, Member>();
  /** When the bus took the last announcement of each, by its clock; those that are lost are left out. */
  private readonly announced = new Map<string, number>();
  private readonly carriedOut: Record<string, number> = {};
  private readonly waiters = new Set<() => void>();
  private subscription: Subscription | undefined;
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Immediate | undefined;
  private heardSelf = 0;
  /** When the bus took the last announcement of this controller that came back, by its clock. */
  private confirmed = 0;
  /** Counts the gaps in them in which others may have taken over what was begun before. */
  era = 0;
  private leaving = false;
  private unfinished = false;
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
      async (announcement, { timestamp }) => this.hear(announcement, timestamp),
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

  aloneUntil(era: number): number {
    return era === this.era ? this.confirmed + memberTimeout - margin : 0;
  }

  holds(era: number): boolean {
    return era === this.era && this.busWorks;
  }

  /** By the clock of the bus, a time that is over. */
  get past(): number {
    return this.confirmed;
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

  /** Tells the others that this controller stops, and no longer hears them. `unfinished`: it leaves work that others are to carry on. */
  async leave(unfinished = false): Promise<void> {
    clearInterval(this.timer);
    clearImmediate(this.soon);
    this.leaving = true;
    this.unfinished = unfinished;
    await this.send().catch(() => {});
    await this.subscription?.close();
  }

  private hear(announcement: Announcement, timestamp: number): void {
    const { controller, life, leaving, unfinished, sent } = announcement;
    // what waited on the bus while this controller was away says nothing about now
    const current = sent >= this.now() - memberTimeout;
    if (controller === this.options.controller) {
      if (life === this.life) this.hearSelf(timestamp, current);
      return;
    }
    const before = this.count;
    if (leaving) {
      this.others.delete(controller);
      this.announced.delete(controller);
      if (unfinished) this.options.lost?.(controller, timestamp);
    } else {
      if (current) this.others.set(controller, { announcement, heard: this.now() });
      if (!this.announced.has(controller)) this.options.joined?.(controller);
      this.announced.set(controller, timestamp);
    }
    this.told(before);
  }

  /**
   * What is on the bus before an own announcement has been read: a controller of which there was nothing for long is silent, however long
   * this one may have been stopped itself.
   */
  private hearSelf(timestamp: number, current: boolean): void {
    if (timestamp - this.confirmed > memberTimeout - margin) this.era++;
    this.confirmed = timestamp;
    if (current) this.heardSelf = this.now();
    for (const [controller, at] of this.announced) {
      if (timestamp - at <= memberTimeout) continue;
      this.announced.delete(controller);
      this.options.lost?.(controller, at + memberTimeout);
    }
  }

  private tick(): void {
    const before = this.count;
    const limit = this.now() - memberTimeout;
    for (const [id, { heard }] of this.others) if (heard <= limit) this.others.delete(id);
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
      ...(this.unfinished ? { unfinished: true } : {}),
      ...counts(),
      carriedOut: this.carriedOut,
    });
  }
}
