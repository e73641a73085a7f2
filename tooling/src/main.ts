import { bench, benchCluster, benchContainers, benchProvider, soak } from './commands/bench';
import { build } from './commands/build';
import { down } from './commands/down';
import { lint } from './commands/lint';
import { preview, refresh } from './commands/preview';
import { pulumi } from './commands/pulumi';
import { sdk } from './commands/sdk';
import { test } from './commands/test';
import { helpFor } from './usage';
import { UserError } from './userError';

/**
 * Every command of `npm run`; each is given what stands behind its name and answers with an exit code. Those that use parts of the provider
 * are loaded when they are called, so that the others start as fast without them.
 */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  adopt: async (args) => (await import('./commands/adopt.js')).adopt(args),
  bench,
  'bench:cluster': benchCluster,
  'bench:containers': benchContainers,
  'bench:provider': benchProvider,
  build,
  down,
  drift: async (args) => (await import('./commands/drift.js')).drift(args),
  images: async (args) => (await import('./commands/images.js')).images(args),
  info: async (args) => (await import('./commands/info.js')).info(args),
  lint,
  preview,
  'preview:comment': async (args) => (await import('./commands/previewComment.js')).previewComment(args),
  promote: async (args) => (await import('./commands/promote.js')).promote(args),
  pulumi,
  refresh,
  sdk,
  soak,
  test,
  up: async (args) => (await import('./commands/up.js')).up(args),
  wskadmin: async (args) => (await import('./commands/wskadmin.js')).wskadmin(args),
};

/** Runs one command; what a user can put right is shown as one sentence, anything else with its stack. */
export async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`There is no command "${name}"; there are ${Object.keys(commands).join(', ')}.\n`);
    return 2;
  }
  const help = helpFor(name, rest);
  if (help !== undefined) {
    process.stdout.write(help);
    return 0;
  }
  try {
    return await command(rest);
  } catch (error) {
    process.stderr.write(`${error instanceof UserError ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}
