import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivationRecord } from '../../model/activation';
import { createLogger } from '../../observe/logger';
import type { AcceptedActivation } from '../acceptanceJournal';
import { EmbeddedJournal } from './embeddedJournal';
import { type JournalRecoveryOptions, recoverJournal } from './journalRecovery';

const log = createLogger('silent', 'test');
let directory: string;
let records: Map<string, ActivationRecord>;
/** What was handed to the invoker, and what was carried on, with the steps that count as sent. */
let ran: string[];
let carriedOn: Map<string, (id: string) => boolean>;
let failures: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
  records = new Map();
  ran = [];
  carriedOn = new Map();
  failures = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

const entry = (activationId: string): AcceptedActivation => ({
  activationId,
  namespace: 'guest',
  subject: 'guest',
  name: 'a',
  version: '0.0.1',
  path: 'guest/a',
  start: 1,
});
const message = (id: string, more = '') => `{"id":"${id}","big":12345678901234567890${more}}`;
const intent = { caller: {}, transaction: {}, payload: '{}' } as unknown as NonNullable<AcceptedActivation['intent']>;

function acceptAll(journal: EmbeddedJournal, ...ids: string[]): void {
  for (const id of ids) journal.accept(entry(id), () => message(id));
}

/** The next life; the journal it has then. */
async function restart(): Promise<{ journal: EmbeddedJournal; recorded: number; goesOn: Promise<void> }> {
  const journal = new EmbeddedJournal(directory);
  const options: JournalRecoveryOptions = {
    journal,
    activations: {
      get: async (_, id) => records.get(id),
      store: async (record) => void records.set(record.activationId, record),
    },
    mayRepeat: async (text) => text.includes('"idempotent"'),
    run: async (text) => {
      if (failures-- > 0) throw new Error('full');
      ran.push(text);
    },
    carryOn: async ({ activationId }, { wasSent }) => void carriedOn.set(activationId, wasSent),
    log,
  };
  return { journal, ...(await recoverJournal(options)) };
}

test('what was handed to a container and not recorded is recorded at the next start, once', async () => {
  const journal = new EmbeddedJournal(directory);
  acceptAll(journal, 'done', 'open', 'withdrawn');
  for (const id of ['done', 'open', 'withdrawn']) journal.handed(id);
  records.set('done', { activationId: 'done' } as ActivationRecord);
  journal.withdraw('withdrawn');
  const next = await restart();
  expect(next.recorded).toBe(1);
  expect(records.get('open')).toMatchObject({ name: 'a', response: { statusCode: 3 } });
  expect(records.has('withdrawn')).toBe(false);
  await next.goesOn;
  expect(ran).toEqual([]);
  expect((await restart()).recorded).toBe(0);
});

test('what was never handed to a container runs at the next start, as it was', async () => {
  acceptAll(new EmbeddedJournal(directory), 'one', 'two');
  failures = 1;
  const next = await restart();
  expect([next.recorded, records.size]).toEqual([0, 0]);
  await next.goesOn;
  expect(ran.sort()).toEqual([message('one'), message('two')]);
  // and after one more crash before it came to a container; what came to one may have run
  ran = [];
  next.journal.handed('one');
  const last = await restart();
  await last.goesOn;
  expect(ran).toEqual([message('two')]);
  expect([...records.keys()]).toEqual(['one']);
});

test('what was handed to a container runs again where its action allows that', async () => {
  const journal = new EmbeddedJournal(directory);
  journal.accept(entry('again'), () => message('again', ',"idempotent":1'));
  journal.handed('again');
  const next = await restart();
  await next.goesOn;
  expect(ran).toHaveLength(1);
  expect(records.size).toBe(0);
});

test('orchestrations go on; their steps that were accepted are not sent again', async () => {
  const journal = new EmbeddedJournal(directory);
  journal.accept({ ...entry('whole'), intent });
  acceptAll(journal, 'first', 'second', 'failed');
  records.set('first', { activationId: 'first' } as ActivationRecord);
  journal.handed('second');
  journal.withdraw('failed');
  const next = await restart();
  await next.goesOn;
  const wasSent = carriedOn.get('whole')!;
  expect(['first', 'second', 'failed', 'third'].map(wasSent)).toEqual([true, true, false, false]);
  expect([...records.keys()]).toEqual(['first', 'second']);
  // until it is recorded it goes on at each start
  carriedOn.clear();
  next.journal.settle('whole');
  await (await restart()).goesOn;
  expect(carriedOn.size).toBe(1);
  records.set('whole', { activationId: 'whole' } as ActivationRecord);
  carriedOn.clear();
  await (await restart()).goesOn;
  expect(carriedOn.size).toBe(0);
});

test('a line torn by a crash is left out', async () => {
  const journal = new EmbeddedJournal(directory);
  acceptAll(journal, 'whole');
  journal.handed('whole');
  appendFileSync(join(directory, readdirSync(directory)[0]!), '{"activationId":"to');
  expect((await restart()).recorded).toBe(1);
});

test('files of the journal go when all in them is settled, so it stays small', () => {
  const journal = new EmbeddedJournal(directory);
  for (let i = 0; i < 50_000; i++) {
    acceptAll(journal, `id-${i}`);
    journal.handed(`id-${i}`);
    journal.settle(`id-${i}`);
  }
  expect(readdirSync(directory)).toHaveLength(1);
  journal.close();
  expect(readdirSync(directory)).toHaveLength(0);
});

test('marks stay with the entry they belong to', async () => {
  const journal = new EmbeddedJournal(directory);
  acceptAll(journal, 'early');
  // other files come and go
  for (let i = 0; i < 50_000; i++) {
    acceptAll(journal, `id-${i}`);
    journal.settle(`id-${i}`);
  }
  journal.handed('early');
  for (let i = 0; i < 50_000; i++) {
    acceptAll(journal, `more-${i}`);
    journal.settle(`more-${i}`);
    records.set(`more-${i}`, {} as ActivationRecord);
    records.set(`id-${i}`, {} as ActivationRecord);
  }
  expect((await restart()).recorded).toBe(1);
});
