import { isJsonObject, type Json } from './json';

/** One kind of the manifest (format: reference runtime-protocol, section 8). */
export interface RuntimeManifest {
  kind: string;
  family: string;
  image: string;
  default: boolean;
  deprecated: boolean;
  requireMain: boolean;
  /** Code is kept as an attachment: only wording and the root document depend on it. */
  attached: boolean;
  sentinelledLogs: boolean;
  /** The image writes to nothing but /tmp and /action, so that all the rest can be read-only; for drivers that cannot ask the image. Not in OpenWhisk's format. */
  readonly: boolean;
  stemCells: ManifestStemCell[];
}

/** Containers of a kind to be kept ready; sizes and times with their units, as they are written. */
export interface ManifestStemCell {
  initialCount: number;
  memory: string;
  reactive?: { minCount: number; maxCount: number; ttl: string; threshold: number; increment: number };
}

/** The manifest cannot be used; the message is for the operator. */
export class ManifestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ManifestError';
  }
}

export class RuntimesManifest {
  private readonly byKind = new Map<string, RuntimeManifest>();
  private readonly defaults = new Map<string, string>();

  constructor(
    readonly runtimes: readonly RuntimeManifest[],
    /** Images that obey the runtimes' contract though they are a user's choice. */
    readonly blackboxes: readonly string[] = [],
  ) {
    for (const r of runtimes) {
      this.byKind.set(r.kind, r);
      if (r.default) this.defaults.set(r.family, r.kind);
    }
  }

  get(kind: string): RuntimeManifest | undefined {
    return this.byKind.get(kind);
  }

  /** `family:default` becomes the family's default kind; other kinds stay. */
  resolve(kind: string): string {
    const found = /^(.+):default$/.exec(kind);
    return (found && this.defaults.get(found[1]!)) ?? kind;
  }

  /**
   * What an action of this kind, or with this image, runs on. An image of the list obeys the runtimes' contract; where there is a family `native`, its
   * default kind stands for it, so that such actions need no image from elsewhere.
   */
  runtimeFor(kind: string, image?: string): { kind: string; image: string; sentinelledLogs: boolean } | undefined {
    if (kind !== 'blackbox' || image === undefined) return this.byKind.get(kind);
    if (!this.isListed(image)) return { kind, image, sentinelledLogs: false };
    return this.byKind.get(this.resolve('native:default')) ?? { kind, image, sentinelledLogs: true };
  }

  /** Clients name the image of native actions without its tag. */
  private isListed(image: string): boolean {
    const untagged = !/:[^/]*$/.test(image);
    return this.blackboxes.some((listed) => listed === image || (untagged && listed.replace(/:[^/:]*$/, '') === image));
  }

  kinds(): string[] {
    return [...this.byKind.keys()];
  }
}

export function parseRuntimesManifest(text: string): RuntimesManifest {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ManifestError(`The runtimes manifest is not JSON: ${(error as Error).message}`);
  }
  if (!isJsonObject(document) || !isJsonObject(document.runtimes))
    throw new ManifestError("The runtimes manifest has no object 'runtimes'.");
  const runtimes: RuntimeManifest[] = [];
  for (const [family, entries] of Object.entries(document.runtimes)) {
    if (!Array.isArray(entries) || entries.length === 0) throw new ManifestError(`Family '${family}' of the runtimes manifest is empty.`);
    const parsed = entries.map((entry) => parseRuntime(family, entry));
    if (parsed.length === 1) parsed[0]!.default = true;
    if (parsed.filter((r) => r.default).length !== 1) {
      throw new ManifestError(`Family '${family}' of the runtimes manifest must have exactly one default kind.`);
    }
    runtimes.push(...parsed);
  }
  const blackboxes = Array.isArray(document.blackboxes) ? document.blackboxes.map(imageName) : [];
  return new RuntimesManifest(runtimes, blackboxes);
}

function parseRuntime(family: string, entry: unknown): RuntimeManifest {
  if (!isJsonObject(entry) || typeof entry.kind !== 'string') throw new ManifestError(`An entry of family '${family}' has no 'kind'.`);
  return {
    kind: entry.kind,
    family,
    image: imageName(entry.image as Json),
    default: entry.default === true,
    deprecated: entry.deprecated === true,
    requireMain: entry.requireMain === true,
    attached: isJsonObject(entry.attached),
    sentinelledLogs: entry.sentinelledLogs !== false,
    readonly: entry.readonly === true,
    stemCells: Array.isArray(entry.stemCells) ? entry.stemCells.map((cell) => parseStemCell(String(entry.kind), cell)) : [],
  };
}

function parseStemCell(kind: string, value: unknown): ManifestStemCell {
  const refused = (what: string) => new ManifestError(`A stem cell of kind '${kind}' in the runtimes manifest ${what}.`);
  if (!isJsonObject(value)) throw refused('is not an object');
  const whole = (object: Record<string, unknown>, name: string, least: number): number => {
    const number = object[name];
    if (!Number.isInteger(number) || (number as number) < least) throw refused(`needs '${name}', a whole number of at least ${least}`);
    return number as number;
  };
  const text = (object: Record<string, unknown>, name: string, example: string): string => {
    if (typeof object[name] !== 'string') throw refused(`needs '${name}', such as "${example}"`);
    return object[name];
  };
  // `count` is the older name
  const initialCount = whole('initialCount' in value ? value : { initialCount: value.count }, 'initialCount', 0);
  const cell: ManifestStemCell = { initialCount, memory: text(value, 'memory', '256 MB') };
  const { reactive } = value;
  if (reactive === undefined) return cell;
  if (!isJsonObject(reactive)) throw refused("has a 'reactive' that is not an object");
  const minCount = whole(reactive, 'minCount', 0);
  cell.reactive = {
    minCount,
    maxCount: whole(reactive, 'maxCount', Math.max(1, minCount)),
    ttl: text(reactive, 'ttl', '2 minutes'),
    threshold: whole(reactive, 'threshold', 1),
    increment: whole(reactive, 'increment', 1),
  };
  return cell;
}

function imageName(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isJsonObject(value) || typeof value.name !== 'string') throw new ManifestError('An image of the runtimes manifest has no name.');
  const { registry, prefix, name, tag } = value as Record<string, string | undefined>;
  return `${registry ? `${registry}/` : ''}${prefix ? `${prefix}/` : ''}${name}${tag ? `:${tag}` : ''}`;
}
