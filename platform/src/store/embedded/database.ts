import { mkdirSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';

/** The disk did not take a change (it is full, say): nothing of it is there. */
export class StoreWriteFailed extends Error {
  constructor(cause: unknown) {
    super('The change could not be written to disk; nothing of it was kept.', { cause });
    this.name = 'StoreWriteFailed';
  }
}

/** One lmdb environment for entities and subjects. */
export function openDatabase(directory: string): RootDatabase {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return open({ path: directory, maxDbs: 8, encoding: 'json', eventTurnBatching: true });
}

/** Runs `work` as one transaction; resolves when it is on disk. Throws StoreWriteFailed. */
export async function commit(root: RootDatabase, work: () => void): Promise<void> {
  try {
    await root.transaction(work);
    await root.flushed;
  } catch (error) {
    const { commitError } = error as { commitError?: Promise<never> };
    // lmdb gives the reason as a promise that is rejected, which nobody else looks at
    const reason = await Promise.resolve(commitError).then(
      () => error,
      (cause) => cause,
    );
    throw new StoreWriteFailed(reason);
  }
}

/** Whether an unhandled rejection is lmdb's: it rejects promises of its own for a commit whose failure `commit` has told of. */
export function isFailedCommit(reason: unknown): boolean {
  return reason instanceof Error && 'commitError' in reason;
}
