import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from './repository';

const SALT_LINE = /^encryptionsalt:.*\n?/m;
const HAS_SECRET = /^\s+-?\s*secure:/m;

function read(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/**
 * Runs work on a stack and keeps its committed Pulumi.<stack>.yaml as it was.
 *
 * The CLI notes in that file with which salt it derived the key of the stack's secrets. The passphrase differs from clone to clone, so
 * that line would be a change in git after the first command, and wrong in every other clone. The state has the same salt, and the CLI
 * falls back to it; so the line is taken out again, unless it was there before or the file has secrets that need it.
 */
export async function keepingStackConfig<Result>(
  stack: string,
  work: () => Promise<Result>,
  folder: string = paths.stackConfig,
): Promise<Result> {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  const before = read(file);
  try {
    return await work();
  } finally {
    const after = read(file);
    if (after !== undefined && !SALT_LINE.test(before ?? '') && SALT_LINE.test(after) && !HAS_SECRET.test(after)) {
      const kept = after.replace(SALT_LINE, '');
      const nothingElse = kept.trim() === '' || kept.trim() === '{}';
      if (before === undefined && nothingElse) rmSync(file);
      else writeFileSync(file, before !== undefined && sameSettings(before, kept) ? before : kept);
    }
  }
}

/** Whether two files say the same but for blank lines and comments, which the CLI may drop when it writes. */
function sameSettings(one: string, other: string): boolean {
  const settings = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
      .join('\n');
  return settings(one) === settings(other);
}
