import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { say, step } from '../progress';
import { cachedTool, toolCacheRoot } from '../toolCache';
import { buildGoProgram, generatorProgram, goProgramCacheName } from './goBuild';

/**
 * Path of the SDK generator's executable, built when it is not in the cache.
 * @throws UserError when there is no Go or the build fails
 */
export async function acquireSdkGenerator(): Promise<string> {
  const name = goProgramCacheName(generatorProgram);
  const cache = toolCacheRoot();
  const executable = join(name, generatorProgram.name);
  if (!existsSync(join(cache, executable))) {
    await step('Build the SDK generator from its Go module', (report) =>
      cachedTool(
        name,
        (empty) => buildGoProgram(generatorProgram, empty, report),
        () => say('  waiting for another process'),
        cache,
      ),
    );
  }
  return join(cache, executable);
}
