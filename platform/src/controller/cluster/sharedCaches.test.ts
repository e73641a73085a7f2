import { GroupBus } from '../../balancer/testing/groupBus';
import { type Announcement, announcementTopic } from '../../bus/announcement';
import type { Logger } from '../../observe/logger';
import { ControllerMembership } from './controllerMembership';
import { SharedCaches } from './sharedCaches';

const warnings: string[] = [];
const log = { info: () => {}, warn: (_: object, text: string) => warnings.push(text), error: () => {} } as unknown as Logger;
let bus: GroupBus;
let now: number;
let open: (() => Promise<void>)[];

beforeEach(() => {
  bus = new GroupBus();
  now = Date.now();
  open = [];
  warnings.length = 0;
});
afterEach(async () => {
  for (const close of open) await close();
});

async function controller(id: string, counts: Announcement['counts'] = {}) {
  const counted: number[] = [];
  const forgotten: string[] = [];
  const membership = new ControllerMembership({
    bus,
    controller: id,
    counts: () => ({ minute: 5, counts }),
    changed: (count) => counted.push(count),
    log,
    now: () => now,
  });
  await membership.start();
  const caches = new SharedCaches({
    bus,
    controller: id,
    membership,
    caches: { forgetEntity: (e) => forgotten.push(`entity ${e}`), forgetNamespace: (n) => forgotten.push(`namespace ${n}`) },
    log,
  });
  await caches.start();
  const close = async () => {
    await membership.leave();
    await caches.close();
  };
  open.push(close);
  const tick = () => (membership as unknown as { tick(): void }).tick();
  return { membership, caches, counted, forgotten, close, tick };
}

/** Until everything sent so far has arrived. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test('controllers find each other, and miss who says goodbye or nothing', async () => {
  const first = await controller('0');
  const second = await controller('1');
  first.tick();
  await settled();
  expect([first.membership.count, second.membership.count]).toEqual([2, 2]);
  await second.close();
  expect(first.membership.count).toBe(1);
  const third = await controller('2');
  await settled();
  expect(first.membership.count).toBe(2);
  bus.failure = new Error('broker away');
  now += 9_000;
  first.tick();
  expect(first.membership.count).toBe(2);
  expect(first.membership.busWorks).toBe(false);
  now += 1_000;
  first.tick();
  expect(first.membership.count).toBe(1);
  expect(first.counted).toEqual([2, 1, 2, 1]);
  bus.failure = undefined;
  third.tick();
  await settled();
  expect(first.membership.count).toBe(2);
});

test('announcements that waited on the bus are too old to count', async () => {
  const first = await controller('0');
  await bus.send(announcementTopic, {
    controller: '9',
    life: 'l',
    sent: now - 11_000,
    leaving: false,
    minute: 5,
    counts: {},
    carriedOut: {},
  });
  expect(first.membership.count).toBe(1);
});

test('what others count is added up, rates for the same minute only', async () => {
  const first = await controller('0');
  await controller('1', { u: { invocations: 3, fires: 2, active: 1 } });
  await controller('2', { u: { invocations: 4, fires: 0, active: 2 } });
  await settled();
  expect(first.membership.countedElsewhere('u', 5)).toEqual({ invocations: 7, fires: 2, active: 3 });
  expect(first.membership.countedElsewhere('u', 6)).toEqual({ invocations: 0, fires: 0, active: 3 });
  expect(first.membership.countedElsewhere('other', 5)).toEqual({ invocations: 0, fires: 0, active: 0 });
});

test('a change is forgotten everywhere before its writer goes on', async () => {
  const first = await controller('0');
  const second = await controller('1');
  first.tick();
  await settled();
  await first.caches.invalidate('ns/action');
  expect(second.forgotten).toEqual(['entity ns/action']);
  await second.caches.invalidate('ns');
  expect(first.forgotten).toEqual(['namespace ns']);
  expect(second.forgotten).toEqual(['entity ns/action']);
  expect(warnings).toEqual([]);
});

test('nobody waits for ever for a controller that does not answer, or for a bus', async () => {
  const first = await controller('0');
  await bus.send(announcementTopic, { controller: '9', life: 'l', sent: now, leaving: false, minute: 5, counts: {}, carriedOut: {} });
  expect(first.membership.count).toBe(2);
  const waiting = first.caches.invalidate('ns/a');
  await settled();
  now += 1000;
  await bus.send(announcementTopic, { controller: '9', life: 'l', sent: now, leaving: false, minute: 5, counts: {}, carriedOut: {} });
  await waiting;
  bus.failure = new Error('broker away');
  await first.caches.invalidate('ns/b');
  expect(warnings).toContain('not every controller has said that it forgot a changed entity');
  expect(warnings).toContain('the other controllers could not be told of a change');
  bus.failure = undefined;
});
