// The cluster of the tests, which is TypeScript, for programs that are not.
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(import.meta.url);

/** The class `Cluster` of integration-tests/cluster. */
export async function loadCluster() {
  const outfile = join(root, `.tools/bench-cluster-${process.pid}.cjs`);
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
  const { Cluster } = require(outfile);
  await rm(outfile);
  return Cluster;
}
