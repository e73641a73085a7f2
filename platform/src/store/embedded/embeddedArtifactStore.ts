import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Database, RootDatabase } from 'lmdb';
import type { ActionDocument, EntityDocument } from '../../model/entities';
import { namespaceOf } from '../../model/names';
import { type ArtifactStore, type ListQuery, RevisionConflict, type Stored } from '../artifactStore';
import { commit } from './database';

/** What is stored of an entity. The checksums are for the integrity check; documents of earlier versions have none. */
export interface Envelope {
  revision: string;
  document: EntityDocument;
  /** CRC-32 of the document's JSON. */
  crc?: number;
  /** CRC-32 of the code, which is stored apart. */
  codeCrc?: number;
}

/** [collection, path, updated, id]: a packaged action is listed under its package and under its namespace. */
export type UpdatedKey = [string, string, number, string];

/** The parts of the database. */
export function openEntityTables(root: RootDatabase): {
  documents: Database<Envelope, string>;
  codes: Database<string, string>;
  byUpdated: Database<string, UpdatedKey>;
} {
  return {
    documents: root.openDB({ name: 'entities', encoding: 'json' }),
    codes: root.openDB({ name: 'code', encoding: 'string' }),
    byUpdated: root.openDB({ name: 'entities-by-updated', encoding: 'string' }),
  };
}

const lowest = Number.MIN_SAFE_INTEGER;
const highest = Number.MAX_SAFE_INTEGER;

/** Entities in lmdb: documents, code apart from them, and an index by time of change. */
export class EmbeddedArtifactStore implements ArtifactStore {
  private readonly documents: Database<Envelope, string>;
  private readonly codes: Database<string, string>;
  private readonly byUpdated: Database<string, UpdatedKey>;

  constructor(private readonly root: RootDatabase) {
    ({ documents: this.documents, codes: this.codes, byUpdated: this.byUpdated } = openEntityTables(root));
  }

  async get(id: string): Promise<Stored<EntityDocument> | undefined> {
    const stored = await this.getWithoutCode(id);
    if (!stored) return undefined;
    const code = this.codes.get(id);
    if (code !== undefined) (stored.document as ActionDocument).exec = { ...(stored.document as ActionDocument).exec, code } as never;
    return stored;
  }

  async getWithoutCode(id: string): Promise<Stored<EntityDocument> | undefined> {
    const envelope = this.documents.get(id);
    return envelope && { document: envelope.document, revision: envelope.revision };
  }

  async put(id: string, document: EntityDocument, revision: string | undefined, keep?: 'keepCode'): Promise<string> {
    const { stripped, code } = withoutCode(document);
    let next = '';
    await commit(this.root, () => {
      const before = this.documents.get(id);
      if (before?.revision !== revision) return;
      next = `${Number.parseInt(before?.revision ?? '0', 10) + 1}-${randomBytes(8).toString('hex')}`;
      if (before) this.unindex(id, before.document);
      const codeCrc = code === undefined ? undefined : keep === 'keepCode' ? before?.codeCrc : crc32(code);
      const crc = crc32(JSON.stringify(stripped));
      this.documents.putSync(id, { revision: next, document: stripped, crc, ...(codeCrc === undefined ? {} : { codeCrc }) });
      for (const key of indexKeys(id, document)) this.byUpdated.putSync(key, '');
      if (code !== undefined) {
        if (keep !== 'keepCode') this.codes.putSync(id, code);
      } else this.codes.removeSync(id);
    });
    if (next === '') throw new RevisionConflict(id);
    return next;
  }

  async delete(id: string, revision: string): Promise<void> {
    let done = false;
    await commit(this.root, () => {
      const before = this.documents.get(id);
      if (before?.revision !== revision) return;
      done = true;
      this.unindex(id, before.document);
      this.documents.removeSync(id);
      this.codes.removeSync(id);
    });
    if (!done) throw new RevisionConflict(id);
  }

  async list(query: ListQuery): Promise<EntityDocument[]> {
    const { collection, skip, limit } = query;
    const path = query.package ?? query.namespace;
    const keys = this.byUpdated.getKeys({
      start: [collection, path, highest, '\uffff'],
      end: [collection, path, lowest, ''],
      reverse: true,
      offset: skip,
      ...(limit > 0 ? { limit } : {}),
    });
    const found: EntityDocument[] = [];
    for (const [, , , id] of keys) {
      const envelope = this.documents.get(id);
      if (envelope) found.push(envelope.document);
    }
    return found;
  }

  async count(query: Omit<ListQuery, 'limit'>): Promise<number> {
    const path = query.package ?? query.namespace;
    const total = this.byUpdated.getKeysCount({
      start: [query.collection, path, lowest, ''],
      end: [query.collection, path, highest, '\uffff'],
    });
    return Math.max(0, total - query.skip);
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  private unindex(id: string, document: EntityDocument): void {
    for (const key of indexKeys(id, document)) this.byUpdated.removeSync(key);
  }
}

/** The keys under which an entity is listed. */
export function indexKeys(id: string, document: EntityDocument): UpdatedKey[] {
  const namespace = namespaceOf(document.namespace);
  const paths = namespace === document.namespace ? [namespace] : [namespace, document.namespace];
  return paths.map((path) => [document.type, path, document.updated, id]);
}

function withoutCode(document: EntityDocument): { stripped: EntityDocument; code: string | undefined } {
  if (document.type !== 'actions' || document.exec.kind === 'sequence' || !('code' in document.exec))
    return { stripped: document, code: undefined };
  const { code, ...exec } = document.exec;
  return { stripped: { ...document, exec: { ...exec, code: '' } as never }, code };
}
