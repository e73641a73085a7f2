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
    super(
      `kinds has "${kind}", for which the platform has no runtime: there are ${there.join(', ')}; images.runtimes gives others an image.`,
    );
  }
}

interface ManifestEntry {
  kind: string;
  default: boolean;
  /** In its parts, or as its full name. */
  image: ImageName | string;
  attached?: { attachmentName: string; attachmentType: string };
  /** The root of the image may be read-only. */
  readonly?: boolean;
}

interface ImageName {
  prefix: string;
  name: string;
  tag: string;
}

type Families = Record<string, ManifestEntry[]>;

/** Kinds of a manifest. */
export function kindsIn(manifest: string): string[] {
  return Object.values(familiesOf(manifest)).flatMap((entries) => entries.map(({ kind }) => kind));
}

/** What is wanted of runtimes. */
export interface RuntimeChoice {
  kinds: readonly string[];
  /** Kind to the full name of the image that runs it, instead of one that is built; also for kinds the manifest does not have. */
  given: Readonly<Record<string, string>>;
  /** In front of the names of images that are built. */
  repository: string;
}

/**
 * The images of the kinds wanted, and the manifest that says so. Kinds that no family builds keep the image the manifest names.
 *
 * @throws UnknownKind for one that is neither in the manifest nor given an image
 */
export function runtimeImages(choice: RuntimeChoice, sources: CarriedSources): { images: ImageBlueprint[]; manifest: string } {
  const { given, repository } = choice;
  const there = kindsIn(sources.manifest);
  const kinds = [...new Set([...choice.kinds, ...Object.keys(given)])];
  const unknown = kinds.find((kind) => !there.includes(kind) && given[kind] === undefined);
  if (unknown !== undefined) throw new UnknownKind(unknown, there);
  const images: ImageBlueprint[] = [];
  const chosen: Families = {};
  for (const [family, entries] of Object.entries(withGiven(familiesOf(sources.manifest), kinds))) {
    const wanted = entries.filter(({ kind }) => kinds.includes(kind));
    if (wanted.length === 0) continue;
    const hasDefault = wanted.some((entry) => entry.default);
    chosen[family] = wanted.map((entry, index) => {
      const shared = { ...entry, default: hasDefault ? entry.default : index === 0 };
      const reference = given[entry.kind];
      if (reference !== undefined) {
        images.push({ name: `runtime-${entry.kind.replaceAll(/[^A-Za-z0-9.]+/g, '-')}`, reference });
        // what holds for our own image need not hold for another
        const { readonly: _, ...rest } = shared;
        return { ...rest, image: reference };
      }
      const image = imageOf(entry, sources, repository);
      if (image !== undefined) images.push(image.blueprint);
      return { ...shared, image: image?.name ?? entry.image };
    });
  }
  return { images, manifest: JSON.stringify({ runtimes: chosen, blackboxes: [] }) };
}

/** With an entry for each kind that only its user knows, in the family that its name begins with. */
function withGiven(families: Families, kinds: readonly string[]): Families {
  const all: Families = { ...families };
  for (const kind of kinds) {
    const family = kind.split(':')[0]!;
    const entries = all[family] ?? [];
    if (!entries.some((entry) => entry.kind === kind)) all[family] = [...entries, { kind, default: false, image: '', attached: CODE_FILE }];
  }
  return all;
}

/** Code of any size is kept beside the action's document. */
const CODE_FILE = { attachmentName: 'codefile', attachmentType: 'text/plain' };

function imageOf({ kind, image }: ManifestEntry, sources: CarriedSources, repository: string) {
  if (typeof image === 'string') return undefined;
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
