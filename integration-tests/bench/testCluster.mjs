// The cluster of the tests, which is TypeScript, for programs that are not.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Resolves with the class `Cluster` of integration-tests/cluster/cluster.ts. */
export async function loadCluster() {
  const outfile = join(root, '.tools/bench-cluster.cjs');
  const ownFolders = {
    name: 'own-folders',
    setup: (setup) =>
      setup.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
        const text = (await readFile(path, 'utf8')).replaceAll('__dirname', JSON.stringify(dirname(path)));
        return { contents: text, loader: 'ts' };
      }),
  };
  await build({
    entryPoints: [join(root, 'integration-tests/cluster/cluster.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    outfile,
    plugins: [ownFolders],
    logLevel: 'error',
  });
  return createRequire(import.meta.url)(outfile).Cluster;
}
