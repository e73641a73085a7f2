import { EmbeddedBus } from '../../bus/embedded/embeddedBus';
import type { Handler, SubscribeOptions, Subscription, Topic } from '../../bus/messageBus';
import type { ActivationRecord } from '../../model/activation';
import type { Logger } from '../../observe/logger';
import { AcceptanceRefused, type AcceptedActivation } from '../../store/acceptanceJournal';
import { BusJournal, type BusJournalOptions } from './busJournal';

const log = { info: () => {}, warn: () => {}, error: () => {} } as unknown as Logger;
const activation = (activationId: string): AcceptedActivation => ({
  activationId,
  namespace: 'ns',
  subject: 's',
  name: 'sequence',
  version: '0.0.1',
  path: 'ns/sequence',
  start: 1000,
});

/** Messages are taken at 1000, 2000, ... of its clock. */
class ClockedBus extends EmbeddedBus {
  override subscribe<T>(topic: Topic<T>, options: SubscribeOptions, handler: Handler<T>): Promise<Subscription> {
    return super.subscribe(topic, options, (message, position) =>
      handler(message, { ...position, timestamp: 1000 * (position.offset + 1) }),
    );
  }
}

let bus: EmbeddedBus;
let recorded: Set<string>;
let carriedOn: { id: string; sent: boolean }[];
let searches: number[];
let failures: number;
/** What carrying on waits for. */
let held: Promise<void> | undefined;

beforeEach(() => {
  bus = new ClockedBus();
  recorded = new Set();
  carriedOn = [];
  searches = [];
  failures = 0;
  held = undefined;
});

function journal(more: Partial<BusJournalOptions> = {}): BusJournal {
  const get = async (_: string, id: string) => (recorded.has(id) ? ({ activationId: id } as ActivationRecord) : undefined);
  const carryOn: BusJournalOptions['carryOn'] = async ({ activationId }, replay) => {
    await held;
    if (failures-- > 0) throw new Error('database away');
    carriedOn.push({ id: activationId, sent: replay.wasSent(`step of ${activationId}`) });
  };
  const sentSince = async (since: number) => {
    searches.push(since);
    return new Set(['step of lost']);
  };
  return new BusJournal({
    bus,
    controller: '0',
    life: 'a',
    activations: { get },
    carryOn,
    sentSince,
    past: () => 500,
    log,
    grace: 0,
    onItsWay: 20,
    ...more,
  });
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));
const ids = () => carriedOn.map(({ id }) => id);
const farAhead = Number.MAX_SAFE_INTEGER;

test('what a life left without a record is carried on by the next one, until that succeeds; one search tells what had been sent', async () => {
  const first = journal();
  for (const id of ['done', 'lost', 'more']) await first.accept(activation(id));
  recorded.add('done');
  failures = 1;
  const next = journal({ life: 'b' });
  await next.start();
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(carriedOn).toEqual(
    expect.arrayContaining([
      { id: 'lost', sent: true },
      { id: 'more', sent: false },
    ]),
  );
  expect(carriedOn).toHaveLength(2);
  expect(next.recovered).toBe(2);
  // from when the oldest was accepted: the first of all has a record
  expect(searches).toEqual([2000]);
});

test('its own entries are not carried on while it lives; those it leaves at a stop are left on the bus', async () => {
  const own = journal();
  await own.start();
  await own.accept(activation('settled'));
  own.settle('settled');
  expect(await own.close()).toBe(false);
  const other = journal();
  await other.start();
  await other.accept(activation('open'));
  await settled();
  expect(await other.close()).toBe(true);
  expect(carriedOn).toEqual([]);
});

test('what is being carried on when the process stops is left to the next one', async () => {
  await journal().accept(activation('left'));
  held = new Promise(() => {});
  const next = journal({ life: 'b' });
  await next.start();
  await settled();
  expect(await next.close()).toBe(true);
});

test('another controller stands in for one that stays away, for what it accepted until it fell silent only', async () => {
  const gone = journal();
  await gone.accept(activation('left'));
  await gone.accept(activation('of a new life'));
  const other = journal({ controller: '1', life: 'x' });
  await other.start();
  other.lost('0', 1000);
  await settled();
  expect(ids()).toEqual(['left']);
  await other.close();
});

test('one that is back in time looks after its own', async () => {
  const gone = journal();
  await gone.accept(activation('left'));
  const other = journal({ controller: '1', life: 'x', grace: 20 });
  await other.start();
  other.lost('0', farAhead);
  other.joined('0');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(carriedOn).toEqual([]);
  await other.close();
});

test('nothing is accepted beyond the bound, or when the bus takes nothing', async () => {
  const full = journal({ max: 1 });
  await full.accept(activation('1'));
  await expect(full.accept(activation('2'))).rejects.toBeInstanceOf(AcceptanceRefused);
  bus = new EmbeddedBus(0);
  const cut = journal();
  await expect(cut.accept(activation('1'))).rejects.toBeInstanceOf(AcceptanceRefused);
  expect(await cut.close()).toBe(false);
});

test('what this controller can not go on with as it was is carried on, when it is known what was sent', async () => {
  const own = journal();
  await own.start();
  for (const id of ['lost', 'more', 'done']) await own.accept(activation(id));
  recorded.add('done');
  for (const id of ['lost', 'more', 'done']) own.resume(activation(id));
  own.resume(activation('never accepted'));
  expect(carriedOn).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(carriedOn).toEqual([
    { id: 'lost', sent: true },
    { id: 'more', sent: false },
  ]);
  expect(searches).toEqual([500]);
  expect(own.recovered).toBe(2);
  expect(await own.close()).toBe(false);
});
