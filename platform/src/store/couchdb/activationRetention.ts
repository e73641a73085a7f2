import type { Logger } from '../../observe/logger';
import { type CouchClient, pathOf, unexpected, viewPath } from './couchClient';
import { byDateDesign } from './designDocuments';

export interface ActivationRetentionOptions {
  client: CouchClient;
  database: string;
  /** ms; older records go. 0 = none goes. */
  maxAge: number;
  /** ms between two rounds; default an hour. */
  interval?: number;
  log: Logger;
  now?: () => number;
}

const batch = 200;
/** Batches of one round: a database full of old records is worked off over several, and others get their turn. */
const maxBatches = 500;

/** Deletes old records now and then. Several controllers may do so at once: what one has deleted is a conflict for the other, and no more. */
export class ActivationRetention {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: ActivationRetentionOptions) {}

  start(): void {
    const { interval = 3_600_000, maxAge } = this.options;
    if (maxAge <= 0) return;
    // not all at once after a start of the whole platform
    const next = (wait: number) => {
      this.timer = setTimeout(() => void this.round().finally(() => this.stopped || next(interval)), wait).unref();
    };
    next(Math.random() * interval);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** One round; returns how many records went. Never rejects. */
  async round(): Promise<number> {
    let deleted = 0;
    try {
      for (let i = 0; i < maxBatches && !this.stopped; i++) {
        const { found, gone } = await this.oldest();
        deleted += gone;
        if (found < batch || gone === 0) break;
      }
    } catch (error) {
      this.options.log.warn({ reason: (error as Error).message }, 'old activation records could not be deleted');
    }
    if (deleted > 0) this.options.log.info({ deleted }, 'old activation records were deleted');
    return deleted;
  }

  private async oldest(): Promise<{ found: number; gone: number }> {
    const { client, database, maxAge, now = Date.now } = this.options;
    const answer = await client.request('GET', viewPath(database, byDateDesign, 'byDate'), {
      query: { endkey: String(now() - maxAge), limit: String(batch) },
    });
    if (answer.status !== 200) throw unexpected("old records can't be found", answer);
    const { rows } = JSON.parse(answer.text) as { rows: { value: [string, string] }[] };
    if (rows.length === 0) return { found: 0, gone: 0 };
    const docs = rows.map(({ value: [_id, _rev] }) => ({ _id, _rev, _deleted: true }));
    const deleted = await client.request('POST', pathOf(database, '_bulk_docs'), { body: JSON.stringify({ docs }) });
    if (deleted.status !== 201 && deleted.status !== 202) throw unexpected("old records can't be deleted", deleted);
    const gone = (JSON.parse(deleted.text) as { error?: string }[]).filter(({ error }) => error === undefined).length;
    return { found: rows.length, gone };
  }
}
