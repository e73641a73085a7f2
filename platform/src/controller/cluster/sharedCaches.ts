import { type CacheInvalidation, invalidationTopic } from '../../bus/cacheInvalidation';
import type { MessageBus, Subscription } from '../../bus/messageBus';
import type { Logger } from '../../observe/logger';
import type { ControllerMembership } from './controllerMembership';

/** What a controller keeps in memory of the stores. */
export interface Caches {
  forgetEntity(id: string): void;
  /** Identities, limits and all entities of a namespace. */
  forgetNamespace(namespace: string): void;
}

export interface SharedCachesOptions {
  bus: MessageBus;
  controller: string;
  membership: ControllerMembership;
  caches: Caches;
  log: Logger;
}

/** ms that a write waits for controllers that do not say that they have forgotten the old state. */
const patience = 1000;

/**
 * Keeps the caches of controllers in step: who changes something tells the others before it answers and waits until they have forgotten it,
 * so that whoever was told of a change sees it through every controller.
 */
export class SharedCaches {
  /** Begins with the time, so it grows over restarts. */
  private number = Date.now() * 1000;
  private subscription: Subscription | undefined;

  constructor(private readonly options: SharedCachesOptions) {}

  async start(): Promise<void> {
    const { bus, controller } = this.options;
    this.subscription = await bus.subscribe(
      invalidationTopic,
      { group: `${invalidationTopic.name}controller${controller}`, maxInFlight: 128 },
      async (message) => this.carryOut(message),
    );
  }

  /** `key`: id of an entity, or a namespace. Never rejects: a controller that hears nothing forgets by age. */
  async invalidate(key: string): Promise<void> {
    const { bus, controller, membership, log } = this.options;
    const number = ++this.number;
    try {
      const told = await within(patience, bus.send(invalidationTopic, { key, controller, number }));
      if (told && (await membership.carriedOutElsewhere(number, patience))) return;
      log.warn({ key, controllers: membership.count }, 'not every controller has said that it forgot a changed entity');
    } catch (error) {
      log.warn({ key, reason: (error as Error).message }, 'the other controllers could not be told of a change');
    }
  }

  async close(): Promise<void> {
    await this.subscription?.close();
  }

  private carryOut({ key, controller, number }: CacheInvalidation): void {
    const { membership, caches } = this.options;
    if (controller === this.options.controller) return;
    if (key.includes('/')) caches.forgetEntity(key);
    else caches.forgetNamespace(key);
    if (number !== undefined) membership.carryOut(controller, number);
  }
}

/** False when it takes longer than `ms`. */
function within(ms: number, sending: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  return Promise.race([sending.then(() => true), late]).finally(() => clearTimeout(timer));
}
