/** Time as the pool sees it, so that tests can turn it by hand. */
export interface Clock {
  /** Epoch ms, for records. It follows the clock of the machine, which may be set. */
  now(): number;
  /** ms since some moment, for everything that waits or is measured: it never jumps. */
  elapsed(): number;
  /** Calls `action` each `ms` until the returned function is called. Does not keep the process alive. */
  every(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  every(ms, action) {
    const timer = setInterval(action, ms).unref();
    return () => clearInterval(timer);
  },
};
