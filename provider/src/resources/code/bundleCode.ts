import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type * as esbuild from 'esbuild';
import { CodeError } from '../errors';
import { reveal, SourceArchive, SourceFile, type Value } from '../values';
import type { Code } from './codeFiles';

/** Where a folder's program begins, when its package.json does not say. */
const ENTRIES = ['index.ts', 'index.mts', 'index.js', 'index.mjs', 'src/index.ts', 'src/index.js'];

/**
 * Bundles a TypeScript or JavaScript program, given as its folder or its first file, with all it imports into one `index.js`. Equal
 * sources give equal bytes: nothing in it says where they lay. Types are stripped, not checked. Throws a `CodeError`.
 */
export async function bundleCode(value: Value, folder: string): Promise<Code> {
  const entry = await entryOf(value, folder);
  // Only programs that bundle pay for it.
  const { build } = require('esbuild') as typeof esbuild;
  try {
    const { outputFiles } = await build({
      absWorkingDir: dirname(entry),
      entryPoints: [entry],
      outfile: 'index.js',
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      charset: 'utf8',
      // Comments name files by their paths, and white space goes with them.
      minifyWhitespace: true,
      legalComments: 'none',
      keepNames: true,
      logLevel: 'silent',
    });
    return { form: 'archive', files: new Map([['index.js', Buffer.from(outputFiles[0]!.contents)]]) };
  } catch (error) {
    throw new CodeError(`The code cannot be bundled: ${firstProblem(error)}.`);
  }
}

async function entryOf(value: Value, folder: string): Promise<string> {
  const plain = reveal(value);
  const path = plain instanceof SourceFile || plain instanceof SourceArchive ? plain.source.path : undefined;
  if (path === undefined) throw new CodeError('Only a folder or a file of this machine can be bundled: give one, or leave out bundle.');
  const local = resolve(folder, path);
  if (!existsSync(local)) throw new CodeError(`There is no file or folder ${local}.`);
  if (!statSync(local).isDirectory()) return local;
  const manifest = join(local, 'package.json');
  const main = existsSync(manifest) ? (JSON.parse(await readFile(manifest, 'utf8')) as { main?: unknown }).main : undefined;
  const candidates = typeof main === 'string' ? [main, ...ENTRIES] : ENTRIES;
  const found = candidates.map((candidate) => join(local, candidate)).find((file) => existsSync(file));
  if (found === undefined)
    throw new CodeError(`${local} has no ${ENTRIES[0]} or ${ENTRIES[2]}, and no package.json that names its main file.`);
  return found;
}

function firstProblem(error: unknown): string {
  const [first] = (error as Partial<esbuild.BuildFailure>).errors ?? [];
  if (first === undefined) return (error as Error).message;
  const at = first.location === null ? '' : ` (${first.location.file}:${first.location.line})`;
  return `${first.text.replace(/\.$/, '')}${at}`;
}
