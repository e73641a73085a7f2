import { documentId, type EntityCollection } from '../model/entities';
import type { ActivationStore } from '../store/activationStore';
import type { ArtifactStore } from '../store/artifactStore';
import type { SubjectStore } from '../store/subjectStore';
import { AdminError } from './adminErrors';

export interface DatabaseRow {
  id: string;
  key: string;
  value: object;
  doc?: object;
}

export interface DatabasePage {
  total_rows: number;
  offset: number;
  rows: DatabaseRow[];
}

type Count = (namespace: string) => Promise<number>;
type Rows = (namespace: string, skip: number, limit: number) => Promise<DatabaseRow[]>;

const collections: EntityCollection[] = ['actions', 'triggers', 'rules', 'packages'];
const maxNamespaces = 200;

/** What the stores hold, as an operator lists it: the databases of OpenWhisk by name, a page at a time. Documents come without code and keys. */
export class DatabaseContents {
  constructor(
    private readonly subjects: SubjectStore,
    private readonly artifacts: ArtifactStore,
    private readonly activations: ActivationStore,
  ) {}

  async page(database: string, skip: number, limit: number, docs: boolean): Promise<DatabasePage> {
    const page = await this.read(database, skip, limit);
    return docs ? page : { ...page, rows: page.rows.map(({ doc: _, ...row }) => row) };
  }

  private async read(database: string, skip: number, limit: number): Promise<DatabasePage> {
    if (database === 'subjects') {
      const { entries, total } = await this.subjects.namespaces({ skip, limit });
      const rows = entries.map(({ name, subject, blocked, limits }) => row(subject, { subject, blocked, namespaces: [{ name }], limits }));
      return { total_rows: total, offset: skip, rows };
    }
    if (database === 'whisks') {
      const count: Count = async (namespace) => {
        let sum = 0;
        for (const collection of collections) sum += await this.artifacts.count({ collection, namespace, skip: 0 });
        return sum;
      };
      const rows: Rows = async (namespace, from, most) => {
        const found: DatabaseRow[] = [];
        for (const collection of collections) {
          const own = await this.artifacts.list({ collection, namespace, skip: 0, limit: 0 });
          found.push(...own.map((document) => row(documentId(document.namespace, document.name), document)));
        }
        return found.slice(from, from + most);
      };
      return this.byNamespace(skip, limit, count, rows);
    }
    if (database === 'activations') {
      const count: Count = (namespace) => this.activations.count({ namespace, skip: 0 });
      const rows: Rows = async (namespace, from, most) => {
        const records = await this.activations.list({ namespace, skip: from, limit: most }, false);
        return records.map((record) => row(`${namespace}/${record.activationId}`, record));
      };
      return this.byNamespace(skip, limit, count, rows);
    }
    throw new AdminError(404, `There is no database '${database}'; there are subjects, whisks and activations.`);
  }

  /** The stores list by namespace: their lists one after another. */
  private async byNamespace(skip: number, limit: number, count: Count, read: Rows): Promise<DatabasePage> {
    let before = 0;
    const rows: DatabaseRow[] = [];
    for (let known = 0, total = 1; known < total; ) {
      const page = await this.subjects.namespaces({ skip: known, limit: maxNamespaces });
      total = page.entries.length === 0 ? 0 : page.total;
      known += page.entries.length;
      for (const { name } of page.entries) {
        const own = await count(name);
        const left = limit - rows.length;
        if (left > 0 && skip < before + own) rows.push(...(await read(name, Math.max(0, skip - before), left)));
        before += own;
      }
    }
    return { total_rows: before, offset: skip, rows };
  }
}

function row(id: string, doc: object): DatabaseRow {
  return { id, key: id, value: {}, doc };
}
