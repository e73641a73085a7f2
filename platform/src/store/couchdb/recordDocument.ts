import type { ActivationRecord } from '../../model/activation';
import { recordMembers } from '../../model/activationDocument';

/** The document of a record. `updated` is when it was written, epoch ms. */
export function recordDocument(id: string, record: ActivationRecord, updated: number): string {
  return `{"_id":${JSON.stringify(id)},${recordMembers(record)},"entityType":"activation","updated":${updated}}`;
}
