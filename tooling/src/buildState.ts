import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { repositoryRoot } from './repository';

/** Everything that goes into the build of the workspaces. */
const SOURCES: readonly string[] = [
  ...['package-lock.json', 'tsconfig.json', 'tsconfig.base.json'],
  ...['platform/src', 'platform/tsconfig.json'],
  ...[
    'provider/src',
    'provider/tsconfig.json',
    'provider/package.json',
    'provider/build.mjs',
    'provider/schema.json',
    'provider/sdk/nodejs',
  ],
  ...['tooling/src', 'tooling/tsconfig.json'],
];
/** One thing that each part of the build makes. */
const RESULTS: readonly string[] = ['platform/dist', 'provider/dist/plugin.js', 'provider/bin', 'tooling/dist', 'provider/sdk/nodejs/bin'];
/** Folders inside the sources that the build itself makes. */
const DERIVED: readonly string[] = ['node_modules', 'bin', 'dist'];

function files(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !DERIVED.includes(name))
    .flatMap(({ name }) => files(join(path, name)))
    .sort();
}

/** A fingerprint of the sources by path, size and time of change: a few hundred files, so it takes milliseconds. */
export function sourceFingerprint(root: string = repositoryRoot): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of SOURCES.flatMap((source) => files(join(root, source)))) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)}\0${size}\0${Math.floor(mtimeMs)}\0`);
  }
  return hash.digest('hex');
}

/** Where the fingerprint of the last build is kept. */
export const BUILD_STATE = '.tools/build-state';

function stateFile(root: string): string {
  return join(root, BUILD_STATE);
}

/** Whether what was built last was built from these sources and is still there. */
export function isBuilt(fingerprint: string, root: string = repositoryRoot): boolean {
  if (!RESULTS.every((result) => existsSync(join(root, result)))) return false;
  try {
    return readFileSync(stateFile(root), 'utf8') === fingerprint;
  } catch {
    return false;
  }
}

/** Notes that a build from these sources succeeded. */
export function rememberBuild(fingerprint: string, root: string = repositoryRoot): void {
  mkdirSync(dirname(stateFile(root)), { recursive: true });
  writeFileSync(stateFile(root), fingerprint);
}
