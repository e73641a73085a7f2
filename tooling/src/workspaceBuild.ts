import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './command';
import { step } from './progress';
import { repositoryRoot } from './repository';

/** Workspaces that make more than `tsc -b` does, in the order they are made. */
const BUNDLED_WORKSPACES = ['provider'];

function hasBuildScript(workspace: string): boolean {
  const file = join(repositoryRoot, workspace, 'package.json');
  if (!existsSync(file)) return false;
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { scripts?: Record<string, string> };
  return manifest.scripts?.build !== undefined;
}

/** Compiles every workspace, then makes what is bundled from them, such as the provider plugin. Quick when nothing changed. */
export async function buildWorkspace(): Promise<void> {
  await step('Build the workspaces', async (report) => {
    report('compiling');
    await mustRun(process.execPath, [join(repositoryRoot, 'node_modules/typescript/bin/tsc'), '-b']);
    for (const workspace of BUNDLED_WORKSPACES.filter(hasBuildScript)) {
      report(`bundling ${workspace}`);
      await mustRun('npm', ['run', '--silent', 'build', '-w', workspace]);
    }
  });
}
