import { randomFillSync } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Transaction } from './request';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const pool = Buffer.allocUnsafe(8192);
let used = pool.length;

/** 32 letters and digits. */
export function newTransactionId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let id = '';
  // 256 is no multiple of 62; the slight unevenness does not matter for an id that only has to be fresh
  for (const end = used + 32; used < end; used++) id += alphabet[pool[used]! % 62];
  return id;
}

/** The caller's id is kept unless it begins with `sid_`, which is for the system's own. `header` is lower case. */
export function transactionOf(headers: IncomingHttpHeaders, header: string): Transaction {
  const given = headers[header];
  const id = typeof given === 'string' && given !== '' && !given.startsWith('sid_') ? given : newTransactionId();
  return { id, start: Date.now(), extraLogging: headers['x-ow-extra-logging'] === 'on' };
}
