import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The first executable of a name on a search path, as a shell finds it.
 * @param searchPath folders joined by the platform's delimiter; relative folders are passed over, since what they hold depends on where one stands
 */
export function findExecutable(name: string, searchPath: string = process.env.PATH ?? ''): string | undefined {
  return searchPath
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}
