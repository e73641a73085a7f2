import { mkdirSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';

/** One lmdb environment for entities and subjects. Writes resolve when they are on disk. */
export function openDatabase(directory: string): RootDatabase {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return open({ path: directory, maxDbs: 8, encoding: 'json', eventTurnBatching: true });
}
