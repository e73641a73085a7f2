import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { DataDirectoryInUse, lockDataDirectory } from '../host/dataDirectoryLock';
import { checkEntities, checkSubjects } from '../store/embedded/check/entityCheck';
import type { Finding } from '../store/embedded/check/finding';
import { checkJournal } from '../store/embedded/check/journalCheck';
import { checkSegments } from '../store/embedded/check/segmentCheck';
import { openDatabase } from '../store/embedded/database';

/**
 * `node platform/dist/main/checkStore.js [--repair]` with OPENWHISK_DATA_DIR: reads everything the embedded store has and prints what is
 * wrong, a line each. Exit code 0 when nothing is wrong (any more), 1 when something is, 2 when it could not be looked at. Checking may
 * run beside the platform, when what is being written at that moment can show as damage; repairing does not.
 */
async function main(): Promise<number> {
  const dataDir = process.env.OPENWHISK_DATA_DIR;
  const repair = process.argv.includes('--repair');
  const unknown = process.argv.slice(2).find((argument) => argument !== '--repair');
  if (unknown !== undefined) return refuse(`There is no option ${unknown}; there is --repair.`);
  if (!dataDir) return refuse('Set OPENWHISK_DATA_DIR to the directory of the store.');
  if (!existsSync(join(dataDir, 'entities'))) return refuse(`There is no store in ${dataDir}.`);

  let unlock = () => {};
  try {
    if (repair) unlock = lockDataDirectory(dataDir);
  } catch (error) {
    if (error instanceof DataDirectoryInUse) return refuse(error.message);
    throw error;
  }
  let left = 0;
  const report = async (findings: Iterable<Finding>) => {
    // all of a part first: a repair must not change what is being read
    for (const { where, problem, repair: put, loses } of [...findings]) {
      const done = repair && put !== undefined;
      if (done) await put();
      else left++;
      const hint = done
        ? ' Repaired.'
        : put
          ? ` It can be repaired${loses ? `, which loses ${loses}` : ''}.`
          : ' Restore it from a backup, or put it anew.';
      process.stdout.write(`${where}: ${problem}${hint}\n`);
    }
  };

  let database: RootDatabase | undefined;
  try {
    database = openDatabase(join(dataDir, 'entities'));
    await report(checkEntities(database));
    await report(checkSubjects(database));
  } catch (error) {
    left++;
    process.stdout.write(
      `${join(dataDir, 'entities')}: the database cannot be read (${(error as Error).message}). Restore it from a backup.\n`,
    );
  } finally {
    await database?.flushed;
    await database?.close();
  }
  await report(checkSegments(join(dataDir, 'activations')));
  await report(checkJournal(join(dataDir, 'journal')));
  unlock();
  process.stdout.write(left === 0 ? 'The store is whole.\n' : `${left} problem${left === 1 ? '' : 's'} left.\n`);
  return left === 0 ? 0 : 1;
}

function refuse(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return 2;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(`The store could not be checked: ${(error as Error).message}\n`);
    process.exitCode = 2;
  },
);
