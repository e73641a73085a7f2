import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { say, step } from './progress';
import { buildGoProgram, type GoProgram, goProgramCacheName } from './pulumiCli/goBuild';
import { paths } from './repository';
import { cachedTool, shareFile, toolCacheRoot } from './toolCache';

/** OpenWhisk's deployment tool, unmodified. */
const wskdeploy: GoProgram = {
  name: 'openwhisk-wskdeploy',
  module: paths.wskdeployModule,
  mainPackage: 'github.com/apache/openwhisk-wskdeploy',
  linkerFlags: '-s -w',
};

/** Our program on top of OpenWhisk's Go client. */
const goClient: GoProgram = { name: 'go-client', module: paths.goClientModule, mainPackage: './', linkerFlags: '-s -w' };

/**
 * Path of a client's executable below .tools, built when it is not in the cache.
 * @throws UserError when there is no Go or the build fails
 */
async function acquire(program: GoProgram): Promise<string> {
  const cached = goProgramCacheName(program);
  const executable = join(paths.tools, 'clients', basename(cached), program.name);
  if (existsSync(executable)) return executable;
  const folder = await step(`Build ${program.name} from its Go module`, (report) =>
    cachedTool(
      cached,
      (empty) => buildGoProgram(program, empty, report),
      () => say('  waiting for another process'),
      toolCacheRoot(),
    ),
  );
  shareFile(join(folder, program.name), executable);
  return executable;
}

export function acquireWskdeploy(): Promise<string> {
  return acquire(wskdeploy);
}

export function acquireGoClient(): Promise<string> {
  return acquire(goClient);
}
