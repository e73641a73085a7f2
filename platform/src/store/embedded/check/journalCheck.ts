import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding';

/** Every line of the journal of accepted activations. A line without an end is what a crash leaves: no finding. */
export function* checkJournal(directory: string): Generator<Finding> {
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.journal'))) {
    const path = join(directory, file);
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    const broken = lines.flatMap((line, i) => (isEntry(line) ? [] : [i + 1]));
    if (broken.length > 0) {
      yield {
        where: `${path}, line ${broken[0]}`,
        problem: `${broken.length} of ${lines.length} accepted activations cannot be read: should they have no record, they get none.`,
      };
    }
  }
}

function isEntry(line: string): boolean {
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (typeof entry.withdrawn === 'string' || typeof entry.handed === 'string') return true;
    return typeof entry.activationId === 'string' && typeof entry.namespace === 'string';
  } catch {
    return false;
  }
}
