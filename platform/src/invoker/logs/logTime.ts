let second = -1;
let prefix = '';
/** Epoch time of `performance.now() === 0`; corrected when the wall clock was set. */
let origin = Date.now() - performance.now();

/** Now, as a log line begins: `2016-03-23T12:53:33.758847500Z`, always 30 characters. */
export function logTime(): string {
  const elapsed = performance.now();
  const wall = Date.now();
  // within a few ms both agree; the finer one is used, the other is right after a jump
  if (Math.abs(origin + elapsed - wall) > 5) origin = wall - elapsed;
  const micros = Math.floor((origin + elapsed) * 1000);
  const now = Math.floor(micros / 1_000_000);
  if (now !== second) {
    second = now;
    prefix = new Date(now * 1000).toISOString().slice(0, 20);
  }
  return `${prefix}${String(micros % 1_000_000).padStart(6, '0')}000Z`;
}
