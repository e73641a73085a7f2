import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { paths } from './repository';

/** Where the authority of a stack's platform is for clients that take a file, such as `curl --cacert`. */
function authorityFile(stack: string): string {
  return join(paths.platforms, stack, 'ca.pem');
}

/** Writes it anew, or removes what an earlier platform left. Gives its path; undefined when the platform's certificate needs none. */
export function keepAuthority(stack: string, certificate: string | undefined): string | undefined {
  if (!certificate) {
    forgetAuthority(stack);
    return undefined;
  }
  const file = authorityFile(stack);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, certificate);
  return file;
}

export function forgetAuthority(stack: string): void {
  const file = authorityFile(stack);
  rmSync(file, { force: true });
  try {
    for (const folder of [dirname(file), paths.platforms]) rmdirSync(folder);
  } catch {
    // There is something else in it, or it is not there.
  }
}

/** A path as it is typed where the command was started. */
export function typedPath(file: string): string {
  return relative(process.env.INIT_CWD ?? process.cwd(), file);
}
