import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { say, step } from '../progress';
import { cachedTool, toolCacheRoot } from '../toolCache';
import { buildGoProgram, furtherGeneratorsProgram, type GoProgram, generatorProgram, goProgramCacheName } from './goBuild';

/** Languages whose generator is a part of the CLI's own module. */
const IN_CLI: readonly string[] = ['nodejs', 'python', 'go'];

/**
 * Path of the SDK generator's executable for a language (default: one of those in the CLI's module), built when it is not in the cache.
 * @throws UserError when there is no Go or the build fails
 */
export function acquireSdkGenerator(language = 'nodejs'): Promise<string> {
  return acquire(IN_CLI.includes(language) ? generatorProgram : furtherGeneratorsProgram);
}

async function acquire(program: GoProgram): Promise<string> {
  const name = goProgramCacheName(program);
  const cache = toolCacheRoot();
  const executable = join(cache, name, program.name);
  if (!existsSync(executable)) {
    await step(`Build ${program.name} from its Go module`, (report) =>
      cachedTool(
        name,
        (empty) => buildGoProgram(program, empty, report),
        () => say('  waiting for another process'),
        cache,
      ),
    );
  }
  return executable;
}
