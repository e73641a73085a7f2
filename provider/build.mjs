// Bundles the plugin, so that it starts fast, and puts the executable the engine looks for into bin/.
// The component bundle keeps @pulumi/pulumi outside: it is loaded with the first component only.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = dirname(fileURLToPath(import.meta.url));
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  logLevel: 'warning',
  absWorkingDir: folder,
};

await imageSources();

await Promise.all([
  // esbuild starts a program of its own, and is loaded only for actions that are bundled.
  build({
    ...shared,
    entryPoints: { plugin: 'src/plugin/main.ts' },
    outdir: 'dist',
    minifySyntax: true,
    external: ['esbuild'],
    plugins: [beside('cluster')],
  }),
  // What speaks to a cluster is larger than all the rest, and loaded for platforms in one.
  build({ ...shared, entryPoints: { cluster: 'src/targets/kubernetes/cluster.mts' }, outdir: 'dist', minify: true, sourcemap: false }),
  build({
    ...shared,
    entryPoints: { construct: 'src/plugin/construct.ts' },
    outdir: 'dist',
    external: ['@pulumi/pulumi', '@pulumi/pulumi/*', '@pulumi/docker', '@pulumi/kubernetes', '@pulumi/kubernetes/*'],
  }),
]);

const executable = join(folder, 'bin', 'pulumi-resource-openwhisk');
mkdirSync(dirname(executable), { recursive: true });
writeFileSync(executable, '#!/bin/sh\nexec node "$(dirname "$(readlink -f "$0" 2>/dev/null || echo "$0")")/../dist/plugin.js" "$@"\n');
chmodSync(executable, 0o755);

// The SDK's generated sources, compiled: what programs of this repository import, and what would be published.
const sdk = join(folder, 'sdk', 'nodejs');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', sdk, '--incremental', '--tsBuildInfoFile', join(sdk, 'bin', '.tsbuildinfo')], {
  stdio: 'inherit',
});
// The compiled code reads its version beside itself. Only that: a second package of the same name would be in the way.
const { version } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'));
writeFileSync(join(sdk, 'bin', 'package.json'), `${JSON.stringify({ version })}\n`);

/** A module that is a bundle of its own beside the one that loads it. */
function beside(module) {
  return {
    name: `${module} beside`,
    setup: (bundler) => bundler.onResolve({ filter: new RegExp(`/${module}\\.mjs$`) }, () => ({ path: `./${module}.js`, external: true })),
  };
}

/** What images are built from: a folder for each context, and the manifest of the runtimes. */
async function imageSources() {
  const platform = join(folder, '..', 'platform');
  const images = join(folder, 'dist', 'images');
  rmSync(images, { recursive: true, force: true });
  for (const file of readdirSync(join(platform, 'images'))) cpSync(join(platform, 'images', file), join(images, file), { recursive: true });
  const runtime = (source) => !/(\.test\.\w+|__pycache__|\.md)$/.test(source);
  for (const entry of readdirSync(join(platform, 'runtimes'), { withFileTypes: true })) {
    const source = join(platform, 'runtimes', entry.name);
    if (entry.isDirectory() && existsSync(join(source, 'Dockerfile')))
      cpSync(source, join(images, 'runtimes', entry.name), { recursive: true, filter: runtime });
  }
  cpSync(join(platform, 'runtimes', 'runtimes.json'), join(images, 'runtimes.json'));
  // laid out as the workspace is: the programs look for their version there
  const { name, version } = JSON.parse(readFileSync(join(platform, 'package.json'), 'utf8'));
  writeFileSync(join(images, 'platform', 'package.json'), `${JSON.stringify({ name, version })}\n`);
  // one file a program: no packages to install where the image is built
  await build({
    ...shared,
    sourcemap: 'linked',
    sourcesContent: false,
    absWorkingDir: platform,
    entryPoints: { controller: 'src/main/controller.ts', invoker: 'src/main/invoker.ts' },
    outdir: join(images, 'platform', 'dist', 'main'),
    // native parts that no program of these loads
    external: ['lmdb', 'cpu-features', '*.node'],
  });
}
