import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivationRecord } from '../../model/activation';
import { createLogger } from '../../observe/logger';
import type { ActivationStore } from '../activationStore';
import { EmbeddedJournal } from './embeddedJournal';

const log = createLogger('silent', 'test');
let directory: string;
let records: Map<string, ActivationRecord>;
let activations: ActivationStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
  records = new Map();
  activations = {
    get: async (_: string, id: string) => records.get(id),
    store: async (record: ActivationRecord) => void records.set(record.activationId, record),
  } as unknown as ActivationStore;
});
afterEach(() => rmSync(directory, { recursive: true }));

const entry = (activationId: string) => ({
  activationId,
  namespace: 'guest',
  subject: 'guest',
  name: 'a',
  version: '0.0.1',
  path: 'guest/a',
  start: 1,
});

test('what was accepted and not recorded is recorded at the next start, once', async () => {
  const journal = new EmbeddedJournal(directory, log);
  for (const id of ['done', 'open', 'withdrawn']) journal.accept(entry(id));
  records.set('done', { activationId: 'done' } as ActivationRecord);
  journal.withdraw('withdrawn');
  const next = new EmbeddedJournal(directory, log);
  expect(await next.recover(activations)).toBe(1);
  expect(records.get('open')).toMatchObject({ name: 'a', response: { statusCode: 3 } });
  expect(records.has('withdrawn')).toBe(false);
  expect(await new EmbeddedJournal(directory, log).recover(activations)).toBe(0);
});

test('a line torn by a crash is left out', async () => {
  const journal = new EmbeddedJournal(directory, log);
  journal.accept(entry('whole'));
  appendFileSync(join(directory, readdirSync(directory)[0]!), '{"activationId":"to');
  expect(await new EmbeddedJournal(directory, log).recover(activations)).toBe(1);
});

test('files of the journal go when all in them is settled, so it stays small', () => {
  const journal = new EmbeddedJournal(directory, log);
  for (let i = 0; i < 100_000; i++) {
    journal.accept(entry(`id-${i}`));
    journal.settle(`id-${i}`);
  }
  expect(readdirSync(directory)).toHaveLength(1);
  journal.close();
  expect(readdirSync(directory)).toHaveLength(0);
});
