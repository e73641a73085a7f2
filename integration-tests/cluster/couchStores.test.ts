import { type ActivationRecord, newActivationId } from '../../platform/src/model/activation';
import type { ActionDocument } from '../../platform/src/model/entities';
import { createLogger } from '../../platform/src/observe/logger';
import { ActivationStoreFull } from '../../platform/src/store/activationStore';
import { ActivationRetention } from '../../platform/src/store/couchdb/activationRetention';
import { CouchClient } from '../../platform/src/store/couchdb/couchClient';
import { CouchStores, type CouchStoresOptions } from '../../platform/src/store/couchdb/couchStores';
import { databaseNames } from '../../platform/src/store/couchdb/designDocuments';
import { StoreRefused, StoreUnavailable } from '../../platform/src/store/storeUnavailable';
import { activationStoreContract } from '../../platform/src/store/testing/activationStoreContract';
import { artifactStoreContract } from '../../platform/src/store/testing/artifactStoreContract';
import { subjectStoreContract } from '../../platform/src/store/testing/subjectStoreContract';
import { call } from '../httpCall';
import { basic } from '../platformProcess';
import { type CouchServer, startCouchServer } from './couchServer';

const log = createLogger(process.env.TEST_LOG_LEVEL ?? 'silent', 'test');
const names = databaseNames(`test_${process.pid}_`);
let couch: CouchServer;
let stores: CouchStores;

function open(more: Partial<CouchStoresOptions> = {}): CouchStores {
  const { url, username, password } = couch;
  return new CouchStores({ url, username, password, names, maxPending: 1 << 26, maxAge: 0, log, ...more });
}

beforeAll(async () => {
  couch = await startCouchServer();
  stores = open();
  await stores.initialise();
});
afterAll(async () => {
  await stores?.close();
  await couch?.close();
});

describe('artifacts', () => artifactStoreContract(() => stores.artifacts));
describe('activations', () => activationStoreContract(() => stores.activations, { digits: false }));
describe('subjects', () => subjectStoreContract(() => stores.subjects));

function record(namespace: string, start: number, more: Partial<ActivationRecord> = {}): ActivationRecord {
  return {
    namespace,
    name: 'hello',
    subject: 'guest-subject',
    activationId: newActivationId(start),
    start,
    end: start + 5,
    duration: 5,
    response: { statusCode: 0, result: '{}' },
    logs: [],
    version: '0.0.1',
    annotations: [{ key: 'path', value: `${namespace}/hello` }],
    ...more,
  };
}

/** A document as it is in the database. */
async function raw(database: string, id: string, method = 'GET', json?: object) {
  const headers = { authorization: basic(`${couch.username}:${couch.password}`) };
  const answer = await call(`${couch.url}/${database}/${id}`, { method, headers, ...(json === undefined ? {} : { json }) });
  return answer.json;
}

test('initialising again makes nothing, also when several do it at once', async () => {
  expect(await stores.initialise()).toEqual([]);
  const fresh = databaseNames(`fresh_${process.pid}_`);
  const many = await Promise.all([1, 2, 3].map(() => open({ names: fresh })).map((s) => s.initialise().finally(() => s.close())));
  expect(new Set(many.flat()).size).toBe(3 + 4 + 2 + 5);
});

test('a wrong password is told as that', async () => {
  const wrong = open({ password: 'wrong', retryFor: 0 });
  await expect(wrong.artifacts.get('a/b')).rejects.toThrow('it does not know the user or the password');
  await expect(wrong.initialise()).rejects.toBeInstanceOf(StoreRefused);
  await wrong.close();
});

test("an action's document has OpenWhisk's form, its code inline or attached", async () => {
  const action: ActionDocument = {
    type: 'actions',
    namespace: 'form/pkg',
    name: 'small',
    version: '0.0.1',
    publish: false,
    annotations: [],
    updated: 5,
    exec: { kind: 'nodejs:20', code: 'code', binary: false },
    parameters: [],
    limits: { timeout: 60000, memory: 256, logs: 10, concurrency: 1 },
  };
  await stores.artifacts.put('form/pkg/small', action, undefined);
  const { type: _, exec: __, ...same } = action;
  const reference = { attachmentType: 'text/plain; charset=UTF-8', length: 4, digest: expect.stringMatching(/^sha256-[0-9a-f]{64}$/) };
  expect(await raw(names.whisks, 'form%2Fpkg%2Fsmall')).toEqual({
    _id: 'form/pkg/small',
    _rev: expect.stringMatching(/^1-/),
    entityType: 'action',
    ...same,
    exec: { kind: 'nodejs:20', binary: false, code: { attachmentName: `mem:${Buffer.from('code').toString('base64url')}`, ...reference } },
  });
  const code = Buffer.alloc(50_000, 9).toString('base64');
  await stores.artifacts.put('form/pkg/large', { ...action, exec: { kind: 'nodejs:20', code, binary: true } }, undefined);
  const large = await raw(names.whisks, 'form%2Fpkg%2Flarge');
  const { attachmentName } = large.exec.code;
  expect(attachmentName).toMatch(/^couch:[0-9a-f-]{36}$/);
  expect(large._attachments[attachmentName.slice(6)]).toMatchObject({
    content_type: 'application/octet-stream',
    length: 50_000,
    stub: true,
  });
});

test('documents of an Apache platform are read: code in the text and in an attachment of the old name, rules by names, no types', async () => {
  const common = { namespace: 'apache', version: '0.0.2', publish: true, annotations: [], updated: 1, parameters: [] };
  const limits = { timeout: 1000, memory: 128, logs: 1, concurrency: 1 };
  const documents = [
    { _id: 'apache/old', ...common, name: 'old', exec: { kind: 'nodejs:6', code: 'inline' }, limits },
    {
      _id: 'apache/jar',
      ...common,
      name: 'jar',
      exec: { kind: 'java', binary: true, main: 'M', code: { attachmentName: 'jarfile', attachmentType: 'application/java-archive' } },
      limits,
      _attachments: { jarfile: { content_type: 'application/java-archive', data: 'UEs=' } },
    },
    { _id: 'apache/rule', ...common, name: 'rule', entityType: 'rule', trigger: '/apache/t', action: { path: 'apache', name: 'old' } },
    { _id: 'apache/t', ...common, name: 't', limits: {} },
  ];
  for (const document of documents) await raw(names.whisks, encodeURIComponent(document._id), 'PUT', document);
  expect((await stores.artifacts.get('apache/old'))?.document).toMatchObject({ type: 'actions', exec: { code: 'inline' } });
  expect((await stores.artifacts.get('apache/jar'))?.document).toMatchObject({ exec: { code: 'UEs=', main: 'M' } });
  expect((await stores.artifacts.get('apache/rule'))?.document).toMatchObject({ type: 'rules', trigger: { path: 'apache', name: 't' } });
  expect((await stores.artifacts.get('apache/t'))?.document).toMatchObject({ type: 'triggers' });
});

test("subjects and limits are OpenWhisk's documents; throttled and blocked namespaces are in its view", async () => {
  const entry = { name: 'formns', subject: 'form-subject', uuid: 'u-1', key: 'k', blocked: false, limits: { concurrentInvocations: 0 } };
  await stores.subjects.putNamespace(entry);
  await stores.subjects.putNamespace({ ...entry, name: 'formblocked', subject: 'form-blocked', uuid: 'u-2', blocked: true, limits: {} });
  expect(await raw(names.subjects, 'form-subject')).toMatchObject({
    subject: 'form-subject',
    namespaces: [{ name: 'formns', uuid: 'u-1', key: 'k' }],
  });
  expect(await raw(names.subjects, 'formns%2Flimits')).toMatchObject({ concurrentInvocations: 0 });
  const { rows } = await raw(names.subjects, '_design/namespaceThrottlings/_view/blockedNamespaces?reduce=false');
  expect(rows.map(({ key }: { key: string }) => key)).toEqual(expect.arrayContaining(['formblocked', 'formns']));
});

test('records wait, bounded, while the database is away, and are written when it is back', async () => {
  if (!couch.process) return;
  const small = open({ maxPending: 20_000, retryFor: 500 });
  await small.activations.store(record('away', 1));
  await couch.process.kill();
  const stored = Array.from({ length: 60 }, (_, i) => small.activations.store(record('away', 2 + i)));
  const results = Promise.allSettled(stored);
  await expect(stored[59]).rejects.toBeInstanceOf(ActivationStoreFull);
  expect(small.activations.pressure.pending).toBeGreaterThan(20_000);
  await expect(small.artifacts.get('a/b')).rejects.toBeInstanceOf(StoreUnavailable);
  await couch.process.run();
  const written = (await results).filter(({ status }) => status === 'fulfilled').length;
  expect(written).toBeGreaterThan(5);
  expect(await small.activations.count({ namespace: 'away', skip: 0 })).toBe(written + 1);
  expect(small.activations.pressure.pending).toBe(0);
  await small.close();
});

test('the database is paused in the middle of writes: each record is there once, and the writers go on', async () => {
  if (!couch.process) return;
  const quick = open({ timeout: 500, retryFor: 20_000 });
  const records = Array.from({ length: 300 }, (_, i) => record('paused', i));
  const first = records.slice(0, 150).map((r) => quick.activations.store(r));
  couch.process.pause();
  const rest = records.slice(150).map((r) => quick.activations.store(r));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  couch.process.resume();
  await Promise.all([...first, ...rest]);
  expect(await quick.activations.count({ namespace: 'paused', skip: 0 })).toBe(300);
  await quick.close();
});

test('of several copies of a message the first to ask gets the activation', async () => {
  const other = open();
  const asked = Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? stores : other).activations.claim('claimed', 'step', `copy ${i}`));
  const given = (await Promise.all(asked)).flatMap((yes, i) => (yes ? [i] : []));
  expect(given).toHaveLength(1);
  expect(await other.activations.claim('claimed', 'step', `copy ${given[0]}`)).toBe(true);
  expect(await other.activations.claim('claimed', 'step', 'late')).toBe(false);
  await other.close();
  // it is no record
  expect(await stores.activations.get('claimed', 'step')).toBeUndefined();
  expect(await stores.activations.count({ namespace: 'claimed', skip: 0 })).toBe(0);
});

test('retention deletes what is too old, in batches, and nothing else', async () => {
  const client = new CouchClient({ ...couch, log });
  const own = databaseNames(`old_${process.pid}_`);
  const kept = open({ names: own });
  await kept.initialise();
  await Promise.all(Array.from({ length: 450 }, (_, i) => kept.activations.store(record('old', 1000 + i))));
  const options = { client, database: own.activations, maxAge: 1000, log, now: () => 2400 };
  const [a, b] = await Promise.all([new ActivationRetention(options).round(), new ActivationRetention(options).round()]);
  expect(a! + b!).toBe(401);
  expect(await kept.activations.count({ namespace: 'old', skip: 0 })).toBe(49);
  // claims go with the records
  await kept.activations.claim('old', 'step', 'copy');
  const later = { ...options, now: () => Date.now() + 10_000 };
  expect([await new ActivationRetention(later).round(), await new ActivationRetention(later).round()]).toEqual([50, 0]);
  await kept.close();
  await client.close();
});
