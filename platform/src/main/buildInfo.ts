import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** From `src/main` and `dist/main` alike, the workspace of the platform is two folders up. */
export const platformFolder = join(__dirname, '..', '..');

export function readVersion(): string {
  return (JSON.parse(readFileSync(join(platformFolder, 'package.json'), 'utf8')) as { version: string }).version;
}
