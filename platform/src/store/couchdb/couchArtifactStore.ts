import type { ActionDocument, EntityDocument } from '../../model/entities';
import { type ArtifactStore, type ListQuery, RevisionConflict, type Stored } from '../artifactStore';
import { type Attachment, documentKeepingCode, documentOf, entityOf, entityTypes } from './artifactDocument';
import { type CouchClient, pathOf, unexpected, viewPath } from './couchClient';
import { entitiesDesign } from './designDocuments';

type StoredDocument = Record<string, unknown> & { _rev: string; _attachments?: Record<string, { data?: string }> };

/** Sorts behind every number and every other text. */
const highest = '\ufff0';

/** Entities in the database `whisks` of CouchDB, in OpenWhisk's form; large code is an attachment of its action's document. */
export class CouchArtifactStore implements ArtifactStore {
  constructor(
    private readonly client: CouchClient,
    private readonly database: string,
  ) {}

  async get(id: string): Promise<Stored<EntityDocument> | undefined> {
    const document = await this.read(id, { attachments: 'true' });
    return document && { document: entityOf(document, document._attachments ?? {}), revision: document._rev };
  }

  async getWithoutCode(id: string): Promise<Stored<EntityDocument> | undefined> {
    const document = await this.read(id);
    return document && { document: entityOf(document), revision: document._rev };
  }

  async put(id: string, entity: EntityDocument, revision: string | undefined, keep?: 'keepCode'): Promise<string> {
    const { fields, attachments } = await this.written(id, entity, revision, keep);
    const body = JSON.stringify({
      ...fields,
      ...(Object.keys(attachments).length === 0 ? {} : { _attachments: attachments }),
      ...(revision === undefined ? {} : { _rev: revision }),
    });
    const answer = await this.client.request('PUT', pathOf(this.database, id), { body });
    if (answer.status === 201 || answer.status === 202) return (JSON.parse(answer.text) as { rev: string }).rev;
    if (answer.status !== 409) throw unexpected(`${id} can't be written`, answer);
    const own = answer.repeated ? await this.ownWrite(id, fields) : undefined;
    if (own === undefined) throw new RevisionConflict(id);
    return own;
  }

  async delete(id: string, revision: string): Promise<void> {
    const answer = await this.client.request('DELETE', pathOf(this.database, id), { query: { rev: revision } });
    if (answer.status === 200 || answer.status === 202) return;
    if (answer.repeated && answer.status === 404) return;
    if (answer.status === 404 || answer.status === 409 || answer.status === 400) throw new RevisionConflict(id);
    throw unexpected(`${id} can't be deleted`, answer);
  }

  async list(query: ListQuery): Promise<EntityDocument[]> {
    const { collection, skip, limit } = query;
    const answer = await this.client.request('GET', viewPath(this.database, entitiesDesign, collection), {
      query: {
        ...range(query, true),
        skip: String(skip),
        ...(limit > 0 ? { limit: String(limit) } : {}),
        reduce: 'false',
        // the index has what a listing shows, except of rules
        ...(collection === 'rules' ? { include_docs: 'true' } : {}),
      },
    });
    if (answer.status !== 200) throw unexpected(`${collection} can't be listed`, answer);
    const { rows } = JSON.parse(answer.text) as { rows: { value: object; doc?: StoredDocument | null }[] };
    if (collection !== 'rules') return rows.map(({ value }) => entityOf({ ...value, entityType: entityTypes[collection] }));
    // one that was deleted since the index was made has no document
    return rows.flatMap(({ doc }) => (doc ? [entityOf(doc)] : []));
  }

  async count(query: Omit<ListQuery, 'limit'>): Promise<number> {
    const answer = await this.client.request('GET', viewPath(this.database, entitiesDesign, query.collection), {
      query: { ...range(query, false), reduce: 'true' },
    });
    if (answer.status !== 200) throw unexpected(`${query.collection} can't be counted`, answer);
    const { rows } = JSON.parse(answer.text) as { rows: { value: number }[] };
    return Math.max(0, (rows[0]?.value ?? 0) - query.skip);
  }

  async close(): Promise<void> {
    // the client is shared, and closed by who made it
  }

  private async read(id: string, query?: Record<string, string>): Promise<StoredDocument | undefined> {
    const answer = await this.client.request('GET', pathOf(this.database, id), query === undefined ? {} : { query });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpected(`${id} can't be read`, answer);
    return JSON.parse(answer.text) as StoredDocument;
  }

  private async written(
    id: string,
    entity: EntityDocument,
    revision: string | undefined,
    keep: 'keepCode' | undefined,
  ): Promise<{ fields: Record<string, unknown>; attachments: Record<string, Attachment> }> {
    if (keep !== 'keepCode' || entity.type !== 'actions') return documentOf(entity);
    const stored = await this.read(id);
    if (stored?._rev !== revision) throw new RevisionConflict(id);
    return stored ? documentKeepingCode(entity as ActionDocument, stored) : documentOf(entity);
  }

  /** The revision when what is stored is what was to be written: an attempt whose answer got lost was carried out. */
  private async ownWrite(id: string, fields: Record<string, unknown>): Promise<string | undefined> {
    const stored = await this.read(id);
    if (!stored) return undefined;
    const { _id, _rev, _attachments, ...rest } = stored;
    return JSON.stringify(sorted(rest)) === JSON.stringify(sorted(fields)) ? _rev : undefined;
  }
}

/** The keys of a namespace or package, newest first when `descending`. */
function range(query: Pick<ListQuery, 'namespace' | 'package'>, descending: boolean): Record<string, string> {
  const path = query.package ?? query.namespace;
  const low = JSON.stringify([path, 0]);
  const high = JSON.stringify([path, highest, highest]);
  return descending ? { descending: 'true', startkey: high, endkey: low } : { startkey: low, endkey: high };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
