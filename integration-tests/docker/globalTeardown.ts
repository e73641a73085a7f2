import type { ChildProcess } from 'node:child_process';

/** An engine that was started for the tests ends with them; one that ran before goes on. */
export default async function globalTeardown(): Promise<void> {
  const { dockerEngine } = globalThis as { dockerEngine?: ChildProcess };
  if (!dockerEngine || dockerEngine.exitCode !== null) return;
  const ended = new Promise((resolve) => dockerEngine.once('exit', resolve));
  dockerEngine.kill('SIGTERM');
  await ended;
}
