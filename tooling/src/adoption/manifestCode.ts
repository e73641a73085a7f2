import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../userError';
import type { AdoptedCode } from './adoptedEntity';
import { extensionOf } from './codeFiles';
import type { ManifestSettings } from './manifestSettings';
import type { ManifestAction } from './manifestShape';

const FAMILIES: Readonly<Record<string, string>> = {
  js: 'nodejs',
  mjs: 'nodejs',
  cjs: 'nodejs',
  py: 'python',
  php: 'php',
  rb: 'ruby',
  go: 'go',
  swift: 'swift',
  java: 'java',
  jar: 'java',
  rs: 'rust',
  cs: 'dotnet',
  bal: 'ballerina',
};
/** The image behind `native: true`. */
const NATIVE_IMAGE = 'openwhisk/dockerskeleton';
/** Bounds on a folder of code. */
const MAX_FILES = 50_000;
const NOT_PACKED = new Set(['.git', '.DS_Store']);

/**
 * The code of a manifest's action, read from beside the manifest.
 * @throws UserError when the code is not there, or nothing says what runs it
 */
export async function manifestCode(
  action: ManifestAction,
  label: string,
  folder: string,
  settings: ManifestSettings,
  warnings: string[],
): Promise<{ code?: AdoptedCode; kind?: string; image?: string }> {
  const image = action.native === true ? NATIVE_IMAGE : action.docker === undefined ? undefined : settings.name(action.docker);
  const runtime = action.runtime === undefined ? undefined : settings.name(action.runtime);
  const given = runtime === undefined ? undefined : runtime.includes(':') ? runtime : `${runtime}:default`;
  const result = (code: AdoptedCode | undefined, kind: string | undefined) => ({
    ...(code === undefined ? {} : { code }),
    ...(image === undefined ? (kind === undefined ? {} : { kind }) : { image }),
  });
  if (action.include !== undefined || action.exclude !== undefined) {
    warnings.push(
      `include and exclude of the action ${label} are not taken over: its whole folder is; put into it, or take out of it, what they name.`,
    );
  }
  if (action.code !== undefined) {
    if (given === undefined && image === undefined)
      throw new UserError(`The action ${label} has its code in the manifest, which needs a runtime.`);
    return result({ form: 'file', extension: extensionOf(given ?? ''), content: Buffer.from(action.code) }, given);
  }
  const location = action.function ?? action.location;
  if (location === undefined) {
    if (image === undefined) throw new UserError(`The action ${label} has neither function nor code nor docker.`);
    return result(undefined, undefined);
  }
  const path = settings.name(location);
  const extension = extname(path).slice(1).toLowerCase();
  const kind = given ?? (Object.hasOwn(FAMILIES, extension) ? `${FAMILIES[extension]}:default` : undefined);
  const needed = () => {
    if (kind === undefined && image === undefined)
      throw new UserError(`Nothing says what runs the action ${label}: give it a runtime in the manifest.`);
  };
  if (/^https?:\/\//.test(path)) {
    needed();
    return result({ form: 'remote', uri: path, archive: extension === 'zip' || extension === 'jar' }, kind);
  }
  const file = resolve(folder, path);
  if (!existsSync(file)) throw new UserError(`The code of the action ${label} is not there: ${relative(process.cwd(), file)}.`);
  if (statSync(file).isDirectory()) {
    const files = readFolder(file);
    const told =
      kind ??
      (files.has('package.json') || files.has('index.js') ? 'nodejs:default' : files.has('__main__.py') ? 'python:default' : undefined);
    if (told === undefined) needed();
    return result({ form: 'folder', files }, told);
  }
  needed();
  const content = readFileSync(file);
  if (extension === 'zip' || extension === 'jar') return result({ form: 'zip', content }, kind);
  return result({ form: 'file', extension: extension || extensionOf(kind ?? ''), content }, kind);
}

function readFolder(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    if (name.split('/').some((part) => NOT_PACKED.has(part)) || !statSync(path).isFile()) continue;
    if (files.size >= MAX_FILES) throw new UserError(`${folder} holds more than ${MAX_FILES} files, which no action can.`);
    files.set(name, readFileSync(path));
  }
  return files;
}
