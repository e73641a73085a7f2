import { type ActivationRecord, newActivationId } from '../../model/activation';
import type { ActivationStore } from '../activationStore';

/**
 * What every store of activation records does. `store` gives one that may have records of others in it. `digits`: numbers come back as they
 * were written; CouchDB keeps their value, as far as its JSON goes.
 */
export function activationStoreContract(store: () => ActivationStore, { digits }: { digits: boolean }): void {
  let namespaces = 0;
  let ns: string;
  beforeEach(() => {
    ns = `ns${process.pid}x${namespaces++}`;
  });

  function record(start: number, more: Partial<ActivationRecord> = {}): ActivationRecord {
    return {
      namespace: ns,
      name: 'hello',
      subject: 'guest-subject',
      activationId: newActivationId(start),
      start,
      end: start + 5,
      duration: 5,
      response: { statusCode: 0, result: digits ? '{"a":12345678901234567890}' : '{"a":"ü"}', size: 10 },
      logs: ['2024 stdout: line "ü"'],
      version: '0.0.1',
      annotations: [{ key: 'path', value: `${ns}/hello` }],
      ...more,
    };
  }

  const all = (more: object = {}) => ({ namespace: ns, skip: 0, limit: 0, ...more });

  test('a record is read at once, before it is written, and after', async () => {
    const r = record(1000, { cause: 'fedcba9876543210fedcba9876543210' });
    const written = store().store(r);
    expect(await store().get(ns, r.activationId)).toEqual(r);
    await written;
    expect(await store().get(ns, r.activationId)).toEqual(r);
    expect(await store().get(`${ns}y`, r.activationId)).toBeUndefined();
  });

  test('a record of a trigger has no end', async () => {
    const { duration: _, ...r } = record(1000, { end: 0 });
    await store().store(r);
    expect(await store().get(ns, r.activationId)).toEqual(r);
    expect(await store().list(all(), false)).toEqual([expect.objectContaining({ end: 0, activationId: r.activationId })]);
  });

  test('one id has one record: the first', async () => {
    const r = record(1);
    await store().store(r);
    await store().store({ ...r, end: 99 });
    await Promise.all([store().store({ ...r, end: 100 }), store().store({ ...r, end: 101 })]);
    expect(await store().count(all())).toBe(1);
    expect((await store().get(ns, r.activationId))?.end).toBe(6);
  });

  test('lists newest start first, with bounds, skip and limit', async () => {
    const starts = Array.from({ length: 95 }, (_, i) => 1000 + ((i * 37) % 95));
    await Promise.all(starts.map((start) => store().store(record(start))));
    const list = async (more: object) => (await store().list(all(more), false)).map((r) => r.start);
    const sorted = starts.toSorted((a, b) => b - a);
    expect(await list({})).toEqual(sorted);
    expect(await list({ skip: 13, limit: 20 })).toEqual(sorted.slice(13, 33));
    expect(await list({ since: 1010, upto: 1030 })).toEqual(sorted.filter((x) => x >= 1010 && x <= 1030));
    expect(await store().count({ namespace: ns, since: 1010, upto: 1030, skip: 5 })).toBe(16);
    // nothing lies after its end
    expect(await list({ since: 1030, upto: 1010 })).toEqual([]);
    expect(await store().count({ namespace: ns, since: 1030, upto: 1010, skip: 0 })).toBe(0);
  });

  test('lists whole records, or what a listing shows of them', async () => {
    const r = record(7, { response: { statusCode: 2, result: digits ? '{"error":1.50}' : '{"error":1.5}' } });
    await store().store(r);
    expect(await store().list(all(), true)).toEqual([r]);
    const { subject: _, response: __, logs: ___, ...shown } = r;
    expect(await store().list(all(), false)).toEqual([expect.objectContaining({ ...shown, logs: [] })]);
    expect((await store().list(all(), false))[0]!.response.statusCode).toBe(2);
  });

  test('filters by name; an action in a package is known by package and name', async () => {
    await store().store(record(1));
    await store().store(record(2, { annotations: [{ key: 'path', value: `${ns}/pkg/hello` }] }));
    const starts = async (name: string) => (await store().list(all({ name }), true)).map((r) => r.start);
    expect(await starts('hello')).toEqual([1]);
    expect(await starts('pkg/hello')).toEqual([2]);
    expect(await store().count({ namespace: ns, name: 'pkg/hello', skip: 0 })).toBe(1);
  });

  test('many records at once are all there', async () => {
    const records = Array.from({ length: 1200 }, (_, i) => record(i));
    await Promise.all(records.map((r) => store().store(r)));
    expect(await store().count(all())).toBe(1200);
    expect(store().pressure.pending).toBe(0);
  });
}
