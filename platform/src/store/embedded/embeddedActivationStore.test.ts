import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActivationRecord, newActivationId } from '../../model/activation';
import { createLogger } from '../../observe/logger';
import { activationStoreContract } from '../testing/activationStoreContract';
import { EmbeddedActivationStore } from './embeddedActivationStore';

const log = createLogger('silent', 'test');
let directory: string;
const open: EmbeddedActivationStore[] = [];

function store(more: Partial<ConstructorParameters<typeof EmbeddedActivationStore>[0]> = {}): EmbeddedActivationStore {
  const made = new EmbeddedActivationStore({ directory, maxAge: 0, maxSize: 1 << 30, maxPending: 1 << 26, log, ...more });
  open.push(made);
  return made;
}

function record(start: number, more: Partial<ActivationRecord> = {}): ActivationRecord {
  return {
    namespace: 'guest',
    name: 'hello',
    subject: 'guest-subject',
    activationId: newActivationId(start),
    start,
    end: start + 5,
    duration: 5,
    response: { statusCode: 0, result: '{"a":12345678901234567890}', size: 10 },
    logs: ['2024 stdout: line'],
    version: '0.0.1',
    annotations: [{ key: 'path', value: 'guest/hello' }],
    ...more,
  };
}

const all = { namespace: 'guest', skip: 0, limit: 0 };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'activations-'));
});
afterEach(async () => {
  for (const s of open.splice(0)) await s.close();
  rmSync(directory, { recursive: true });
});

describe('as every store', () => {
  let shared: EmbeddedActivationStore;
  beforeEach(() => {
    shared = store({ segmentRecords: 10 });
  });
  activationStoreContract(() => shared, { digits: true });
});

test('records outlive the process; a torn last record is cut off and the rest kept', async () => {
  const s = store();
  const records = Array.from({ length: 50 }, (_, i) => record(1000 + i));
  await Promise.all(records.map((r) => s.store(r)));
  await s.close();
  const file = readdirSync(directory).find((f) => f.endsWith('.seg'))!;
  appendFileSync(join(directory, file), Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 5]));
  const again = store();
  expect(await again.count(all)).toBe(50);
  const more = record(3000);
  await again.store(more);
  await again.close();
  expect(await store().get('guest', more.activationId)).toEqual(more);
});

test('lists newest start first over several segments, with bounds, skip and limit', async () => {
  const s = store({ segmentRecords: 10 });
  const starts = Array.from({ length: 95 }, (_, i) => 1000 + ((i * 37) % 95));
  for (const start of starts) await s.store(record(start));
  expect(readdirSync(directory).filter((f) => f.endsWith('.seg')).length).toBeGreaterThan(5);
  const list = async (more: object) => (await s.list({ ...all, ...more }, false)).map((r) => r.start);
  const sorted = starts.toSorted((a, b) => b - a);
  expect(await list({})).toEqual(sorted);
  expect(await list({ skip: 13, limit: 20 })).toEqual(sorted.slice(13, 33));
  expect(await list({ since: 1010, upto: 1030 })).toEqual(sorted.filter((x) => x >= 1010 && x <= 1030));
  expect(await s.count({ namespace: 'guest', since: 1010, upto: 1030, skip: 5 })).toBe(16);
  await s.close();
  const again = store({ segmentRecords: 10 });
  expect((await again.list(all, true)).map((r) => r.start)).toEqual(sorted);
});

test('a damaged index of a sealed segment is built again', async () => {
  const s = store({ segmentRecords: 5 });
  for (let i = 0; i < 20; i++) await s.store(record(i));
  await s.close();
  for (const f of readdirSync(directory)) if (f.endsWith('.idx')) writeFileSync(join(directory, f), 'rubbish');
  expect(await store().count(all)).toBe(20);
});

test('retention drops whole segments by age and by size', async () => {
  const s = store({ segmentRecords: 5, maxAge: 100, now: () => 1000 });
  for (let i = 0; i < 20; i++) await s.store(record(i));
  for (let i = 0; i < 20; i++) await s.store(record(950 + i));
  const old = { namespace: 'guest', skip: 0, upto: 100 };
  for (let i = 0; i < 200 && (await s.count(old)) > 0; i++) await new Promise((r) => setTimeout(r, 50));
  expect(await s.count(old)).toBe(0);
  expect(await s.count({ namespace: 'guest', skip: 0, since: 900 })).toBe(20);
  await s.close();
  const small = store({ maxSize: 1000 });
  expect(await small.count(all)).toBeLessThan(20);
});

test('refuses more than it may hold in memory', async () => {
  const s = store({ maxPending: 2000 });
  const results = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => s.store(record(i))));
  expect(results.filter((r) => r.status === 'rejected').length).toBeGreaterThan(0);
  expect(results.filter((r) => r.status === 'fulfilled').length).toBeGreaterThan(0);
});

test('records written while a segment is exchanged under steady load are all there', async () => {
  const s = store({ segmentRecords: 100 });
  const ids: string[] = [];
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 50; i++) {
      const r = record(round * 50 + i);
      ids.push(r.activationId);
      void s.store(r);
    }
    await new Promise((r) => setTimeout(r, 1));
  }
  await s.close();
  const again = store();
  expect(await again.count(all)).toBe(2000);
  for (const id of ids.slice(0, 2000).filter((_, i) => i % 97 === 0)) expect((await again.get('guest', id))?.activationId).toBe(id);
});
