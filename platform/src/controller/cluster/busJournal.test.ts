import { EmbeddedBus } from '../../bus/embedded/embeddedBus';
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

let bus: EmbeddedBus;
let stored: ActivationRecord[];
let failures: number;

beforeEach(() => {
  bus = new EmbeddedBus();
  stored = [];
  failures = 0;
});

function journal(more: Partial<BusJournalOptions> = {}): BusJournal {
  const store = async (record: ActivationRecord) => {
    if (failures-- > 0) throw new Error('database away');
    stored.push(record);
  };
  return new BusJournal({ bus, controller: '0', life: 'a', activations: { store }, log, grace: 0, ...more });
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

test('what is settled leaves nothing behind; what is not is recorded by the next life, even when the database is away at first', async () => {
  const first = journal();
  await first.accept(activation('done'));
  await first.accept(activation('lost'));
  first.settle('done');
  failures = 1;
  const next = journal({ life: 'b' });
  await next.start();
  await new Promise((resolve) => setTimeout(resolve, 1200));
  // the first life never read its topic: the broker has both, and the store would refuse a second record of `done`
  expect(stored.map((r) => r.activationId).sort()).toEqual(['done', 'lost']);
  const { response, annotations, end } = stored.find((r) => r.activationId === 'lost')!;
  expect(response).toEqual({
    statusCode: 3,
    result: '{"error":"The platform stopped before the outcome of this activation was known."}',
  });
  expect(annotations).toContainEqual({ key: 'path', value: 'ns/sequence' });
  expect(end).toBeGreaterThanOrEqual(1000);
});

test('its own entries are not recorded while it lives; those it leaves at a stop are', async () => {
  const own = journal();
  await own.start();
  await own.accept(activation('settled'));
  await own.accept(activation('open'));
  own.settle('settled');
  await settled();
  expect(stored).toEqual([]);
  await own.close();
  expect(stored.map((r) => r.activationId)).toEqual(['open']);
});

test('another controller stands in for one that stays away, for the life that ended only', async () => {
  const gone = journal();
  await gone.accept(activation('left'));
  await journal({ life: 'new' }).accept(activation('of a new life'));
  const other = journal({ controller: '1', life: 'x' });
  await other.start();
  other.lost('0', 'a');
  await settled();
  expect(stored.map((r) => r.activationId)).toEqual(['left']);
  await other.close();
});

test('one that is back in time looks after its own', async () => {
  const gone = journal();
  await gone.accept(activation('left'));
  const other = journal({ controller: '1', life: 'x', grace: 20 });
  await other.start();
  other.lost('0', 'a');
  other.joined('0');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(stored).toEqual([]);
  await other.close();
});

test('nothing is accepted beyond the bound, or when the bus takes nothing', async () => {
  const full = journal({ max: 1 });
  await full.accept(activation('1'));
  await expect(full.accept(activation('2'))).rejects.toBeInstanceOf(AcceptanceRefused);
  bus = new EmbeddedBus(0);
  const cut = journal();
  await expect(cut.accept(activation('1'))).rejects.toBeInstanceOf(AcceptanceRefused);
  await cut.close();
  expect(stored).toEqual([]);
});
