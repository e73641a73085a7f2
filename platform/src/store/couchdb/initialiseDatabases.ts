import { type CouchClient, pathOf, unexpected } from './couchClient';
import { type DatabaseNames, designDocuments } from './designDocuments';

/**
 * Makes what is missing of the databases and their design documents; what is there stays as it is. May run any number of times, also at once
 * with itself and beside a platform at work. Returns what it made.
 */
export async function initialiseDatabases(client: CouchClient, names: DatabaseNames): Promise<string[]> {
  const made: string[] = [];
  for (const [purpose, database] of Object.entries(names) as [keyof DatabaseNames, string][]) {
    const created = await client.request('PUT', pathOf(database));
    // 412: it exists
    if (![201, 202, 412].includes(created.status)) throw unexpected(`the database ${database} can't be made`, created);
    if (created.status !== 412) made.push(database);
    for (const document of designDocuments[purpose]) {
      const path = `${pathOf(database)}/${document._id}`;
      if ((await client.request('GET', path)).status === 200) continue;
      const put = await client.request('PUT', path, { body: JSON.stringify(document) });
      // 409: somebody else was quicker
      if (![201, 202, 409].includes(put.status)) throw unexpected(`${document._id} of ${database} can't be made`, put);
      if (put.status !== 409) made.push(`${database}/${document._id}`);
    }
  }
  return made;
}
