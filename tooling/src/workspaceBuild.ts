import { join } from 'node:path';
import { isBuilt, rememberBuild, sourceFingerprint } from './buildState';
import { mustRun } from './command';
import { step } from './progress';
import { repositoryRoot } from './repository';

/** Workspaces that make more than `tsc -b` does, in the order they are made. */
const BUNDLED_WORKSPACES: readonly string[] = ['provider'];

/**
 * Compiles every workspace, then makes what is bundled from them, such as the provider plugin. Does nothing when the sources are those of
 * the last build, unless it is forced.
 */
export async function buildWorkspace({ force = false }: { force?: boolean } = {}): Promise<void> {
  // Taken before the build: a file that is saved meanwhile makes the next command build again.
  const fingerprint = sourceFingerprint();
  if (!force && isBuilt(fingerprint)) return;
  await step('Build the workspaces', async (report) => {
    report('compiling');
    await mustRun(process.execPath, [join(repositoryRoot, 'node_modules/typescript/bin/tsc'), '-b']);
    for (const workspace of BUNDLED_WORKSPACES) {
      report(`bundling ${workspace}`);
      await mustRun('npm', ['run', '--silent', 'build', '-w', workspace]);
    }
  });
  rememberBuild(fingerprint);
}
