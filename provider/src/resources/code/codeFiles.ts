import { createHash } from 'node:crypto';

/** The code of an action, read into memory. */
export type Code = SourceCode | ArchiveCode;

/** One file of source text. */
export interface SourceCode {
  form: 'source';
  text: string;
  /** What the program called the file, when it came from one. */
  fileName?: string;
}

/** Many files, or a binary. */
export interface ArchiveCode {
  form: 'archive';
  /** Contents by path, with `/` between folders. */
  files: ReadonlyMap<string, Buffer>;
  /** The archive as it was given. Absent when it has still to be packed from `files`. */
  packed?: Buffer;
}

export interface CodeFingerprint {
  /** SHA-256 of every file in hex, by path, in path order. */
  files: Record<string, string>;
  /** SHA-256 over the paths and hashes: equal when the code is the same, whenever, wherever and in whatever order it was packed. */
  hash: string;
}

/** Under what name one file of source is listed when the program gave it none. */
export function sourceFileName(kind: string | undefined): string {
  const family = kind?.split(':')[0];
  if (family === 'nodejs') return 'index.js';
  if (family === 'python') return '__main__.py';
  return 'source';
}

export function fingerprint(code: Code, kind: string | undefined): CodeFingerprint {
  if (code.form === 'source') {
    const hash = sha256(code.text);
    // The name is left out of the sum: the platform does not store it, so an imported action would never match.
    return { files: { [code.fileName ?? sourceFileName(kind)]: hash }, hash: sha256(`source\n${hash}\n`) };
  }
  const files: Record<string, string> = {};
  for (const path of [...code.files.keys()].sort()) files[path] = sha256(code.files.get(path)!);
  return {
    files,
    hash: sha256(
      `archive\n${Object.entries(files)
        .map(([path, hash]) => `${hash} ${path}\n`)
        .join('')}`,
    ),
  };
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
