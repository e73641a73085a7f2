import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../observe/logger';
import { HandedJournal } from './handedJournal';

const log = createLogger('silent', 'test');
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'handed-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('the next life knows what was handed, without a goodbye', () => {
  const first = new HandedJournal(directory, log);
  first.mark(5, 'a');
  first.mark(3, 'b');
  expect(first.wasHanded('a')).toBe(false);
  const second = new HandedJournal(directory, log);
  expect(['a', 'b', 'c'].map((id) => second.wasHanded(id))).toEqual([true, true, false]);
  second.mark(6, 'c');
  const third = new HandedJournal(directory, log);
  expect(['a', 'b', 'c'].map((id) => third.wasHanded(id))).toEqual([true, true, true]);
});

test('what does not come again is dropped, file by file', () => {
  new HandedJournal(directory, log).mark(5, 'a');
  const journal = new HandedJournal(directory, log);
  journal.mark(7, 'b');
  journal.settledUpTo(5);
  expect(journal.wasHanded('a')).toBe(true);
  journal.settledUpTo(6);
  expect(journal.wasHanded('a')).toBe(false);
  expect(readdirSync(directory)).toHaveLength(1);
  expect(new HandedJournal(directory, log).wasHanded('b')).toBe(true);
});

test('a torn line counts when it has an id', () => {
  new HandedJournal(directory, log).mark(1, 'a');
  appendFileSync(join(directory, '1.handed'), '2 b');
  appendFileSync(join(directory, '1.handed'), '\n3');
  const journal = new HandedJournal(directory, log);
  expect([journal.wasHanded('a'), journal.wasHanded('b')]).toEqual([true, true]);
});

test('files do not grow without end', () => {
  const journal = new HandedJournal(directory, log);
  for (let i = 0; i < 120_000; i++) journal.mark(i, `id${i}`);
  expect(readdirSync(directory)).toHaveLength(3);
  journal.settledUpTo(110_000);
  expect(readdirSync(directory)).toHaveLength(1);
});

test('a disk that takes nothing does not stop the work', () => {
  const journal = new HandedJournal(directory, log);
  journal.close();
  expect(() => journal.mark(1, 'a')).not.toThrow();
});
