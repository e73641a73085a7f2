import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, CancelledError, ConnectionError, DeadlineError } from './errors';

export interface RetryPolicy {
  /** Attempts after the first. */
  maxRetries: number;
  /** Delay before the first retry in ms; doubles up to `maxDelayMs`, each time shortened by up to half at random. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** Repeat only what the host is certain not to have begun, as for invocations: they must not happen twice. */
  onlyUnseen?: boolean;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { maxRetries: 8, baseDelayMs: 100, maxDelayMs: 5_000 };

export interface RetryLimits {
  signal: AbortSignal;
  /** `performance.now()` after which no attempt starts. */
  deadline: number;
  /** Fewer attempts than the policy's, for callers who would rather know soon. */
  maxRetries?: number;
}

/** 409 is also the answer to a create of something that exists, which no repetition cures; only the lost race is worth another try. */
const CONCURRENT_MODIFICATION = /concurrent modification/i;

/** Whether the same request may succeed when sent again. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  if (!(error instanceof ApiError)) return false;
  switch (error.status) {
    case 409:
      return CONCURRENT_MODIFICATION.test(error.message);
    case 429:
    case 503:
    case 504:
      return true;
    case 502:
      // With an activation it is the action's own failure; without one a proxy found nobody behind it.
      return error.details.activationId === undefined;
    default:
      return false;
  }
}

/** Whether a request that failed like this was not begun: nobody was there, or it was turned away. */
function isUnseen(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.unseen;
  return error instanceof ApiError && (error.status === 429 || error.status === 503);
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the limits are reached; then the last error is thrown as it is.
 * `attempt` is told how many attempts failed before it.
 */
export async function retrying<T>(
  attempt: (failures: readonly unknown[]) => Promise<T>,
  policy: RetryPolicy,
  limits: RetryLimits,
  random: () => number = Math.random,
): Promise<T> {
  const failures: unknown[] = [];
  for (;;) {
    if (limits.signal.aborted) throw new CancelledError();
    if (performance.now() >= limits.deadline)
      throw failures.at(-1) ?? new DeadlineError('The time for this operation ran out before it began.');
    try {
      return await attempt(failures);
    } catch (error) {
      if (limits.signal.aborted) throw new CancelledError();
      failures.push(error);
      const worthwhile = isTransient(error) && (!policy.onlyUnseen || isUnseen(error));
      if (!worthwhile || failures.length > Math.min(policy.maxRetries, limits.maxRetries ?? policy.maxRetries)) throw error;
      const delay = delayBefore(failures.length, error, policy, random);
      if (performance.now() + delay >= limits.deadline) throw error;
      await sleep(delay, undefined, { signal: limits.signal }).catch(() => {
        throw new CancelledError();
      });
    }
  }
}

function delayBefore(retry: number, error: unknown, policy: RetryPolicy, random: () => number): number {
  const grown = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (retry - 1));
  const asked = error instanceof ApiError ? (error.details.retryAfterMs ?? 0) : 0;
  return Math.max(asked, grown * (1 - random() / 2));
}
