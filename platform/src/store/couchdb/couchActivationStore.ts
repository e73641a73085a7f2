import type { ActivationRecord, StatusCode } from '../../model/activation';
import { parseRecord } from '../../model/activationDocument';
import { jsonItems, jsonMembers } from '../../model/jsonMembers';
import type { KeyValue } from '../../model/parameters';
import type { Logger } from '../../observe/logger';
import { type ActivationQuery, type ActivationStore, RecordDamaged } from '../activationStore';
import { type CouchClient, pathOf, unexpected, viewPath } from './couchClient';
import { recordsByNameDesign, recordsDesign } from './designDocuments';
import { RecordWriter } from './recordWriter';

export interface CouchActivationStoreOptions {
  client: CouchClient;
  database: string;
  /** Bytes of records not yet in the database at which no more are taken. */
  maxPending: number;
  /** Told of each record that is taken, once. */
  taken?: (record: ActivationRecord) => void;
  log: Logger;
}

/** Sorts behind every number and every other text. */
const highest = '\ufff0';

/**
 * Activation records in the database `activations` of CouchDB, in OpenWhisk's form, by id `<namespace>/<activationId>`: of several writers of
 * one id the first wins and the others are content with that.
 */
export class CouchActivationStore implements ActivationStore {
  private readonly writer: RecordWriter;

  constructor(private readonly options: CouchActivationStoreOptions) {
    this.writer = new RecordWriter(options);
  }

  get pressure(): { pending: number; capacity: number } {
    return { pending: this.writer.pendingBytes, capacity: this.options.maxPending };
  }

  store(record: ActivationRecord): Promise<void> {
    const id = `${record.namespace}/${record.activationId}`;
    if (!this.writer.has(id)) this.options.taken?.(record);
    return this.writer.write(id, record);
  }

  async claim(namespace: string, activationId: string, copy: string): Promise<boolean> {
    const path = pathOf(this.options.database, `${namespace}/${activationId}/claim`);
    const answer = await this.options.client.request('PUT', path, { body: JSON.stringify({ copy, claimed: Date.now() }) });
    if (answer.status === 201 || answer.status === 202) return true;
    if (answer.status !== 409) throw unexpected(`the activation ${activationId} can't be claimed`, answer);
    const first = await this.options.client.request('GET', path);
    if (first.status !== 200) throw unexpected(`the claim to ${activationId} can't be read`, first);
    return (JSON.parse(first.text) as { copy: string }).copy === copy;
  }

  async get(namespace: string, activationId: string): Promise<ActivationRecord | undefined> {
    const id = `${namespace}/${activationId}`;
    const waiting = this.writer.waiting(id);
    if (waiting) return waiting;
    const answer = await this.options.client.request('GET', pathOf(this.options.database, id));
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpected(`the record ${id} can't be read`, answer);
    try {
      return parseRecord(answer.text);
    } catch {
      throw new RecordDamaged(activationId);
    }
  }

  async list(query: ActivationQuery, withDetails: boolean): Promise<ActivationRecord[]> {
    if (isEmptyRange(query)) return [];
    await this.writer.flush();
    const { name, skip, limit } = query;
    const { low, high } = bounds(query);
    const answer = await this.options.client.request('GET', this.view(name), {
      query: {
        descending: 'true',
        startkey: high,
        endkey: low,
        skip: String(skip),
        ...(limit > 0 ? { limit: String(limit) } : {}),
        reduce: 'false',
        ...(withDetails ? { include_docs: 'true' } : {}),
      },
    });
    if (answer.status !== 200) throw unexpected("the records can't be listed", answer);
    return jsonItems(jsonMembers(answer.text).get('rows') ?? '[]').flatMap((row) => this.recordOf(row, withDetails));
  }

  async count(query: Omit<ActivationQuery, 'limit'>): Promise<number> {
    if (isEmptyRange(query)) return 0;
    await this.writer.flush();
    const { low, high } = bounds(query);
    const answer = await this.options.client.request('GET', this.view(query.name), {
      query: { startkey: low, endkey: high, reduce: 'true' },
    });
    if (answer.status !== 200) throw unexpected("the records can't be counted", answer);
    const { rows } = JSON.parse(answer.text) as { rows: { value: number }[] };
    return Math.max(0, (rows[0]?.value ?? 0) - query.skip);
  }

  /** Writes what waits. Rejects what can't be written within some seconds. */
  close(): Promise<void> {
    return this.writer.close();
  }

  private view(name: string | undefined): string {
    return viewPath(this.options.database, name === undefined ? recordsDesign : recordsByNameDesign, 'activations');
  }

  /** One bad record must not hide the others. */
  private recordOf(row: string, withDetails: boolean): ActivationRecord[] {
    const members = jsonMembers(row);
    try {
      if (!withDetails) return [summaryOf(JSON.parse(members.get('value')!) as Summary)];
      const doc = members.get('doc');
      return doc === undefined || doc === 'null' ? [] : [parseRecord(doc)];
    } catch (error) {
      this.options.log.error({ id: members.get('id'), reason: (error as Error).message }, 'an activation record is damaged');
      return [];
    }
  }
}

interface Summary {
  namespace: string;
  name: string;
  version: string;
  annotations: KeyValue[];
  activationId: string;
  start: number;
  end?: number;
  duration?: number;
  cause?: string;
  statusCode?: StatusCode;
}

function summaryOf({ end = 0, duration, cause, statusCode = 0, annotations, ...value }: Summary): ActivationRecord {
  const { namespace, name, version, activationId, start } = value;
  return {
    namespace,
    name,
    subject: '',
    activationId,
    start,
    end,
    ...(duration === undefined ? {} : { duration }),
    ...(cause === undefined ? {} : { cause }),
    response: { statusCode },
    logs: [],
    version,
    annotations: annotations ?? [],
  };
}

/** CouchDB takes such a range for a mistake. */
function isEmptyRange({ since = 0, upto }: Pick<ActivationQuery, 'since' | 'upto'>): boolean {
  return upto !== undefined && upto < since;
}

function bounds({ namespace, name, since, upto }: Omit<ActivationQuery, 'limit' | 'skip'>): { low: string; high: string } {
  const path = name === undefined ? namespace : `${namespace}/${name}`;
  return { low: JSON.stringify([path, since ?? 0]), high: JSON.stringify([path, upto ?? highest, highest]) };
}
