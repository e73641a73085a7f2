import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { mustRun } from '../../tooling/src/command';
import { findExecutable } from '../../tooling/src/executable';
import type { ImageSettings } from './imageArchive';

/** By its path: what is run has the image's search path. */
const CHROOT = findExecutable('chroot', `${process.env.PATH}:/usr/sbin:/sbin`) ?? 'chroot';

interface Build {
  /** Folder with a Dockerfile. */
  context: string;
  /** The image's root, with the base image's files in it. */
  root: string;
  /** Build arguments. */
  arguments?: Readonly<Record<string, string>>;
}

/** A Dockerfile has an instruction that is not among the few that are understood here. */
class InstructionUnknown extends Error {
  override readonly name = 'InstructionUnknown';
  constructor(instruction: string) {
    super(`A Dockerfile of the tests can't be built without an engine: add "${instruction}" to what is understood.`);
  }
}

/** Does what a Dockerfile says, of one stage and in JSON form, without an engine: files below `root`, and the rest as settings. */
export async function buildDockerfile({ context, root, arguments: given = {} }: Build): Promise<ImageSettings> {
  let settings: ImageSettings = { env: { PATH: '/usr/local/bin:/usr/bin:/bin' } };
  const values: Record<string, string> = {};
  for (const line of instructions(readFileSync(join(context, 'Dockerfile'), 'utf8'))) {
    const { word, rest } = split(line);
    const text = rest.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
    if (word === 'ARG') {
      const [name, value = ''] = text.split('=');
      values[name!] = given[name!] ?? value;
    } else if (word === 'COPY') copy(context, root, settings.workdir, text.split(/\s+/));
    else if (word === 'RUN') await mustRun(CHROOT, [root, '/bin/sh', '-c', text], { cwd: root, env: { ...settings.env } });
    else if (word !== 'FROM') settings = changed(settings, `${word} ${text}`);
    if (word === 'WORKDIR') mkdirSync(join(root, settings.workdir!), { recursive: true });
  }
  return settings;
}

/** Settings after an instruction that changes no files, as those of `docker import`. */
export function changed(settings: ImageSettings, instruction: string): ImageSettings {
  const { word, rest } = split(instruction);
  switch (word) {
    case 'ENTRYPOINT':
      return { ...settings, entrypoint: JSON.parse(rest) as string[] };
    case 'CMD':
      return { ...settings, cmd: JSON.parse(rest) as string[] };
    case 'ENV':
      return { ...settings, env: { ...settings.env, ...pairs(rest) } };
    case 'LABEL':
      return { ...settings, labels: { ...settings.labels, ...pairs(rest) } };
    case 'WORKDIR':
      return { ...settings, workdir: posix.resolve(settings.workdir ?? '/', rest) };
    case 'USER':
      return { ...settings, user: rest };
    case 'STOPSIGNAL':
      return { ...settings, stopSignal: rest };
    case 'EXPOSE':
      return settings;
    default:
      throw new InstructionUnknown(instruction);
  }
}

function instructions(text: string): string[] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function split(line: string): { word: string; rest: string } {
  const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(line) ?? [];
  return { word, rest };
}

/** `name=value` or `name="value"`, several with blanks between. */
function pairs(text: string): Record<string, string> {
  const found = [...text.matchAll(/([^=\s]+)=(?:"([^"]*)"|(\S*))/g)];
  if (found.length === 0) throw new InstructionUnknown(text);
  return Object.fromEntries(found.map(([, name, quoted, bare]) => [name!, quoted ?? bare ?? '']));
}

/** The content of a folder, or files; into a folder when the target ends with a slash or is one. */
function copy(context: string, root: string, workdir = '/', words: readonly string[]): void {
  const sources = words.slice(0, -1);
  const given = words.at(-1)!;
  const target = join(root, posix.resolve(workdir, given));
  for (const source of sources) {
    const from = join(context, source);
    const into = given.endsWith('/') || (existsSync(target) && statSync(target).isDirectory());
    const place = into && !statSync(from).isDirectory() ? join(target, basename(source)) : target;
    mkdirSync(dirname(place), { recursive: true });
    cpSync(from, place, { recursive: true });
  }
}
