/** How often a step that takes long says that it is still at work, in milliseconds. */
const HEARTBEAT_MS = 10_000;
/** A step that ends sooner than this is announced only when it is done, in milliseconds. */
const ANNOUNCE_MS = 500;

/** Progress goes to stderr: stdout belongs to results, such as the JSON of `npm run info -- --json`. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** "0.4 s", "12.0 s", "3 min 49 s". */
export function duration(milliseconds: number): string {
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * Runs a piece of work as a named step: one line when it is done, with the time it took; one line at the start and one each ten seconds
 * when it takes long.
 * @param work may report a detail ("812 of 1685 packages") that the next heartbeat shows
 */
export async function step<Result>(title: string, work: (report: (detail: string) => void) => Promise<Result>): Promise<Result> {
  const started = Date.now();
  let detail = '';
  const announce = setTimeout(() => say(`… ${title}`), ANNOUNCE_MS);
  const heartbeat = setInterval(() => {
    say(`  still at it: ${title}${detail === '' ? '' : `, ${detail}`} (${duration(Date.now() - started)})`);
  }, HEARTBEAT_MS);
  try {
    const result = await work((latest) => {
      detail = latest;
    });
    say(`✓ ${title} (${duration(Date.now() - started)})`);
    return result;
  } catch (error) {
    say(`✗ ${title} (${duration(Date.now() - started)})`);
    throw error;
  } finally {
    clearTimeout(announce);
    clearInterval(heartbeat);
  }
}
