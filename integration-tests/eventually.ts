/** Tries again until it succeeds or the time (ms) is over; then the last error is thrown. For what happens behind an answer. */
export async function eventually<T>(attempt: () => Promise<T>, time = 60_000): Promise<T> {
  const deadline = Date.now() + time;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
