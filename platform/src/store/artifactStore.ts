import type { EntityCollection, EntityDocument } from '../model/entities';

/** A stored document with its revision. */
export interface Stored<T> {
  readonly document: T;
  readonly revision: string;
}

export interface ListQuery {
  collection: EntityCollection;
  /** First segment of the path: listings of a namespace include actions inside packages. */
  namespace: string;
  /** Only entities of this package (`ns/pkg` path). */
  package?: string;
  skip: number;
  /** 0 = no limit. */
  limit: number;
}

/** Thrown by `put` and `delete` when the revision is not the stored one. */
export class RevisionConflict extends Error {
  constructor(readonly id: string) {
    super(`Document ${id} was changed by somebody else.`);
    this.name = 'RevisionConflict';
  }
}

/**
 * Entities, by id `ns/[pkg/]name`: actions, triggers, rules and packages of one namespace share one key space. Optimistic
 * concurrency by revision. Implementations: `embedded/` (lmdb), `couchdb/`.
 */
export interface ArtifactStore {
  get(id: string): Promise<Stored<EntityDocument> | undefined>;
  /** As `get`, with `exec.code` left empty: what the controller needs, whatever the size of the code. */
  getWithoutCode(id: string): Promise<Stored<EntityDocument> | undefined>;
  /**
   * `revision` undefined = must not exist. Returns the new revision. Throws RevisionConflict. With `keepCode` the stored code of an
   * action stays as it is, whatever `exec.code` says.
   */
  put(id: string, document: EntityDocument, revision: string | undefined, code?: 'keepCode'): Promise<string>;
  delete(id: string, revision: string): Promise<void>;
  /** Newest `updated` first. What a listing shows: `exec` may have `binary` only, and parameters may be missing. */
  list(query: ListQuery): Promise<EntityDocument[]>;
  count(query: Omit<ListQuery, 'limit'>): Promise<number>;
  close(): Promise<void>;
}
