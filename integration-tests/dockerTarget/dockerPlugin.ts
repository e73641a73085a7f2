import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { findExecutable } from '../../tooling/src/executable';
import { paths } from '../../tooling/src/repository';

const folder = join(paths.tools, 'docker-plugin');

/** Folder of the docker provider's plugin: the real one where it is on PATH, else the stand-in. */
export function dockerPluginFolder(): string | undefined {
  return findExecutable('pulumi-resource-docker') === undefined ? folder : undefined;
}

/** Bundles the stand-in as an executable of the real one's name. */
export async function buildDockerPlugin(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(__dirname, 'dockerPlugin/main.ts')],
    outfile: join(folder, 'main.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    // native parts of ssh, which it does without
    external: ['cpu-features', '*.node'],
  });
  const executable = join(folder, 'pulumi-resource-docker');
  writeFileSync(executable, '#!/bin/sh\nexec node "$(dirname "$0")/main.js" "$@"\n');
  chmodSync(executable, 0o755);
}
