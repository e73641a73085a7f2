// Bundles the plugin, so that it starts fast, and puts the executable the engine looks for into bin/.
// The component bundle keeps @pulumi/pulumi outside: it is loaded with the first component only.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

await Promise.all([
  // esbuild starts a program of its own, and is loaded only for actions that are bundled.
  build({ ...shared, entryPoints: { plugin: 'src/plugin/main.ts' }, outdir: 'dist', minifySyntax: true, external: ['esbuild'] }),
  build({
    ...shared,
    entryPoints: { construct: 'src/plugin/construct.ts' },
    outdir: 'dist',
    external: ['@pulumi/pulumi', '@pulumi/pulumi/*'],
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
