import nano from 'nano';
import { StoreRefused, StoreUnavailable } from '../storeUnavailable';
import type { CouchConnection } from './couchClient';
import { type DatabaseNames, designDocuments } from './designDocuments';

/**
 * Makes what is missing of the databases and their design documents; what is there stays as it is. May run any number of times, also at once
 * with itself and beside a platform at work. Returns what it made. Throws StoreUnavailable, or StoreRefused.
 */
export async function initialiseDatabases({ url, username, password }: CouchConnection, names: DatabaseNames): Promise<string[]> {
  const made: string[] = [];
  // not the client of the stores: what passes here is small, and no result of an action, whose digits must be kept
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const server = nano({ url: url.replace(/\/$/, ''), headers: { authorization } });
  for (const [purpose, database] of Object.entries(names) as [keyof DatabaseNames, string][]) {
    // 412: it exists
    if (!(await refused(server.db.create(database), [412]))) made.push(database);
    const documents = server.use(database);
    for (const document of designDocuments[purpose]) {
      if (!(await refused(documents.head(document._id), [404]))) continue;
      // 409: somebody else was quicker
      if (!(await refused(documents.insert(document), [409]))) made.push(`${database}/${document._id}`);
    }
  }
  return made;
}

/** Whether the server refused with one of the statuses expected. Throws StoreUnavailable, or StoreRefused, for anything else that goes wrong. */
async function refused(request: Promise<unknown>, expected: readonly number[]): Promise<boolean> {
  try {
    await request;
    return false;
  } catch (error) {
    const { statusCode, message } = error as Error & { statusCode?: number };
    if (statusCode !== undefined && expected.includes(statusCode)) return true;
    if (statusCode === 401) throw new StoreRefused('it does not know the user or the password', error);
    if (statusCode === undefined && /certificate/i.test(message)) throw new StoreRefused(message, error);
    throw new StoreUnavailable(message, error);
  }
}
