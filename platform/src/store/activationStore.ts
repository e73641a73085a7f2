import type { ActivationRecord } from '../model/activation';

export interface ActivationQuery {
  namespace: string;
  /** `action` or `pkg/action`. */
  name?: string;
  /** Bounds on `start`, inclusive, epoch ms. */
  since?: number;
  upto?: number;
  skip: number;
  /** 0 = no limit. */
  limit: number;
}

/** Thrown by `store` when so much is waiting to be written that the caller must slow down. */
export class ActivationStoreFull extends Error {
  constructor() {
    super('The activation store cannot take more records now; try again later.');
    this.name = 'ActivationStoreFull';
  }
}

/** Thrown by `store` when this record will never be taken, however often it is tried: it is too large, say. */
export class RecordRefused extends Error {
  constructor(activationId: string, reason: string) {
    super(`The record of activation ${activationId} is refused: ${reason}.`);
    this.name = 'RecordRefused';
  }
}

/** Thrown by `get` when what is stored cannot be read. */
export class RecordDamaged extends Error {
  constructor(activationId: string) {
    super(`The record of activation ${activationId} is damaged.`);
    this.name = 'RecordDamaged';
  }
}

/** Activation records. Written in batches behind the answer; a record can be read as soon as `store` returned. */
export interface ActivationStore {
  /**
   * Takes the record at once; resolves when it is written. A second record of the same id is ignored (one record per
   * activation). Rejects with ActivationStoreFull, RecordRefused, or when the store is closed before it could be written.
   */
  store(record: ActivationRecord): Promise<void>;
  /**
   * Of several copies of one message the first to ask gets the activation, now and for ever; true for that one. Only needed where several
   * processes share the store.
   */
  claim(namespace: string, activationId: string, copy: string): Promise<boolean>;
  /** Records waiting to be written, in bytes, against `capacity`: at the bound new work is refused before it is accepted. */
  readonly pressure: { readonly pending: number; readonly capacity: number };
  /** Throws RecordDamaged. */
  get(namespace: string, activationId: string): Promise<ActivationRecord | undefined>;
  /** Newest `start` first, damaged records left out. `withDetails` false leaves `logs` and `response.result` out. */
  list(query: ActivationQuery, withDetails: boolean): Promise<ActivationRecord[]>;
  count(query: Omit<ActivationQuery, 'limit'>): Promise<number>;
  close(): Promise<void>;
}
