import { connect } from 'node:net';

/** Where the runtime of an image listens. */
export const runtimePort = 8080;

/** ms between two looks, and how many of them are between two checks whether the container is still there. */
const lookInterval = 5;
const looksPerCheck = 20;

/**
 * Resolves when the runtime takes connections: looked for more often than a request would be tried again, since every cold start waits for it.
 * `check` rejects or throws when it never will.
 */
export async function listening(host: string, timeoutMs: number, check: () => void | Promise<void>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let look = 1; performance.now() < deadline; look++) {
    if (await connects(host)) return;
    if (look % looksPerCheck === 0) await check();
    await new Promise((resolve) => setTimeout(resolve, lookInterval));
  }
  throw new Error(`it did not listen within ${timeoutMs} ms.`);
}

/** Whether somebody listens there now. */
export function connects(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: runtimePort, timeout: 1_000 });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
