import { ConfigurationError } from '../config/settings';
import type { Logger } from '../observe/logger';

const interval = 1000;
/** How often it is said that the same thing is still missing, ms. */
const repeat = 30_000;

/**
 * Tries until it works: parts of a platform come up in any order. An error of the configuration ends it.
 *
 * @param waits Told each time why it did not work.
 */
export async function untilThere<T>(
  what: string,
  log: Logger,
  attempt: () => Promise<T>,
  waits: (reason: string) => void = () => {},
): Promise<T> {
  let told: { reason: string; at: number } | undefined;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      const reason = causeOf(error);
      waits(`${what} is not there yet: ${reason}`);
      if (reason !== told?.reason || Date.now() - told.at > repeat) {
        log.warn({ reason }, `${what} is not there yet; it is tried again until it is`);
        told = { reason, at: Date.now() };
      }
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
  }
}

/** What went wrong first; those above it say in general what did not work. */
function causeOf(error: unknown): string {
  for (let at = error, depth = 0; ; depth++) {
    const { message, cause } = at as Error;
    if (!(cause instanceof Error) || depth > 5) return message;
    at = cause;
  }
}
