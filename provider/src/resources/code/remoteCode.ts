import { request } from 'undici';
import { CodeError } from '../errors';

/** An action's code cannot be larger than this on any platform, so a longer answer is cut off. */
const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 5;

/** The bytes behind an `http:` or `https:` address. Throws a `CodeError`. */
export async function fetchCode(uri: string): Promise<Buffer> {
  let url = new URL(uri);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new CodeError(`The code at ${uri} has an address that is neither http nor https.`);
    const answer = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
      throw new CodeError(`The code at ${uri} could not be fetched: ${error.message}.`);
    });
    const location = answer.headers.location;
    if (answer.statusCode >= 300 && answer.statusCode < 400 && typeof location === 'string') {
      await answer.body.dump();
      url = new URL(location, url);
      continue;
    }
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new CodeError(`The code at ${uri} could not be fetched: HTTP status ${answer.statusCode}.`);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > MAX_BYTES) throw new CodeError(`The code at ${uri} is larger than ${MAX_BYTES / 1024 / 1024} MB.`);
    }
    return Buffer.concat(chunks);
  }
  throw new CodeError(`The code at ${uri} is behind more than ${MAX_REDIRECTS} redirects.`);
}
