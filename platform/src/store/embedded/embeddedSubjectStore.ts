import type { Database, RootDatabase } from 'lmdb';
import type { Identity } from '../../model/identity';
import { type NamespaceEntry, type SubjectDocument, type SubjectStore, UuidInUse } from '../subjectStore';
import { commit } from './database';

/** The parts of the database. */
export function openSubjectTables(root: RootDatabase): { entries: Database<NamespaceEntry, string>; nameOfUuid: Database<string, string> } {
  return {
    entries: root.openDB({ name: 'namespaces', encoding: 'json' }),
    nameOfUuid: root.openDB({ name: 'namespace-uuids', encoding: 'string' }),
  };
}

/** Subjects in lmdb: one entry a namespace, found by name and by the uuid of its key. */
export class EmbeddedSubjectStore implements SubjectStore {
  private readonly entries: Database<NamespaceEntry, string>;
  private readonly nameOfUuid: Database<string, string>;

  constructor(private readonly root: RootDatabase) {
    ({ entries: this.entries, nameOfUuid: this.nameOfUuid } = openSubjectTables(root));
  }

  async identify(uuid: string, key: string): Promise<Identity | undefined> {
    const name = this.nameOfUuid.get(uuid);
    const entry = name === undefined ? undefined : this.entries.get(name);
    return entry && entry.key === key && !entry.blocked ? identityOf(entry) : undefined;
  }

  async identityOf(namespace: string): Promise<Identity | undefined> {
    const entry = this.entries.get(namespace);
    return entry && !entry.blocked ? identityOf(entry) : undefined;
  }

  async namespace(name: string): Promise<NamespaceEntry | undefined> {
    return this.entries.get(name);
  }

  async namespaces(page: { skip: number; limit: number }): Promise<{ entries: NamespaceEntry[]; total: number }> {
    const range = this.entries.getRange({ offset: page.skip, limit: page.limit });
    return { entries: [...range].map(({ value }) => value), total: this.entries.getCount() };
  }

  async subject(name: string): Promise<SubjectDocument | undefined> {
    const own = [...this.entries.getRange({})].map(({ value }) => value).filter((e) => e.subject === name);
    if (own.length === 0) return undefined;
    return {
      subject: name,
      blocked: own.some((e) => e.blocked),
      namespaces: own.map(({ name: n, uuid, key }) => ({ name: n, uuid, key })),
    };
  }

  async putNamespace(entry: NamespaceEntry): Promise<void> {
    let taken = false;
    await commit(this.root, () => {
      const before = this.entries.get(entry.name);
      taken = (this.nameOfUuid.get(entry.uuid) ?? entry.name) !== entry.name;
      if (taken) return;
      if (before) this.nameOfUuid.removeSync(before.uuid);
      this.entries.putSync(entry.name, entry);
      this.nameOfUuid.putSync(entry.uuid, entry.name);
    });
    if (taken) throw new UuidInUse(entry.uuid);
  }

  async deleteNamespace(name: string): Promise<void> {
    await commit(this.root, () => {
      const before = this.entries.get(name);
      if (!before) return;
      this.nameOfUuid.removeSync(before.uuid);
      this.entries.removeSync(name);
    });
  }

  async close(): Promise<void> {
    // the environment is shared and closed by the artifact store
  }
}

function identityOf({ subject, name, uuid, key, limits, created }: NamespaceEntry): Identity {
  return { subject, namespace: { name, uuid }, authkey: { uuid, key }, limits, ...(created === undefined ? {} : { created }) };
}
