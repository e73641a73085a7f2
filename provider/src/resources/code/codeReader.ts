import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodeError } from '../errors';
import { reveal, SourceArchive, SourceFile, type Value, type ValueMap } from '../values';
import { bundleCode } from './bundleCode';
import type { Code } from './codeFiles';
import { fetchCode } from './remoteCode';
import { looksLikeZip, unpackZip } from './zipArchive';

/** Left out of a folder: never part of a program, and different on every machine. */
const SKIPPED = new Set(['.git', '.DS_Store']);
/** Bounds on a folder: what does not fit can't be deployed either, so reading stops early. */
const MAX_FOLDER_BYTES = 512 * 1024 * 1024;
const MAX_FOLDER_FILES = 50_000;
/** Deepest nesting of folders; links that lead in a circle end here. */
const MAX_DEPTH = 64;

/** The code an action's inputs ask for, bundled when they say so. Throws a `CodeError`. */
export function codeOf(inputs: ValueMap, folder: string): Promise<Code> {
  return reveal(inputs.bundle) === true ? bundleCode(inputs.code!, folder) : readCode(inputs.code!, folder);
}

/**
 * Reads code given as text, as base64 of a zip (both are what OpenWhisk itself takes), as a file, a folder, a zip or a map of
 * those. Relative paths start at `folder`. Throws a `CodeError` that says what is wrong with the code.
 */
export async function readCode(value: Value, folder: string): Promise<Code> {
  const plain = reveal(value);
  if (typeof plain === 'string') return codeFromText(plain);
  if (plain instanceof SourceFile) return fileCode(plain, folder);
  if (plain instanceof SourceArchive) return archiveCode(plain, folder);
  throw new CodeError('The code must be text, a file, a folder or an archive.');
}

/** Text of `code` as OpenWhisk takes it: source, or base64 of a zip. */
export async function codeFromText(text: string): Promise<Code> {
  const trimmed = text.trim();
  // Every zip begins with the same bytes, and so does its base64 form.
  if (/^UEs[DF]/.test(trimmed) && /^[A-Za-z0-9+/]+={0,2}$/.test(trimmed)) {
    const packed = Buffer.from(trimmed, 'base64');
    if (looksLikeZip(packed)) return { form: 'archive', files: await unpackZip(packed, 'The code'), packed };
  }
  return { form: 'source', text };
}

async function fileCode(file: SourceFile, folder: string): Promise<Code> {
  const { text, path } = file.source;
  const bytes = await fileBytes(file, folder);
  if (looksLikeZip(bytes)) return { form: 'archive', files: await unpackZip(bytes, labelOf(path)), packed: bytes };
  const source = text ?? decodeText(bytes);
  const fileName = path === undefined ? {} : { fileName: basename(path) };
  if (source === undefined)
    return { form: 'archive', files: new Map([[path === undefined ? 'binary' : basename(path), bytes]]), packed: bytes };
  return { form: 'source', text: source, ...fileName };
}

async function archiveCode(archive: SourceArchive, folder: string): Promise<Code> {
  const files = new Map<string, Buffer>();
  const packed = await collect(archive, '', folder, files);
  if (files.size === 0) throw new CodeError(`${labelOf(archive.source.path)} holds no file.`);
  return { form: 'archive', files, ...(packed === undefined ? {} : { packed }) };
}

/** Adds the archive's files under `prefix`; answers its bytes when it was packed already. */
async function collect(archive: SourceArchive, prefix: string, folder: string, files: Map<string, Buffer>): Promise<Buffer | undefined> {
  const { entries, path, uri } = archive.source;
  if (entries !== undefined) {
    for (const name of Object.keys(entries)) {
      const entry = entries[name]!;
      const target = prefix + name.replace(/^\.?\/+/, '');
      if (entry instanceof SourceFile) files.set(target, await fileBytes(entry, folder));
      else await collect(entry, `${target}/`, folder, files);
    }
    return undefined;
  }
  const local = localPath(path, uri, folder);
  if (local !== undefined && (await stat(local).catch(noFile(local))).isDirectory()) {
    await walk(local, prefix, files, { bytes: 0, depth: 0 });
    return undefined;
  }
  const label = labelOf(path ?? uri);
  const bytes = local === undefined ? await fetchCode(required(uri, label)) : await readFile(local);
  if (!looksLikeZip(bytes)) throw new CodeError(`${label} is neither a folder nor a zip archive; pack other archives as zip.`);
  for (const [name, content] of await unpackZip(bytes, label)) files.set(prefix + name, content);
  return prefix === '' ? bytes : undefined;
}

async function walk(folder: string, prefix: string, files: Map<string, Buffer>, used: { bytes: number; depth: number }): Promise<void> {
  if (used.depth > MAX_DEPTH) throw new CodeError(`${folder} is nested more than ${MAX_DEPTH} folders deep.`);
  for (const entry of await readdir(folder)) {
    if (SKIPPED.has(entry)) continue;
    const path = join(folder, entry);
    const found = await stat(path).catch(noFile(path));
    if (found.isDirectory()) {
      used.depth += 1;
      await walk(path, `${prefix}${entry}/`, files, used);
      used.depth -= 1;
    } else if (found.isFile()) {
      used.bytes += found.size;
      if (used.bytes > MAX_FOLDER_BYTES || files.size >= MAX_FOLDER_FILES) {
        throw new CodeError(`The code folder ${folder} holds more than ${MAX_FOLDER_BYTES / 1024 / 1024} MB or ${MAX_FOLDER_FILES} files.`);
      }
      files.set(prefix + entry, await readFile(path));
    }
  }
}

async function fileBytes(file: SourceFile, folder: string): Promise<Buffer> {
  const { text, path, uri } = file.source;
  if (text !== undefined) return Buffer.from(text);
  const local = localPath(path, uri, folder);
  if (local !== undefined) return readFile(local).catch(noFile(local));
  // An asset without any content is how an empty text arrives.
  return uri === undefined ? Buffer.alloc(0) : fetchCode(uri);
}

function localPath(path: string | undefined, uri: string | undefined, folder: string): string | undefined {
  if (path !== undefined) return resolve(folder, path);
  return uri?.startsWith('file:') ? fileURLToPath(uri) : undefined;
}

function noFile(path: string): (error: Error) => never {
  return (error) => {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CodeError(missing ? `There is no file or folder ${path}.` : `${path} cannot be read: ${error.message}.`);
  };
}

function required(uri: string | undefined, label: string): string {
  if (uri === undefined) throw new CodeError(`${label} is empty.`);
  return uri;
}

function labelOf(path: string | undefined): string {
  return path === undefined ? 'The code' : `The code ${path}`;
}

function decodeText(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
