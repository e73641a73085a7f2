import type { ActivationRecord } from '../../model/activation';
import { ActivationRetention } from './activationRetention';
import { CouchActivationStore } from './couchActivationStore';
import { CouchArtifactStore } from './couchArtifactStore';
import { CouchClient, type CouchConnection } from './couchClient';
import { CouchSubjectStore } from './couchSubjectStore';
import type { DatabaseNames } from './designDocuments';
import { initialiseDatabases } from './initialiseDatabases';

export interface CouchStoresOptions extends CouchConnection {
  names: DatabaseNames;
  /** Bytes of records not yet in the database at which no more are taken. */
  maxPending: number;
  /** ms; older records are deleted by a process that called `retain`. 0 = never. */
  maxAge: number;
  /** Told of each record that is taken, once. */
  taken?: (record: ActivationRecord) => void;
}

/** All stores over one CouchDB. */
export class CouchStores {
  private readonly client: CouchClient;
  private readonly retention: ActivationRetention;
  readonly artifacts: CouchArtifactStore;
  readonly activations: CouchActivationStore;
  readonly subjects: CouchSubjectStore;

  constructor(private readonly options: CouchStoresOptions) {
    const { names, maxPending, maxAge, taken, log } = options;
    this.client = new CouchClient(options);
    this.artifacts = new CouchArtifactStore(this.client, names.whisks);
    this.subjects = new CouchSubjectStore(this.client, names.subjects);
    this.activations = new CouchActivationStore({
      client: this.client,
      database: names.activations,
      maxPending,
      log,
      ...(taken === undefined ? {} : { taken }),
    });
    this.retention = new ActivationRetention({ client: this.client, database: names.activations, maxAge, log });
  }

  /** Makes what is missing of databases and views; idempotent. Throws StoreUnavailable. Returns what it made. */
  initialise(): Promise<string[]> {
    return initialiseDatabases(this.options, this.options.names);
  }

  /** Begins to delete old records; for controllers. */
  retain(): void {
    this.retention.start();
  }

  /** Writes what waits, then lets the database go. */
  async close(): Promise<void> {
    this.retention.stop();
    await this.activations.close();
    await this.client.close();
  }
}
