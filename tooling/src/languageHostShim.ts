import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODEJS_HOST } from './pulumiCli/cli';
import { paths, repositoryRoot } from './repository';

/** Text of the executable that the engine finds on PATH; it runs the compiled host of the clone it lies in. */
function shimText(): string {
  const host = join(repositoryRoot, 'tooling/dist/languageHost/main.js');
  return `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(host)} "$@"\n`;
}

function quote(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

/** Makes `pulumi-language-nodejs` in the clone's ignored tools folder and says in which folder it is. */
export function installLanguageHostShim(folder: string = paths.toolsBin): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, NODEJS_HOST);
  const text = shimText();
  try {
    if (readFileSync(file, 'utf8') === text) return folder;
  } catch {
    // Not there yet.
  }
  const next = `${file}.${process.pid}.next`;
  writeFileSync(next, text);
  chmodSync(next, 0o755);
  renameSync(next, file);
  return folder;
}
