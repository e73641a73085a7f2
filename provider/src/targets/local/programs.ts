import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ProgramName } from '../../blueprint/blueprint';

// Where the programs lie differs from machine to machine and is never part of the state.
const PROGRAM_NAMES: readonly string[] = ['standalone', 'controller', 'invoker'] satisfies ProgramName[];

export function isProgramName(name: string): name is ProgramName {
  return PROGRAM_NAMES.includes(name);
}

/** The file to start with node. `OPENWHISK_PLATFORM_DIST` names another build of the platform than the one beside this plugin. */
export function programFile(name: ProgramName, env: NodeJS.ProcessEnv = process.env): string {
  return join(platformDist(env), 'main', `${name}.js`);
}

function platformDist(env: NodeJS.ProcessEnv): string {
  if (env.OPENWHISK_PLATFORM_DIST) return resolve(env.OPENWHISK_PLATFORM_DIST);
  // The bundle is provider/dist/plugin.js; a packaged plugin carries the platform beside the bundle.
  const beside = join(__dirname, 'platform');
  return existsSync(beside) ? beside : join(__dirname, '..', '..', 'platform', 'dist');
}

/** SHA-256 over the program's code, so that a new build of the platform is a change to the services that run it. */
export async function programHash(name: ProgramName, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const file = programFile(name, env);
  if (!existsSync(file)) return undefined;
  const root = dirname(dirname(file));
  const hash = createHash('sha256');
  const files = (await readdir(root, { recursive: true })).filter((path) => path.endsWith('.js') && !path.endsWith('.test.js')).sort();
  for (const path of files) hash.update(`${path}\0`).update(await readFile(join(root, path)));
  return hash.digest('hex');
}
