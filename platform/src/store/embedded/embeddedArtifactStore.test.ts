import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionDocument } from '../../model/entities';
import { artifactStoreContract } from '../testing/artifactStoreContract';
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

artifactStoreContract(() => store);

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
