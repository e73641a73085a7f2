import { request } from 'undici';

/** How long one health request may take. */
const REQUEST_TIMEOUT_MS = 2_000;

/** Whether the service answers, and that it is the process with this instance id which does. */
export async function isHealthy(url: string, instanceId: string): Promise<boolean> {
  try {
    const answer = await request(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS), reset: true });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) return false;
    const body = JSON.parse(text) as { instanceId?: unknown };
    return body.instanceId === undefined || body.instanceId === instanceId;
  } catch {
    return false;
  }
}
