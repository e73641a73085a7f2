import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActivationRecord, newActivationId } from '../../../model/activation';
import { createLogger } from '../../../observe/logger';
import { EmbeddedActivationStore } from '../embeddedActivationStore';
import { checkSegments } from './segmentCheck';

let directory: string;
let ids: string[];

const open = () =>
  new EmbeddedActivationStore({
    directory,
    maxAge: 0,
    maxSize: 1e9,
    maxPending: 1e6,
    segmentRecords: 10,
    log: createLogger('silent', 'test'),
  });

function record(i: number): ActivationRecord {
  return {
    ...{
      namespace: 'guest',
      name: `a${i}`,
      subject: 'guest-user',
      activationId: newActivationId(1000 + i),
      start: 1000 + i,
      end: 2000 + i,
    },
    ...{ duration: 1000, response: { statusCode: 0, result: `{"marker":"number ${i}."}` }, logs: [], version: '0.0.1', annotations: [] },
  };
}

/** Changes one byte of what is on disk. */
function flip(file: string, at: number): void {
  const path = join(directory, file);
  const bytes = readFileSync(path);
  bytes[at] = bytes[at]! ^ 0x01;
  writeFileSync(path, bytes);
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'segments-'));
  const store = open();
  ids = [];
  for (let i = 0; i < 25; i++) {
    const made = record(i);
    ids.push(made.activationId);
    await store.store(made);
  }
  await store.close();
});
afterEach(() => rmSync(directory, { recursive: true }));

const findings = () => [...checkSegments(directory)];
const readBack = async () => {
  const store = open();
  const found = await Promise.all(
    ids.map((id) =>
      store.get('guest', id).then(
        (r) => r?.name,
        () => 'damaged',
      ),
    ),
  );
  await store.close();
  return found;
};

test('an intact store has no findings', () => {
  expect(readdirSync(directory).filter((file) => file.endsWith('.seg')).length).toBeGreaterThan(2);
  expect(findings()).toEqual([]);
});

test('a changed byte in a sealed segment is found; the repair keeps all other records', async () => {
  const [first] = readdirSync(directory).filter((file) => file.endsWith('.seg'));
  flip(first!, readFileSync(join(directory, first!)).indexOf('number 3.'));
  const [finding, ...more] = findings();
  expect([finding!.problem, more]).toEqual([expect.stringContaining('damaged in 1 place, '), []]);
  await finding!.repair!();
  expect(findings()).toEqual([]);
  expect(await readBack()).toEqual(ids.map((_, i) => (i === 3 ? undefined : `a${i}`)));
});

test('a changed length does not hide the records behind it', async () => {
  const last = readdirSync(directory)
    .filter((file) => file.endsWith('.seg'))
    .at(-1)!;
  flip(last, 2);
  expect(findings()).toHaveLength(1);
  // the platform itself passes over the damage, too
  const found = await readBack();
  expect(found.filter((name) => name === undefined)).toHaveLength(1);
});

test('a torn end of the last segment is what a crash leaves', () => {
  const last = readdirSync(directory)
    .filter((file) => file.endsWith('.seg'))
    .at(-1)!;
  const bytes = readFileSync(join(directory, last));
  writeFileSync(join(directory, last), bytes.subarray(0, bytes.length - 5));
  expect(findings()).toEqual([]);
});

test('an index that does not fit is found and built again', async () => {
  const [index] = readdirSync(directory).filter((file) => file.endsWith('.idx'));
  // inside the column of ids
  flip(index!, 20);
  const [finding] = findings();
  expect(finding!.problem).toBe('the index does not fit its segment.');
  await finding!.repair!();
  expect(findings()).toEqual([]);
  expect(await readBack()).toEqual(ids.map((_, i) => `a${i}`));
});

test('a damaged record fails alone', async () => {
  const [first] = readdirSync(directory).filter((file) => file.endsWith('.seg'));
  const path = join(directory, first!);
  const bytes = readFileSync(path);
  bytes[bytes.indexOf('"name":"a3"')] = 0x00;
  writeFileSync(path, bytes);
  expect(await readBack()).toEqual(ids.map((_, i) => (i === 3 ? 'damaged' : `a${i}`)));
  const store = open();
  expect(await store.list({ namespace: 'guest', skip: 0, limit: 0 }, true)).toHaveLength(24);
  await store.close();
});
