/** An answer of the admin API. */
export interface AdminAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each route has its own shape
  json: any;
}

/** The admin API as the commands use it. */
export type AdminClient = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object) => Promise<AdminAnswer>;

/** Talks to an admin API at `url` with its key. Rejects with a sentence when nobody answers there. */
export function adminClient(url: string, key: string): AdminClient {
  return async (method, path, body) => {
    let answer: Response;
    try {
      answer = await fetch(url.replace(/\/$/, '') + path, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new Error(`The admin API at ${url} does not answer: ${((error as Error).cause as Error | undefined)?.message ?? error}.`);
    }
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
  };
}
