import { type Announcement, announcementTopic } from '../../bus/announcement';
import { EmbeddedBus } from '../../bus/embedded/embeddedBus';
import type { Handler, Subscription } from '../../bus/messageBus';
import type { Logger } from '../../observe/logger';
import { ControllerMembership, memberTimeout } from './controllerMembership';

const log = { info: () => {}, warn: () => {}, error: () => {} } as unknown as Logger;
const hour = 3_600_000;

/** A bus that delivers announcements when the test says so, taken at a time that the test names. */
class Announcements extends EmbeddedBus {
  private hear: Handler<Announcement> = async () => {};
  override async send(): Promise<void> {}
  override async subscribe<T>(topic: { name: string }, _: unknown, handler: Handler<T>): Promise<Subscription> {
    expect(topic.name).toBe(announcementTopic.name);
    this.hear = handler as unknown as Handler<Announcement>;
    return { close: async () => {} };
  }
  tell(controller: string, timestamp: number, more: Partial<Announcement> = {}): Promise<void> {
    const life = controller === '0' ? membership.life : controller;
    const announcement = { controller, life, sent: Date.now(), leaving: false, minute: 0, counts: {}, carriedOut: {}, ...more };
    return this.hear(announcement, { partition: 0, offset: 0, timestamp });
  }
}

let bus: Announcements;
let membership: ControllerMembership;
let lost: [string, number][];
let joined: string[];

beforeEach(async () => {
  bus = new Announcements();
  lost = [];
  joined = [];
  membership = new ControllerMembership({
    bus,
    controller: '0',
    counts: () => ({ minute: 0, counts: {} }),
    changed: () => {},
    lost: (controller, until) => void lost.push([controller, until]),
    joined: (controller) => void joined.push(controller),
    log,
  });
  await membership.start();
});
afterEach(() => membership.leave());

test('another controller is lost when the bus has nothing of it for long, however long this one was stopped itself', async () => {
  await bus.tell('0', hour);
  await bus.tell('1', hour);
  // both were heard of late: on the bus they follow each other closely
  await bus.tell('1', hour + 60_000);
  await bus.tell('0', hour + 60_500);
  expect(lost).toEqual([]);
  await bus.tell('0', hour + 60_000 + memberTimeout + 1);
  expect(lost).toEqual([['1', hour + 60_000 + memberTimeout]]);
  await bus.tell('1', hour + 80_000);
  expect(joined).toEqual(['1', '1']);
});

test('one that leaves is lost only when it leaves something unfinished', async () => {
  for (const [id, unfinished] of [
    ['1', false],
    ['2', true],
  ] as const) {
    await bus.tell(id, hour);
    await bus.tell(id, hour + 5, { leaving: true, unfinished });
  }
  expect(lost).toEqual([['2', hour + 5]]);
});

test('it is alone with what it began until others may have missed it, and never again with what it began before a gap', async () => {
  const unheard = membership.era;
  expect(membership.aloneUntil(unheard)).toBeLessThan(memberTimeout);
  await bus.tell('0', hour);
  const before = membership.era;
  expect(membership.aloneUntil(unheard)).toBe(0);
  expect(membership.aloneUntil(before)).toBeGreaterThan(hour);
  expect(membership.aloneUntil(before)).toBeLessThan(hour + memberTimeout);
  await bus.tell('0', hour + 5000);
  expect(membership.aloneUntil(before)).toBeGreaterThan(hour + 5000);
  // others take over after this time at the earliest
  await bus.tell('0', hour + 5000 + memberTimeout);
  expect(membership.aloneUntil(before)).toBe(0);
  expect(membership.aloneUntil(membership.era)).toBeGreaterThan(hour + 5000 + memberTimeout);
});
