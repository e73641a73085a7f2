import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import type { CarriedSources } from '../blueprint/runtimeImages';

const TAG_LENGTH = 12;
const FORGOTTEN_MS = 24 * 3_600_000;

/** The provider's package lacks what images are built from. */
export class SourcesMissing extends Error {
  override readonly name = 'SourcesMissing';
  constructor(folder: string) {
    super(`The sources of the platform's images are not built: there is no ${folder} (run "npm run build").`);
  }
}

/** The sources of images that the plugin carries beside its bundle. */
export class ImageSources implements CarriedSources {
  readonly manifest: string;
  private readonly tags = new Map<string, string>();

  /** @param folder What the build put together: a folder for each context, and runtimes.json. */
  constructor(readonly folder = carriedFolder()) {
    const manifest = join(folder, 'runtimes.json');
    if (!existsSync(manifest)) throw new SourcesMissing(manifest);
    this.manifest = readFileSync(manifest, 'utf8');
  }

  tag(context: string): string {
    let tag = this.tags.get(context);
    if (tag === undefined) {
      tag = this.hash(context);
      this.tags.set(context, tag);
    }
    return tag;
  }

  /**
   * Puts the sources of a context below `target`, in a folder of their content, and gives its path relative to the working folder, which is
   * the same for all plugins of a deployment: an absolute one would be a change on every other machine. Others may do the same at the same
   * moment: a folder is there as a whole or not at all.
   */
  stage(context: string, target: string): string {
    const all = join(target, context.replaceAll('/', '-'));
    const place = join(all, this.tag(context));
    if (existsSync(place)) {
      // in use, as `forget` sees it
      const now = new Date();
      utimesSync(place, now, now);
    } else {
      mkdirSync(all, { recursive: true });
      const own = mkdtempSync(join(all, '.new-'));
      this.copy(context, own);
      try {
        renameSync(own, place);
      } catch (error) {
        rmSync(own, { recursive: true, force: true });
        if (!existsSync(place)) throw error;
      }
    }
    forget(all, place);
    return relative(process.cwd(), place) || '.';
  }

  private copy(context: string, place: string): void {
    for (const file of this.files(context)) {
      cpSync(join(this.folder, context, file), join(place, file));
      // what the builder caches must not depend on the machine it was unpacked on
      chmodSync(join(place, file), 0o644);
    }
    // as one that anybody may read, not as `mkdtemp` makes it
    chmodSync(place, 0o755);
  }

  private files(context: string): string[] {
    const root = join(this.folder, context);
    if (!existsSync(root)) throw new SourcesMissing(root);
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
      .sort();
  }

  private hash(context: string): string {
    const hash = createHash('sha256');
    for (const file of this.files(context)) hash.update(`${file}\0`).update(readFileSync(join(this.folder, context, file)));
    return hash.digest('hex').slice(0, TAG_LENGTH);
  }
}

/** Removes what no deployment has used for a day: another version's sources may be in use at this moment. */
function forget(folder: string, kept: string): void {
  for (const entry of readdirSync(folder)) {
    const place = join(folder, entry);
    const used = statSync(place, { throwIfNoEntry: false })?.mtimeMs;
    if (place !== kept && used !== undefined && used < Date.now() - FORGOTTEN_MS) rmSync(place, { recursive: true, force: true });
  }
}

/** In the bundle the plugin is, beside it; otherwise in the `dist` this file is a part of, or would be. */
function carriedFolder(): string {
  const beside = join(__dirname, 'images');
  return existsSync(beside) ? beside : join(__dirname, '..', '..', 'dist', 'images');
}
