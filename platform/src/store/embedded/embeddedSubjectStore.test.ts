import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { subjectStoreContract } from '../testing/subjectStoreContract';
import { openDatabase } from './database';
import { EmbeddedSubjectStore } from './embeddedSubjectStore';

const directory = mkdtempSync(join(tmpdir(), 'subjects-'));
let root: RootDatabase;
let store: EmbeddedSubjectStore;

beforeAll(() => {
  root = openDatabase(directory);
  store = new EmbeddedSubjectStore(root);
});
afterAll(async () => {
  await root.close();
  rmSync(directory, { recursive: true });
});

subjectStoreContract(() => store);
