import { CodeError } from '../errors';
import { SourceArchive, SourceFile, type Value } from '../values';
import type { Code } from './codeFiles';
import { codeFromText } from './codeReader';
import { packZip } from './zipArchive';

/** `exec` (code, main and image together) may take 48 MB (rest-api.md, "Size limits"). */
export const MAX_EXEC_BYTES = 48 * 1024 * 1024;

/** The `exec.code` of the wire: source as it is, everything else as base64. */
export async function encodeCode(code: Code): Promise<string> {
  if (code.form === 'source') return code.text;
  return (code.packed ?? (await packZip(code.files))).toString('base64');
}

/** Why the code cannot be deployed anywhere, or `undefined`. Packs only what is large enough to matter. */
export async function codeSizeProblem(code: Code): Promise<string | undefined> {
  const size = code.form === 'source' ? Buffer.byteLength(code.text) : await packedSize(code);
  if (size <= MAX_EXEC_BYTES) return undefined;
  return `takes ${size} bytes as the platform stores it, and ${MAX_EXEC_BYTES} is the most an action may have`;
}

async function packedSize(code: Extract<Code, { form: 'archive' }>): Promise<number> {
  if (code.packed !== undefined) return base64Length(code.packed.length);
  let raw = 0;
  for (const [path, content] of code.files) raw += content.length + 2 * path.length + 200;
  // Deflate never adds more than a few bytes to a block, so what fits uncompressed fits.
  if (base64Length(raw) <= MAX_EXEC_BYTES) return base64Length(raw);
  return base64Length((await packZip(code.files)).length);
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** The live code of an action; `undefined` when it has none (an image that brings its own). */
export async function decodeCode(exec: { code?: string; binary?: boolean }): Promise<Code | undefined> {
  if (exec.code === undefined || exec.code === '') return undefined;
  try {
    const code = await codeFromText(exec.code);
    if (code.form === 'source' && exec.binary) return binaryCode(exec.code);
    return code;
  } catch (error) {
    if (!(error instanceof CodeError)) throw error;
    return binaryCode(exec.code);
  }
}

/** Base64 of something that is no zip, such as a single native program. */
function binaryCode(base64: string): Code {
  const bytes = Buffer.from(base64, 'base64');
  return { form: 'archive', files: new Map([['binary', bytes]]), packed: bytes };
}

/** The `code` input that reproduces live code: text, a map of text files, or base64 when a file is not text. */
export function codeAsInput(code: Code): Value {
  if (code.form === 'source') return code.text;
  const entries: Record<string, SourceFile> = {};
  for (const [path, content] of code.files) {
    const text = content.toString('utf8');
    if (!Buffer.from(text).equals(content)) return (code.packed ?? Buffer.alloc(0)).toString('base64');
    entries[path] = new SourceFile({ text });
  }
  return new SourceArchive({ entries });
}

const FAMILY_BY_EXTENSION: Record<string, string> = {
  js: 'nodejs',
  cjs: 'nodejs',
  mjs: 'nodejs',
  py: 'python',
  php: 'php',
  rb: 'ruby',
  go: 'go',
  swift: 'swift',
  java: 'java',
  jar: 'java',
  rs: 'rust',
};

/** `<family>:default` for code whose files tell what it is written in. */
export function kindOfCode(code: Code): string | undefined {
  if (code.form === 'source') {
    const family = FAMILY_BY_EXTENSION[code.fileName?.split('.').pop() ?? ''];
    return family === undefined ? undefined : `${family}:default`;
  }
  if (code.files.has('package.json') || code.files.has('index.js')) return 'nodejs:default';
  if (code.files.has('__main__.py')) return 'python:default';
  return undefined;
}
