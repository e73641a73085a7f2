import { isDeepStrictEqual } from 'node:util';
import type { Identity, NamespaceLimits } from '../../model/identity';
import { RevisionConflict } from '../artifactStore';
import { type NamespaceEntry, type NamespaceKey, type SubjectDocument, type SubjectStore, UuidInUse } from '../subjectStore';
import { type CouchClient, pathOf, unexpected, viewPath } from './couchClient';
import { identitiesDesign, namespacesDesign } from './designDocuments';

type StoredSubject = Omit<SubjectDocument, 'blocked'> & { blocked?: boolean; _rev?: string };
/** `<ns>/limits`; `created` is ours, and passed over by OpenWhisk. */
type StoredLimits = NamespaceLimits & { _id?: string; _rev?: string; created?: number };

interface IdentityRow {
  id: string;
  value: { namespace: string; uuid: string; key: string };
  doc?: StoredLimits | null;
}

interface NamespaceRow {
  key: string;
  value: { subject: string; uuid: string; key: string; blocked: boolean };
  doc?: StoredLimits | null;
}

const attempts = 5;

/**
 * Subjects in the database `subjects` of CouchDB, in OpenWhisk's form: a document a subject with the keys of its namespaces, and one a
 * namespace with its limits. Blocking a namespace blocks its subject, and so all of its namespaces.
 */
export class CouchSubjectStore implements SubjectStore {
  constructor(
    private readonly client: CouchClient,
    private readonly database: string,
  ) {}

  async identify(uuid: string, key: string): Promise<Identity | undefined> {
    const rows = await this.identities([uuid, key], 2);
    if (rows.length > 1) throw new Error(`The key of ${rows[0]!.value.namespace} belongs to another namespace too.`);
    return rows[0] && identityOf(rows[0]);
  }

  async identityOf(namespace: string): Promise<Identity | undefined> {
    const [row] = await this.identities([namespace], 1);
    return row && identityOf(row);
  }

  async namespace(name: string): Promise<NamespaceEntry | undefined> {
    const [row] = await this.namespaceRows({ key: JSON.stringify(name), limit: '1' });
    return row && entryOf(row);
  }

  async namespaces(page: { skip: number; limit: number }): Promise<{ entries: NamespaceEntry[]; total: number }> {
    const [rows, total] = await Promise.all([
      this.namespaceRows({ skip: String(page.skip), limit: String(page.limit) }),
      this.view<{ value: number }>(namespacesDesign, 'namespaces', { reduce: 'true' }),
    ]);
    return { entries: rows.map(entryOf), total: total[0]?.value ?? 0 };
  }

  async subject(name: string): Promise<SubjectDocument | undefined> {
    const stored = await this.read<StoredSubject>(name);
    if (!stored?.namespaces) return undefined;
    const { subject, blocked, namespaces } = stored;
    return { subject, blocked: blocked === true, namespaces: namespaces.map(({ name: n, uuid, key }) => ({ name: n, uuid, key })) };
  }

  async putNamespace(entry: NamespaceEntry): Promise<void> {
    const { name, uuid, key, subject, blocked, limits, created } = entry;
    const owners = await this.view<{ value: string }>(namespacesDesign, 'uuids', { key: JSON.stringify(uuid) });
    if (owners.some(({ value }) => value !== name)) throw new UuidInUse(uuid);
    const before = await this.namespace(name);
    // limits first: whoever finds the key must find them
    await this.change<StoredLimits>(`${name}/limits`, () => ({ ...limits, ...(created === undefined ? {} : { created }) }));
    await this.change<StoredSubject>(subject, (stored) => ({
      subject,
      namespaces: withNamespace(stored?.namespaces ?? [], { name, uuid, key }),
      ...(blocked ? { blocked } : {}),
    }));
    if (before && before.subject !== subject) await this.leaveSubject(before.subject, name);
  }

  async deleteNamespace(name: string): Promise<void> {
    const entry = await this.namespace(name);
    if (!entry) return;
    await this.leaveSubject(entry.subject, name);
    await this.change<StoredLimits>(`${name}/limits`, () => undefined);
  }

  async close(): Promise<void> {
    // the client is shared, and closed by who made it
  }

  private leaveSubject(subject: string, namespace: string): Promise<void> {
    return this.change<StoredSubject>(subject, (stored) => {
      const namespaces = (stored?.namespaces ?? []).filter((n) => n.name !== namespace);
      return namespaces.length === 0 ? undefined : { ...stored, subject, namespaces };
    });
  }

  private identities(key: string[], limit: number): Promise<IdentityRow[]> {
    return this.view(identitiesDesign, 'identities', { key: JSON.stringify(key), limit: String(limit), include_docs: 'true' });
  }

  private namespaceRows(query: Record<string, string>): Promise<NamespaceRow[]> {
    return this.view(namespacesDesign, 'namespaces', { ...query, reduce: 'false', include_docs: 'true' });
  }

  private async view<Row>(design: string, view: string, query: Record<string, string>): Promise<Row[]> {
    const answer = await this.client.request('GET', viewPath(this.database, design, view), { query });
    if (answer.status !== 200) throw unexpected(`the view ${design}/${view} can't be read`, answer);
    return (JSON.parse(answer.text) as { rows: Row[] }).rows;
  }

  private async read<D>(id: string): Promise<(D & { _id: string; _rev: string }) | undefined> {
    const answer = await this.client.request('GET', pathOf(this.database, id));
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpected(`the document ${id} can't be read`, answer);
    return JSON.parse(answer.text) as D & { _id: string; _rev: string };
  }

  /** Reads, changes and writes a document, again when somebody else was quicker. `undefined` deletes it. */
  private async change<D extends object>(id: string, next: (stored: D | undefined) => D | undefined): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const stored = await this.read<D>(id);
      const wanted = next(stored);
      if (wanted === undefined && stored === undefined) return;
      if (wanted !== undefined && stored !== undefined && isDeepStrictEqual({ ...stored, ...wanted }, stored) && sameKeys(stored, wanted))
        return;
      const path = pathOf(this.database, id);
      const revision = stored === undefined ? {} : { _rev: stored._rev };
      const answer =
        wanted === undefined
          ? await this.client.request('DELETE', path, { query: { rev: stored!._rev } })
          : await this.client.request('PUT', path, { body: JSON.stringify({ ...wanted, _id: id, ...revision }) });
      if (answer.status < 300) return;
      if (answer.status !== 409 && answer.status !== 404) throw unexpected(`the document ${id} can't be written`, answer);
    }
    throw new RevisionConflict(id);
  }
}

function sameKeys(stored: object, wanted: object): boolean {
  const own = Object.keys(stored).filter((key) => key !== '_id' && key !== '_rev');
  return own.every((key) => key in wanted);
}

function withNamespace(namespaces: readonly NamespaceKey[], entry: NamespaceKey): NamespaceKey[] {
  const at = namespaces.findIndex((n) => n.name === entry.name);
  return at < 0 ? [...namespaces, entry] : namespaces.with(at, entry);
}

function limitsOf(doc: StoredLimits | null | undefined): { limits: NamespaceLimits; created?: number } {
  const { _id, _rev, created, ...limits } = doc ?? {};
  return { limits, ...(created === undefined ? {} : { created }) };
}

function identityOf({ id, value: { namespace, uuid, key }, doc }: IdentityRow): Identity {
  return { subject: id, namespace: { name: namespace, uuid }, authkey: { uuid, key }, ...limitsOf(doc) };
}

function entryOf({ key: name, value: { subject, uuid, key, blocked }, doc }: NamespaceRow): NamespaceEntry {
  return { name, subject, uuid, key, blocked, ...limitsOf(doc) };
}
