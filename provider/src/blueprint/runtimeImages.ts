import type { ImageBlueprint } from './blueprint';

/** What the provider carries for images to be built from. */
export interface CarriedSources {
  /** Text of OpenWhisk's runtimes manifest with all kinds there are. */
  readonly manifest: string;
  /** A tag that follows from the content of a context's folder. */
  tag(context: string): string;
}

/** Families of runtimes: the folder of their sources, and the build argument that names the version. */
const FAMILIES: Readonly<Record<string, { context: string; version?: string }>> = {
  nodejs: { context: 'runtimes/nodejs', version: 'NODE_VERSION' },
  python: { context: 'runtimes/python', version: 'PYTHON_VERSION' },
  go: { context: 'runtimes/go', version: 'GO_VERSION' },
  native: { context: 'runtimes/native' },
};

/** A kind is wanted that the platform has no runtime for. */
export class UnknownKind extends Error {
  override readonly name = 'UnknownKind';
  constructor(kind: string, there: readonly string[]) {
    super(`docker.kinds has "${kind}", for which the platform has no runtime: there are ${there.join(', ')}.`);
  }
}

interface ManifestEntry {
  kind: string;
  default: boolean;
  image: { prefix: string; name: string; tag: string };
}

type Families = Record<string, ManifestEntry[]>;

/** Kinds of a manifest. */
export function kindsIn(manifest: string): string[] {
  return Object.values(familiesOf(manifest)).flatMap((entries) => entries.map(({ kind }) => kind));
}

/**
 * The images of the kinds wanted, and the manifest that says so. Kinds that no family builds keep the image the manifest names.
 *
 * @throws UnknownKind for one that is not in the manifest
 */
export function runtimeImages(
  kinds: readonly string[],
  sources: CarriedSources,
  repository: string,
): { images: ImageBlueprint[]; manifest: string } {
  const there = kindsIn(sources.manifest);
  const unknown = kinds.find((kind) => !there.includes(kind));
  if (unknown !== undefined) throw new UnknownKind(unknown, there);
  const images: ImageBlueprint[] = [];
  const chosen: Families = {};
  for (const [family, entries] of Object.entries(familiesOf(sources.manifest))) {
    const wanted = entries.filter(({ kind }) => kinds.includes(kind));
    if (wanted.length === 0) continue;
    const hasDefault = wanted.some((entry) => entry.default);
    chosen[family] = wanted.map((entry, index) => {
      const image = imageOf(entry, sources, repository);
      if (image !== undefined) images.push(image.blueprint);
      return { ...entry, default: hasDefault ? entry.default : index === 0, image: image?.name ?? entry.image };
    });
  }
  return { images, manifest: JSON.stringify({ runtimes: chosen, blackboxes: [] }) };
}

function imageOf({ kind, image }: ManifestEntry, sources: CarriedSources, repository: string) {
  const [family, version] = kind.split(':');
  const source = Object.hasOwn(FAMILIES, family!) ? FAMILIES[family!] : undefined;
  if (source === undefined) return undefined;
  const tag = sources.tag(source.context);
  const blueprint: ImageBlueprint = {
    name: image.name,
    reference: `${repository}/${image.name}:${tag}`,
    context: source.context,
    ...(source.version === undefined || version === undefined ? {} : { buildArgs: { [source.version]: version } }),
  };
  return { blueprint, name: { prefix: repository, name: image.name, tag } };
}

function familiesOf(manifest: string): Families {
  return (JSON.parse(manifest) as { runtimes: Families }).runtimes;
}
