/** Time as the pool sees it, so that tests can turn it by hand. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Calls `action` each `ms` until the returned function is called. Does not keep the process alive. */
  every(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  every(ms, action) {
    const timer = setInterval(action, ms).unref();
    return () => clearInterval(timer);
  },
};
