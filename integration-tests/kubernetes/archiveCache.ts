import { join } from 'node:path';
import { say, step } from '../../tooling/src/progress';
import { cachedTool, cacheKey } from '../../tooling/src/toolCache';

/**
 * Path of an archive that is made once for the same inputs.
 * @param make writes the file it is given
 */
export async function cachedArchive(
  name: string,
  inputs: readonly (string | Buffer)[],
  make: (file: string) => Promise<void>,
): Promise<string> {
  const archive = `${name}.tar`;
  const folder = await cachedTool(
    `image-archives/${name}-${cacheKey(inputs)}`,
    (empty) => step(`Make the image archive ${name}`, () => make(join(empty, archive))),
    () => say('  waiting for another process'),
  );
  return join(folder, archive);
}
