import { createHash, randomFillSync } from 'node:crypto';
import type { JsonText } from './json';
import type { KeyValue } from './parameters';

/** 0 success, 1 application error, 2 action developer error, 3 whisk internal error. */
export type StatusCode = 0 | 1 | 2 | 3;

export interface ActivationResponse {
  statusCode: StatusCode;
  /** Text of a JSON object or array; for a failure `{"error": ...}`. */
  result?: JsonText;
  /** Length of the container's answer in characters (true byte length when it was cut); absent when there was none. */
  size?: number;
}

/** One activation as it is stored. Times are epoch milliseconds. */
export interface ActivationRecord {
  /** The invoking namespace. */
  namespace: string;
  name: string;
  subject: string;
  activationId: string;
  start: number;
  /** 0 for a trigger's activation: neither `end` nor `duration` is shown then. */
  end: number;
  duration?: number;
  /** Id of the enclosing sequence or composition. */
  cause?: string;
  response: ActivationResponse;
  logs: string[];
  version: string;
  annotations: KeyValue[];
}

export const statusNames = ['success', 'application error', 'action developer error', 'whisk internal error'] as const;

const pool = Buffer.allocUnsafe(16 * 256);
let used = pool.length;

/**
 * A new activation id: 32 lower-case hex digits. The first twelve are the time in ms (as in UUID version 7), so that a
 * store can guess where to look; the rest is random.
 */
export function newActivationId(now: number = Date.now()): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used;
  used += 16;
  pool.writeUIntBE(now, at, 6);
  pool[at + 6] = (pool[at + 6]! & 0x0f) | 0x70;
  pool[at + 8] = (pool[at + 8]! & 0x3f) | 0x80;
  return pool.toString('hex', at, at + 16);
}

/**
 * The id of one step of an orchestration: the same whoever carries the orchestration on, so that a step has one record however often it
 * is tried. The time is that of the whole (the first twelve digits of `root`); a digit tells such an id from a new one.
 */
export function stepActivationId(root: string, index: number, name: string): string {
  const digest = createHash('sha256').update(`${root} ${index} ${name}`).digest('hex');
  return `${root.slice(0, 12)}8${digest.slice(0, 3)}a${digest.slice(3, 18)}`;
}

export function isStepActivationId(activationId: string): boolean {
  return activationId[12] === '8' && activationId[16] === 'a';
}
