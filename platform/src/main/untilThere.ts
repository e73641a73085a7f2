import { ConfigurationError } from '../config/settings';
import type { Logger } from '../observe/logger';

const interval = 1000;

/** Tries until it works: parts of a platform come up in any order. An error of the configuration ends it. */
export async function untilThere<T>(what: string, log: Logger, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      log.warn({ reason: (error as Error).message }, `${what} is not there yet; trying again`);
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
  }
}
