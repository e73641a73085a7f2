import { createHash } from 'node:crypto';
import type { Code } from '@openwhisk-as-code/provider/dist/resources/code/codeFiles';
import { readCode } from '@openwhisk-as-code/provider/dist/resources/code/codeReader';
import { SourceArchive, SourceFile, type Value } from '@openwhisk-as-code/provider/dist/resources/values';
import type { Properties } from './preview';

const SIGNATURE = '4dabf18193072939515e22adb298388d';
const ASSET = 'c44067f5952c0a294b673a41bacd8c17';
const ARCHIVE = '0def7320c3a5731c473e5ecbe6d01bc7';

/** Files of code by their SHA-256: a text that has the hash of the state is the text, wherever it was found. */
export type FilesByHash = ReadonlyMap<string, Buffer>;

/** The hash a state notes for one file of an action's code; undefined when it is a secret or not noted. */
export function notedHash(properties: Properties | undefined, file: string): string | undefined {
  const files = properties?.codeFiles;
  if (typeof files !== 'object' || files === null) return undefined;
  const hash = (files as Record<string, unknown>)[file];
  return typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash) ? hash : undefined;
}

/**
 * The code input of a previewed resource. Undefined when it is secret, comes from the network, or is only noted by its hash, as in a record
 * of the past.
 */
export function codeInput(code: unknown): Value | undefined {
  if (typeof code === 'string') return code === '[secret]' ? undefined : code;
  if (typeof code !== 'object' || code === null) return undefined;
  const { [SIGNATURE]: signature, text, path, uri, assets } = code as Record<string, unknown>;
  if (typeof uri === 'string' && uri !== '') return undefined;
  const place = { ...(typeof text === 'string' ? { text } : {}), ...(typeof path === 'string' && path !== '' ? { path } : {}) };
  if (signature === ASSET) return Object.keys(place).length === 0 ? undefined : new SourceFile(place);
  if (signature !== ARCHIVE) return undefined;
  if (typeof assets !== 'object' || assets === null) return place.path === undefined ? undefined : new SourceArchive({ path: place.path });
  const entries: Record<string, SourceFile | SourceArchive> = {};
  for (const [name, entry] of Object.entries(assets)) {
    const file = codeInput(entry);
    if (file instanceof SourceFile || file instanceof SourceArchive) entries[name] = file;
  }
  return Object.keys(entries).length === 0 ? undefined : new SourceArchive({ entries });
}

/** The files of a previewed action's code; none when it can't be read. */
export async function previewedFiles(properties: Properties | undefined, programFolder: string): Promise<FilesByHash> {
  const code = codeInput(properties?.code);
  if (code === undefined) return new Map();
  try {
    return filesByHash(await readCode(code, programFolder));
  } catch {
    // The old code of a record of the past may be at a path that is no longer there.
    return new Map();
  }
}

export function filesByHash(code: Code | undefined): FilesByHash {
  if (code === undefined) return new Map();
  const contents = code.form === 'source' ? [Buffer.from(code.text)] : [...code.files.values()];
  return new Map(contents.map((content) => [sha256(content), content]));
}

/** Path of a file of an action's code on this machine, relative to the program; undefined when it is in no folder or file of its own. */
export function pathOnDisk(properties: Properties | undefined, file: string): string | undefined {
  const code = codeInput(properties?.code);
  if (code instanceof SourceFile) return code.source.path;
  if (code instanceof SourceArchive && code.source.path !== undefined) return `${code.source.path}/${file}`;
  return undefined;
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
