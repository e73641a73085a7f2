import type { AdoptedCode } from './adoptedEntity';

const EXTENSIONS: Readonly<Record<string, string>> = {
  nodejs: 'js',
  python: 'py',
  php: 'php',
  ruby: 'rb',
  go: 'go',
  swift: 'swift',
  java: 'java',
  rust: 'rs',
  dotnet: 'cs',
  ballerina: 'bal',
};

/** What a file of source is called, by the family of its kind. */
export function extensionOf(kind: string): string {
  return EXTENSIONS[kind.split(':')[0] ?? ''] ?? 'txt';
}

/** More files than this stay in their archive: nobody reads those. */
const MAX_FILES = 400;
/** Left out of a folder when it is packed, so an archive that has them can't be a folder (codeReader of the provider). */
const NOT_PACKED = new Set(['.git', '.DS_Store']);

/** The code of an archive: a folder where a folder can hold it, else the archive itself. */
export function archiveCode(files: ReadonlyMap<string, Buffer>, packed: Buffer | undefined): AdoptedCode {
  if (packed === undefined || isFolder(files)) return { form: 'folder', files };
  return { form: 'zip', content: packed };
}

function isFolder(files: ReadonlyMap<string, Buffer>): boolean {
  if (files.size > MAX_FILES) return false;
  const seen = new Set<string>();
  for (const path of files.keys()) {
    const parts = path.split('/');
    if (
      parts.some(
        (part) => part === '' || part === '.' || part === '..' || part.includes('\\') || part.includes('\0') || NOT_PACKED.has(part),
      )
    )
      return false;
    // On some machines names that differ in case only are the same file.
    const folded = path.toLowerCase();
    if (seen.has(folded)) return false;
    seen.add(folded);
  }
  // A file where a folder has to be.
  return [...seen].every((path) =>
    path
      .split('/')
      .slice(0, -1)
      .every((_, index, parts) => !seen.has(parts.slice(0, index + 1).join('/'))),
  );
}
