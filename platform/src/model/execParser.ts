import { MalformedEntity } from './errors';
import type { Exec } from './exec';
import { isJsonObject, type JsonObject } from './json';
import { parseReference } from './names';
import type { RuntimesManifest } from './runtimesManifest';

/**
 * Reads `exec` as OpenWhisk does: the kind is trimmed and lower-cased, `family:default` resolved, `jar` taken for `code`,
 * `binary` computed. Throws MalformedEntity with OpenWhisk's texts.
 */
export function parseExec(value: unknown, manifest: RuntimesManifest): Exec {
  if (!isJsonObject(value) || typeof value.kind !== 'string') throw new MalformedEntity("'kind' must be a string defined in 'exec'");
  const kind = value.kind.trim().toLowerCase();
  if (kind === 'sequence') return { kind, components: parseComponents(value.components) };
  if (kind === 'blackbox') return parseBlackbox(value);
  const resolved = manifest.resolve(kind);
  const runtime = manifest.get(resolved);
  if (!runtime) {
    const valid = manifest.kinds().map((k) => `'${k}'`);
    throw new MalformedEntity(`The specified runtime '${kind}' is not supported by this platform. Valid values are: ${valid.join(', ')}.`);
  }
  const code = value.code ?? (value.code === undefined ? value.jar : undefined);
  if (code === undefined && value.code !== null) {
    const what = runtime.attached ? 'a string or attachment object' : 'a string';
    throw new MalformedEntity(`'code' must be ${what} defined in 'exec' for '${value.kind}' actions`);
  }
  if (typeof code !== 'string') throw new MalformedEntity(`Could not deserialize as attachment record: ${JSON.stringify(value.code)}`);
  const main = parseMain(value, value.kind);
  if (runtime.requireMain && main === undefined) {
    throw new MalformedEntity(`'main' must be a string defined in 'exec' for '${value.kind}' actions`);
  }
  return { kind: resolved, code, binary: isBinary(code), ...(main === undefined ? {} : { main }) };
}

function parseBlackbox(value: JsonObject): Exec {
  if (typeof value.image !== 'string') throw new MalformedEntity("'image' must be a string defined in 'exec' for 'blackbox' actions");
  const image = parseImageName(value.image);
  if (value.code !== undefined && typeof value.code !== 'string') {
    throw new MalformedEntity(`Could not deserialize as attachment record: ${JSON.stringify(value.code)}`);
  }
  const main = parseMain(value, 'blackbox');
  const code = value.code?.trim() ? value.code : undefined;
  return {
    kind: 'blackbox',
    image,
    binary: code !== undefined && isBinary(code),
    ...(code === undefined ? {} : { code }),
    ...(main === undefined ? {} : { main }),
  };
}

function parseMain(value: JsonObject, kind: string): string | undefined {
  if (value.main === undefined) return undefined;
  if (typeof value.main !== 'string') throw new MalformedEntity(`if defined, 'main' be a string in 'exec' for '${kind}' actions`);
  return value.main;
}

function parseComponents(value: unknown): string[] {
  if (value === undefined) throw new MalformedEntity("'components' must be defined for sequence kind");
  if (!Array.isArray(value)) throw new MalformedEntity("'components' must be an array");
  return value.map((component) => {
    const { path, name } = parseReference(component);
    return `/${path}/${name}`;
  });
}

/** Base64 with padding, a multiple of four long and not empty. */
export function isBinary(code: string): boolean {
  const text = code.trim();
  return text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

// the grammar of Docker image references: [registry[:port]/][prefix/]name[:tag][@digest]
const component = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*';
const registry =
  '(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::\\d+)?/)?';
const reference = new RegExp(
  `^(${registry}${component}(?:/${component})*(?::[\\w][\\w.-]{0,127})?)(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);

/** A digest is accepted and dropped, as in OpenWhisk. */
function parseImageName(text: string): string {
  const found = reference.exec(text);
  if (!found) throw new MalformedEntity('could not parse image name');
  return found[1]!;
}

/** Bytes an exec counts for: code, main and image, or the component names of a sequence. */
export function execSize(exec: Exec): number {
  if ('components' in exec) return exec.components.reduce((sum, c) => sum + Buffer.byteLength(c), 0);
  const image = 'image' in exec ? exec.image : '';
  return Buffer.byteLength(exec.code ?? '') + Buffer.byteLength(exec.main ?? '') + Buffer.byteLength(image);
}
