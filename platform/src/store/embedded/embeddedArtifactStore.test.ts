import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionDocument } from '../../model/entities';
import { RevisionConflict } from '../artifactStore';
import { openDatabase } from './database';
import { EmbeddedArtifactStore } from './embeddedArtifactStore';

let directory: string;
let store: EmbeddedArtifactStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'entities-'));
  store = new EmbeddedArtifactStore(openDatabase(directory));
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

function action(path: string, name: string, updated: number, code = 'function main() {}'): ActionDocument {
  return {
    type: 'actions',
    namespace: path,
    name,
    version: '0.0.1',
    publish: false,
    annotations: [],
    updated,
    exec: { kind: 'nodejs:20', code, binary: false },
    parameters: [],
    limits: { timeout: 60000, memory: 256, logs: 10, concurrency: 1 },
  };
}

test('gives back what was put, with and without code', async () => {
  const document = action('guest', 'a', 1);
  const revision = await store.put('guest/a', document, undefined);
  expect(await store.get('guest/a')).toEqual({ document, revision });
  const stripped = (await store.getWithoutCode('guest/a'))?.document as ActionDocument;
  expect(stripped.exec).toEqual({ kind: 'nodejs:20', code: '', binary: false });
});

test('keeps the stored code on request', async () => {
  const first = await store.put('guest/a', action('guest', 'a', 1, 'first'), undefined);
  await store.put('guest/a', action('guest', 'a', 2, ''), first, 'keepCode');
  expect((await store.get('guest/a'))?.document).toMatchObject({ exec: { code: 'first' } });
});

test('of concurrent writers with the same revision one wins, the others conflict', async () => {
  const revision = await store.put('guest/a', action('guest', 'a', 1), undefined);
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => store.put('guest/a', action('guest', 'a', i), revision)));
  expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  for (const r of results) if (r.status === 'rejected') expect(r.reason).toBeInstanceOf(RevisionConflict);
});

test('creating what exists and deleting with an old revision conflict', async () => {
  const revision = await store.put('guest/a', action('guest', 'a', 1), undefined);
  await expect(store.put('guest/a', action('guest', 'a', 1), undefined)).rejects.toBeInstanceOf(RevisionConflict);
  await store.put('guest/a', action('guest', 'a', 2), revision);
  await expect(store.delete('guest/a', revision)).rejects.toBeInstanceOf(RevisionConflict);
});

test('a recreated entity has another revision, so no cache mistakes it for the old one', async () => {
  const first = await store.put('guest/a', action('guest', 'a', 1), undefined);
  await store.delete('guest/a', first);
  expect(await store.put('guest/a', action('guest', 'a', 1), undefined)).not.toBe(first);
});

test('lists newest first; packaged actions under their namespace and their package', async () => {
  for (const [i, [path, name]] of [
    ['guest', 'a'],
    ['guest/p', 'b'],
    ['guest', 'c'],
    ['guestx', 'd'],
  ].entries()) {
    await store.put(`${path}/${name}`, action(path!, name!, i + 1), undefined);
  }
  const names = async (more: object) =>
    (await store.list({ collection: 'actions', namespace: 'guest', skip: 0, limit: 0, ...more })).map((d) => d.name);
  expect(await names({})).toEqual(['c', 'b', 'a']);
  expect(await names({ skip: 1, limit: 1 })).toEqual(['b']);
  expect(await names({ package: 'guest/p' })).toEqual(['b']);
  expect(await store.count({ collection: 'actions', namespace: 'guest', skip: 2 })).toBe(1);
});

test('everything is there after the store was opened again', async () => {
  await store.put('guest/a', action('guest', 'a', 1), undefined);
  await store.close();
  store = new EmbeddedArtifactStore(openDatabase(directory));
  expect((await store.get('guest/a'))?.document.name).toBe('a');
  expect(await store.count({ collection: 'actions', namespace: 'guest', skip: 0 })).toBe(1);
});

test('the file does not grow with the number of changes', async () => {
  let revision: string | undefined;
  for (let i = 0; i < 200; i++) revision = await store.put('guest/a', action('guest', 'a', i, `${i}`.padEnd(100_000, 'x')), revision);
  expect(statSync(join(directory, 'data.mdb')).size).toBeLessThan(3_000_000);
});
