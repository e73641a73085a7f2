import { join } from 'node:path';
import { runCommand } from '../command';
import { repositoryRoot } from '../repository';
import { buildWorkspace } from '../workspaceBuild';

/** `npm run bench`: the platform measured against its floors; every argument goes to the load tool. */
export function bench(args: readonly string[]): Promise<number> {
  return measure('main.mjs', args);
}

/** `npm run bench:cluster`: controllers and invokers on a real broker, against the standalone platform and bare messages. */
export function benchCluster(args: readonly string[]): Promise<number> {
  return measure('cluster.mjs', args);
}

/** `npm run soak`: calls of every kind at a steady rate against a cluster, for long; figures of what grows. */
export function soak(args: readonly string[]): Promise<number> {
  return measure('soak.mjs', args);
}

/** `npm run bench:provider`: many actions in one program, against as many trivial components. */
export function benchProvider(args: readonly string[]): Promise<number> {
  return measure('provider.mjs', args);
}

/** `npm run bench:containers`: starts of containers of the Docker engine against the engine alone, and what a pool makes of them. */
export function benchContainers(args: readonly string[]): Promise<number> {
  return measure('containers.mjs', args);
}

async function measure(program: string, args: readonly string[]): Promise<number> {
  await buildWorkspace();
  return (await runCommand(process.execPath, [join(repositoryRoot, 'integration-tests/bench', program), ...args], { output: 'show' })).code;
}
