import { createHash } from 'node:crypto';
import type { JavaScriptValue, Struct as StructMessage } from 'google-protobuf/google/protobuf/struct_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { isValueMap, Secret, SourceArchive, SourceFile, UNKNOWN, Unknown, type Value, type ValueMap } from '../resources/values';

/** The key that marks an object of the Pulumi wire as something other than a map, and the marks. */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
const ASSET = 'c44067f5952c0a294b673a41bacd8c17';
const ARCHIVE = '0def7320c3a5731c473e5ecbe6d01bc7';
const RESOURCE = '5cf8f73096256a8f31e491e813e4eb8e';
const OUTPUT = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';

/** A string for every type of value that is not known yet; only the one of strings is ever sent back. */
const UNKNOWN_STRING = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const UNKNOWNS = new Set([
  UNKNOWN_STRING,
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7', // boolean
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421', // number
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2', // array
  '030794c1-ac77-496b-92df-f27374a8bd58', // asset
  'e48ece36-62e2-4504-bad9-02848725956a', // archive
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff', // object
]);

type Wire = JavaScriptValue;
type WireObject = { [key: string]: Wire };

/** The values of a request. Without a struct there are none. */
export function valuesFromStruct(struct: StructMessage | undefined): ValueMap {
  return struct === undefined ? {} : mapFromWire(struct.toJavaScript());
}

export function structFromValues(values: ValueMap): StructMessage {
  return Struct.fromJavaScript(mapToWire(values));
}

function mapFromWire(object: WireObject): ValueMap {
  const map: ValueMap = {};
  for (const key of Object.keys(object)) map[key] = fromWire(object[key]!);
  return map;
}

function fromWire(wire: Wire): Value {
  if (typeof wire === 'string') return UNKNOWNS.has(wire) ? UNKNOWN : wire;
  if (wire === null || typeof wire !== 'object') return wire;
  if (Array.isArray(wire)) return wire.map(fromWire);
  const object = wire as WireObject;
  switch (object[SIGNATURE]) {
    case undefined:
      return mapFromWire(object);
    case SECRET:
      return secret(fromWire(object.value ?? null));
    case ASSET:
      return fileFromWire(object);
    case ARCHIVE:
      return archiveFromWire(object);
    case RESOURCE:
      return object.id === undefined || object.id === '' ? ((object.urn ?? UNKNOWN) as Value) : fromWire(object.id);
    case OUTPUT: {
      const value = object.value === undefined ? UNKNOWN : fromWire(object.value);
      return object.secret === true ? secret(value) : value;
    }
    default:
      throw new Error(`The engine sent a value of a sort this plugin does not know (${String(object[SIGNATURE])}).`);
  }
}

function secret(value: Value): Secret {
  return value instanceof Secret ? value : new Secret(value);
}

/** Only parts that say something: the wire has empty strings where a part is absent. */
function parts(object: WireObject, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (typeof object[name] === 'string' && object[name] !== '' ? [[name, object[name] as string]] : [])),
  );
}

const EMPTY_HASH = createHash('sha256').digest('hex');

function fileFromWire(object: WireObject): SourceFile {
  const source = parts(object, ['text', 'path', 'uri', 'hash']);
  const empty = source.text === undefined && source.path === undefined && source.uri === undefined;
  return new SourceFile(empty && (source.hash === undefined || source.hash === EMPTY_HASH) ? { ...source, text: '' } : source);
}

function archiveFromWire(object: WireObject): SourceArchive {
  const source = parts(object, ['path', 'uri', 'hash']);
  const assets = object.assets;
  if (typeof assets !== 'object' || assets === null || Array.isArray(assets)) return new SourceArchive(source);
  // A record of the past comes with an empty map; sent back like that, the engine would not put its own copy in its place.
  if (Object.keys(assets).length === 0) return new SourceArchive(source);
  const entries: Record<string, SourceFile | SourceArchive> = {};
  for (const [name, entry] of Object.entries(assets as WireObject)) {
    const value = fromWire(entry);
    if (!(value instanceof SourceFile) && !(value instanceof SourceArchive))
      throw new Error(`The entry "${name}" of an archive is neither a file nor an archive.`);
    entries[name] = value;
  }
  return new SourceArchive({ ...source, entries });
}

function mapToWire(map: ValueMap): WireObject {
  const object: WireObject = {};
  for (const key of Object.keys(map)) object[key] = toWire(map[key]!);
  return object;
}

function toWire(value: Value): Wire {
  if (value instanceof Unknown) return UNKNOWN_STRING;
  if (value instanceof Secret) return { [SIGNATURE]: SECRET, value: toWire(value.value) };
  if (value instanceof SourceFile) return { [SIGNATURE]: ASSET, ...fileParts(value) };
  if (value instanceof SourceArchive) {
    const { entries, ...rest } = value.source;
    return { [SIGNATURE]: ARCHIVE, ...given(rest), ...(entries === undefined ? {} : { assets: mapToWire(entries) }) };
  }
  if (Array.isArray(value)) return value.map(toWire);
  return isValueMap(value) ? mapToWire(value) : (value as Wire);
}

/** Engines compare files by their hash, so one made here needs it too. */
function fileParts(file: SourceFile): Record<string, string> {
  const { text, hash } = file.source;
  const known = hash ?? (text === undefined ? undefined : createHash('sha256').update(text).digest('hex'));
  return given({ ...file.source, ...(known === undefined ? {} : { hash: known }) });
}

function given(source: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(source).filter((part): part is [string, string] => part[1] !== undefined));
}
