import { ApiError, CancelledError, ConnectionError } from './errors';
import { isTransient, retrying } from './retry';

const POLICY = { maxRetries: 3, baseDelayMs: 1, maxDelayMs: 4 };
const limits = (ms = 5_000) => ({ signal: new AbortController().signal, deadline: performance.now() + ms });
const api = (status: number, message = '', details = {}) => new ApiError(status, message, 'GET /x', details);

it.each([
  [api(409, 'Concurrent modification to resource detected.'), true],
  [api(409, 'resource already exists'), false],
  [api(429), true],
  [api(503), true],
  [api(502), true],
  [api(502, 'the action failed', { activationId: 'a1' }), false],
  [api(500), false],
  [api(404), false],
  [new ConnectionError('http://h', 'nothing is listening there'), true],
  [new Error('a bug'), false],
])('%s is worth another try: %s', (error, expected) => {
  expect(isTransient(error)).toBe(expected);
});

it('repeats until it succeeds and hands over the earlier failures', async () => {
  const seen: number[] = [];
  const result = await retrying(
    async (failures) => {
      seen.push(failures.length);
      if (failures.length < 2) throw api(503);
      return 'done';
    },
    POLICY,
    limits(),
  );
  expect(result).toBe('done');
  expect(seen).toEqual([0, 1, 2]);
});

it('gives up with the last error after the policy, or sooner when the caller wants', async () => {
  let attempts = 0;
  const failing = async () => {
    attempts += 1;
    throw api(429, `attempt ${attempts}`);
  };
  await expect(retrying(failing, POLICY, limits())).rejects.toThrow('attempt 4');
  attempts = 0;
  await expect(retrying(failing, POLICY, { ...limits(), maxRetries: 1 })).rejects.toThrow('attempt 2');
});

it('does not wait past the deadline', async () => {
  const slow = { maxRetries: 9, baseDelayMs: 60_000, maxDelayMs: 60_000 };
  await expect(retrying(() => Promise.reject(api(503, 'still down')), slow, limits(200))).rejects.toThrow('still down');
});

it('stops waiting when it is cancelled', async () => {
  const abort = new AbortController();
  const slow = { maxRetries: 9, baseDelayMs: 10_000, maxDelayMs: 10_000 };
  const running = retrying(() => Promise.reject(api(503)), slow, { signal: abort.signal, deadline: performance.now() + 60_000 });
  setTimeout(() => abort.abort(), 20);
  await expect(running).rejects.toBeInstanceOf(CancelledError);
});

it('waits as long as the host asks', async () => {
  const started = performance.now();
  await retrying(
    async (failures) => {
      if (failures.length === 0) throw api(429, '', { retryAfterMs: 120 });
    },
    POLICY,
    limits(),
  );
  expect(performance.now() - started).toBeGreaterThanOrEqual(110);
});
