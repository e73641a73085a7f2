import type { ActivationRecord } from '../model/activation';
import type { ActivationQuery, ActivationStore } from './activationStore';

/** Tells when a record is written, besides storing it. */
export class SettlingActivationStore implements ActivationStore {
  constructor(
    private readonly inner: ActivationStore,
    private readonly written: (record: ActivationRecord) => void,
  ) {}

  async store(record: ActivationRecord): Promise<void> {
    await this.inner.store(record);
    this.written(record);
  }

  claim(namespace: string, activationId: string, copy: string): Promise<boolean> {
    return this.inner.claim(namespace, activationId, copy);
  }

  get pressure(): ActivationStore['pressure'] {
    return this.inner.pressure;
  }

  get(namespace: string, activationId: string): Promise<ActivationRecord | undefined> {
    return this.inner.get(namespace, activationId);
  }

  list(query: ActivationQuery, withDetails: boolean): Promise<ActivationRecord[]> {
    return this.inner.list(query, withDetails);
  }

  count(query: Omit<ActivationQuery, 'limit'>): Promise<number> {
    return this.inner.count(query);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
