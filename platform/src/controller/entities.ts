import type { EntityCollection, EntityDocument } from '../model/entities';
import type { ArtifactStore, Stored } from '../store/artifactStore';
import { NoSuchResource, NotInCollection } from './http/errors';

export type DocumentOf<C extends EntityCollection> = Extract<EntityDocument, { type: C }>;

const maxEntries = 10_000;
/** The net under invalidation; OpenWhisk's entity cache keeps five minutes too. */
const maxAge = 5 * 60_000;

/**
 * Entities by id with a cache in front of the store. Documents come without code and are shared: never change one, make a new one.
 */
export class Entities {
  private readonly cache = new Map<string, { stored: Stored<EntityDocument>; expires: number }>();
  /** Counts writes: a read that began before a write must not put the old document into the cache after it. */
  private generation = 0;

  /** `changed` tells other controllers, and is waited for. */
  constructor(
    readonly store: ArtifactStore,
    private readonly changed: (id: string) => Promise<void> | void = () => {},
  ) {}

  find(id: string): Stored<EntityDocument> | Promise<Stored<EntityDocument> | undefined> {
    const cached = this.cache.get(id);
    if (cached && cached.expires > Date.now()) return cached.stored;
    return this.read(id);
  }

  /** Throws NoSuchResource, or NotInCollection when another type of entity has the name. */
  async load<C extends EntityCollection>(collection: C, id: string): Promise<Stored<DocumentOf<C>>> {
    const stored = await this.find(id);
    if (!stored) throw new NoSuchResource();
    return ofCollection(collection, stored);
  }

  async loadWithCode<C extends EntityCollection>(collection: C, id: string): Promise<Stored<DocumentOf<C>>> {
    const stored = await this.store.get(id);
    if (!stored) throw new NoSuchResource();
    return ofCollection(collection, stored);
  }

  async put(id: string, document: EntityDocument, revision: string | undefined, keep?: 'keepCode'): Promise<void> {
    try {
      await this.store.put(id, document, revision, keep);
    } finally {
      this.forget(id);
      await this.changed(id);
    }
  }

  async delete(id: string, revision: string): Promise<void> {
    try {
      await this.store.delete(id, revision);
    } finally {
      this.forget(id);
      await this.changed(id);
    }
  }

  forget(id: string): void {
    this.generation++;
    this.cache.delete(id);
  }

  /** Everything of a namespace changed behind the cache. */
  forgetNamespace(namespace: string): void {
    this.generation++;
    for (const id of this.cache.keys()) if (id.startsWith(`${namespace}/`)) this.cache.delete(id);
  }

  private async read(id: string): Promise<Stored<EntityDocument> | undefined> {
    const { generation } = this;
    const stored = await this.store.getWithoutCode(id);
    if (stored && generation === this.generation) {
      if (this.cache.size >= maxEntries) this.cache.clear();
      this.cache.set(id, { stored, expires: Date.now() + maxAge });
    }
    return stored;
  }
}

function ofCollection<C extends EntityCollection>(collection: C, stored: Stored<EntityDocument>): Stored<DocumentOf<C>> {
  if (stored.document.type !== collection) throw new NotInCollection();
  return stored as Stored<DocumentOf<C>>;
}
