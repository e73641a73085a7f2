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
  stemCells: { initialCount: number; memory: string }[];
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
    stemCells: Array.isArray(entry.stemCells) ? (entry.stemCells as unknown as RuntimeManifest['stemCells']) : [],
  };
}

function imageName(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isJsonObject(value) || typeof value.name !== 'string') throw new ManifestError('An image of the runtimes manifest has no name.');
  const { registry, prefix, name, tag } = value as Record<string, string | undefined>;
  return `${registry ? `${registry}/` : ''}${prefix ? `${prefix}/` : ''}${name}${tag ? `:${tag}` : ''}`;
}
