import type { ActionDocument } from '../model/entities';
import type { BlackboxExec, CodeExec, Exec } from '../model/exec';
import { isSequence } from '../model/exec';
import type { ArtifactStore } from '../store/artifactStore';
import { type ActionProfile, profileOf, type RuntimeChoice } from './executableAction';

/** What runs a kind, or a user's image where `image` is given; undefined = nothing does. */
export type RuntimeLookup = (kind: string, image?: string) => RuntimeChoice | undefined;

export type ActionCode = Exclude<Exec, { kind: 'sequence' }>;

export interface LoadedAction {
  profile: ActionProfile;
  exec: ActionCode;
}

/** Told apart because the record of the activation differs. */
export type ActionMissing = 'gone' | 'notExecutable';

const maxProfiles = 10_000;

/**
 * Actions by id and revision, newest use last. Profiles are small and kept by number; code is kept by size, as only a new container needs it.
 */
export class ActionCache {
  private readonly profiles = new Map<string, ActionProfile>();
  private readonly codes = new Map<string, ActionCode>();
  private bytes = 0;

  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly runtimes: RuntimeLookup,
    /** Characters of code kept. */
    private readonly maxBytes = 64 * 1024 * 1024,
  ) {}

  /** Undefined when it must be loaded. */
  peek(id: string, revision: string): ActionProfile | undefined {
    return this.profiles.get(cacheKey(id, revision));
  }

  /**
   * The action as it is stored now. When it was changed after its invocation was accepted this is another revision than the
   * message names: running it beats failing the activation. Rejects when the store does.
   */
  async load(id: string): Promise<LoadedAction | ActionMissing> {
    const stored = await this.artifacts.get(id);
    if (stored?.document.type !== 'actions') return 'gone';
    const document: ActionDocument = stored.document;
    const { exec } = document;
    if (isSequence(exec)) return 'notExecutable';
    const runtime = this.runtimes(exec.kind, (exec as Partial<BlackboxExec>).image);
    if (!runtime) return 'notExecutable';
    const profile = profileOf(document, stored.revision, runtime);
    this.keep(cacheKey(id, stored.revision), profile, exec);
    return { profile, exec };
  }

  /** The code of an action whose profile is known. Rejects when it is gone or changed meanwhile. */
  async code(profile: ActionProfile): Promise<ActionCode> {
    const key = cacheKey(profile.id, profile.revision);
    const kept = this.codes.get(key);
    if (kept) {
      this.codes.delete(key);
      this.codes.set(key, kept);
      return kept;
    }
    const loaded = await this.load(profile.id);
    if (typeof loaded === 'string') throw new Error('it is no longer there.');
    if (loaded.profile.revision !== profile.revision) throw new Error('it was changed after the activation was accepted.');
    return loaded.exec;
  }

  private keep(key: string, profile: ActionProfile, exec: ActionCode): void {
    this.profiles.delete(key);
    this.profiles.set(key, profile);
    if (this.profiles.size > maxProfiles) this.profiles.delete(first(this.profiles)!);
    const size = sizeOf(exec);
    if (this.codes.has(key) || size > this.maxBytes) return;
    this.codes.set(key, exec);
    this.bytes += size;
    while (this.bytes > this.maxBytes) {
      const oldest = first(this.codes)!;
      this.bytes -= sizeOf(this.codes.get(oldest)!);
      this.codes.delete(oldest);
    }
  }
}

function cacheKey(id: string, revision: string): string {
  return `${id}@${revision}`;
}

function sizeOf(exec: ActionCode): number {
  return (exec as Partial<CodeExec>).code?.length ?? 0;
}

function first<K>(map: Map<K, unknown>): K | undefined {
  return map.keys().next().value;
}
