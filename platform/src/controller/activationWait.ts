import type { SystemLimits } from '../config/settings';
import { MalformedQuery } from './http/errors';
import type { Query } from './http/query';

/** How a caller wants to wait: reference invocation, section 1. */
export interface WaitOptions {
  blocking: boolean;
  resultOnly: boolean;
  /** ms */
  timeout: number;
}

export function readWaitOptions(query: Query, limits: SystemLimits): WaitOptions {
  const blocking = query.flag('blocking', false);
  const resultOnly = query.flag('result', false);
  return { blocking, resultOnly, timeout: readTimeout(query, limits) };
}

function readTimeout(query: Query, limits: SystemLimits): number {
  const text = query.get('timeout');
  if (text === undefined) return limits.blockingWait;
  const timeout = Number(text);
  if (!/^\d+$/.test(text) || timeout === 0 || timeout > limits.blockingWait) {
    throw new MalformedQuery('timeout', `Timeout must be number of milliseconds up to ${limits.blockingWait}.`);
  }
  return timeout;
}
