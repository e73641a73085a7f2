// Activation records on their way into the database, against bare bulk writes of the same documents to the same database.
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const dist = join(dirname(fileURLToPath(import.meta.url)), '../../platform/dist');
const bulk = 500;
const parallel = 2;
const log = { info() {}, warn() {}, error() {}, debug() {} };

/** Rates per second of `rounds` alternating measurements of `count` records each. */
export async function recordWrites({ couch, count, rounds, example }) {
  const { CouchStores } = require(join(dist, 'store/couchdb/couchStores.js'));
  const { databaseNames } = require(join(dist, 'store/couchdb/designDocuments.js'));
  const { recordDocument } = require(join(dist, 'store/couchdb/recordDocument.js'));
  const { parseRecord } = require(join(dist, 'model/activationDocument.js'));
  const { url, username, password } = couch;
  const names = databaseNames('');
  const stores = new CouchStores({ url, username, password, names, maxPending: 256 * 1024 * 1024, maxAge: 0, log });
  const record = parseRecord(example);
  const make = () => Array.from({ length: count }, () => ({ ...record, activationId: randomBytes(16).toString('hex') }));
  const rates = { store: [], bare: [] };
  const timed = async (work) => {
    const begin = performance.now();
    await work();
    return count / ((performance.now() - begin) / 1000);
  };
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const signedIn = await fetch(`${url}/_session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ name: username, password }),
  });
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0];
  const post = async (records) => {
    const docs = records.map((r) => recordDocument(`${r.namespace}/${r.activationId}`, r, Date.now()));
    const answer = await fetch(`${url}/${names.activations}/_bulk_docs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: `{"docs":[${docs.join(',')}]}`,
    });
    if (answer.status !== 201 && answer.status !== 202) throw new Error(`bulk write: ${answer.status} ${await answer.text()}`);
    await answer.text();
  };
  try {
    for (let round = 0; round < rounds; round++) {
      const [through, bare] = [make(), make()];
      rates.store.push(await timed(() => Promise.all(through.map((r) => stores.activations.store(r)))));
      rates.bare.push(
        await timed(async () => {
          const writer = async () => {
            while (bare.length > 0) await post(bare.splice(0, bulk));
          };
          await Promise.all(Array.from({ length: parallel }, writer));
        }),
      );
    }
  } finally {
    await stores.close();
  }
  return rates;
}
