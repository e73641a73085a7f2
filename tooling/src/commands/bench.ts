import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command';
import { repositoryRoot } from '../repository';
import { UserError } from '../userError';
import { buildWorkspace } from '../workspaceBuild';

/** `npm run bench`: the platform measured against its floors; every argument goes to the load tool. */
export async function bench(args: readonly string[]): Promise<number> {
  const program = join(repositoryRoot, 'integration-tests/bench/main.mjs');
  if (!existsSync(program)) throw new UserError('There is no integration-tests/bench/main.mjs yet, so nothing can be measured.');
  await buildWorkspace();
  return (await runCommand(process.execPath, [program, ...args], { output: 'show' })).code;
}
