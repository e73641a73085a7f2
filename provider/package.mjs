// Packs the plugin for `pulumi plugin install resource openwhisk <version> --file <archive>`: the bundles, the platform it starts, and what
// either needs at run time. Node itself is not in it. The same sources give the same archive.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const root = resolve(folder, '..');
const platform = join(root, 'platform');
const { version } = JSON.parse(readFileSync(join(folder, 'schema.json'), 'utf8'));

/** What Pulumi calls this machine. lmdb's native part makes the archive one of its platform. */
const target = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** Never needed to run, and most of what packages are made of. */
const SKIPPED = /(\.map|\.d\.[cm]?ts|\.tsbuildinfo|\.md|\.test\.js)$/;
const wanted = (source) => !SKIPPED.test(source);

/** Folders of a package and of all it depends on, as Node would find them from `from`. */
function closure(name, from, found) {
  for (let place = from; ; place = dirname(place)) {
    const candidate = join(place, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) {
      if (found.has(candidate)) return true;
      found.add(candidate);
      const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(candidate, 'package.json'), 'utf8'));
      for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
        const there = closure(dependency, candidate, found);
        if (!there && !(dependency in optionalDependencies)) throw new Error(`${name} needs ${dependency}, which is not installed.`);
      }
      return true;
    }
    if (place === root) return false;
  }
}

const packages = new Set();
for (const name of Object.keys(JSON.parse(readFileSync(join(platform, 'package.json'), 'utf8')).dependencies))
  closure(name, platform, packages);
// The bundle that builds components leaves the SDK outside.
closure('@pulumi/pulumi', folder, packages);
// Loaded for platforms of containers.
closure('@pulumi/docker', folder, packages);
closure('@pulumi/kubernetes', folder, packages);
// Loaded for actions that are bundled.
closure('esbuild', folder, packages);

const stage = mkdtempSync(join(tmpdir(), 'openwhisk-plugin-'));
try {
  const put = (source, name, filter = wanted) => cpSync(source, join(stage, name), { recursive: true, dereference: true, filter });
  for (const bundle of ['plugin.js', 'construct.js', 'cluster.js']) put(join(folder, 'dist', bundle), `dist/${bundle}`);
  // what images are built from, maps and all: their tags follow from it
  put(join(folder, 'dist', 'images'), 'dist/images', () => true);
  put(join(folder, 'schema.json'), 'schema.json');
  put(join(root, 'LICENSE'), 'LICENSE');
  put(join(platform, 'dist'), 'dist/platform');
  // The platform looks for these beside its own dist folder.
  put(join(platform, 'runtimes'), 'dist/runtimes', (source) => !/(\.test\.\w+|__pycache__)$/.test(source));
  put(join(platform, 'package.json'), 'dist/package.json');
  for (const source of packages) {
    const inside = (path) => wanted(path) && !relative(source, path).split('/').includes('node_modules');
    put(source, relative(source.startsWith(folder) ? folder : source.startsWith(platform) ? platform : root, source), inside);
  }
  const executable = join(stage, 'pulumi-resource-openwhisk');
  writeFileSync(executable, '#!/bin/sh\nexec node "$(dirname "$(readlink -f "$0" 2>/dev/null || echo "$0")")/dist/plugin.js" "$@"\n', {
    mode: 0o755,
  });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const archive = join(folder, 'bin', `pulumi-resource-openwhisk-v${version}-${target}.tar.gz`);
  const same = ['--sort=name', '--mtime=2020-01-01 00:00:00Z', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  execFileSync('tar', [...same, '-I', 'gzip -n -6', '-cf', `${archive}.part`, '-C', stage, '.']);
  renameSync(`${archive}.part`, archive);
  process.stdout.write(`${archive}\n`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}
