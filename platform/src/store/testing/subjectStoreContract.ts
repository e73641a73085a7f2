import { randomUUID } from 'node:crypto';
import { type NamespaceEntry, type SubjectStore, UuidInUse } from '../subjectStore';

/** What every store of subjects does. `store` gives one that may have subjects of others in it. */
export function subjectStoreContract(store: () => SubjectStore): void {
  let entries = 0;

  function entry(more: Partial<NamespaceEntry> = {}): NamespaceEntry {
    const name = `ns${process.pid}x${1000 + entries++}`;
    return { name, subject: `${name}-subject`, uuid: randomUUID(), key: 'k'.repeat(64), blocked: false, limits: {}, created: 7, ...more };
  }

  const identity = ({ subject, name, uuid, key, limits, created }: NamespaceEntry) => ({
    subject,
    namespace: { name, uuid },
    authkey: { uuid, key },
    limits,
    created,
  });

  test('a key leads to its subject, its namespace and the limits of that', async () => {
    const e = entry({ limits: { invocationsPerMinute: 3, allowedKinds: ['nodejs:20'], storeActivations: false } });
    await store().putNamespace(e);
    expect(await store().identify(e.uuid, e.key)).toEqual(identity(e));
    expect(await store().identityOf(e.name)).toEqual(identity(e));
    expect(await store().namespace(e.name)).toEqual(e);
    expect(await store().identify(e.uuid, 'x'.repeat(64))).toBeUndefined();
    expect(await store().identify(randomUUID(), e.key)).toBeUndefined();
    expect(await store().identityOf(`${e.name}y`)).toBeUndefined();
    expect(await store().namespace(`${e.name}y`)).toBeUndefined();
  });

  test('who is blocked has no identity, and is still to be found', async () => {
    const e = entry();
    await store().putNamespace({ ...e, blocked: true });
    expect(await store().identify(e.uuid, e.key)).toBeUndefined();
    expect(await store().identityOf(e.name)).toBeUndefined();
    expect(await store().namespace(e.name)).toEqual({ ...e, blocked: true });
    expect(await store().subject(e.subject)).toMatchObject({ blocked: true });
    await store().putNamespace(e);
    expect(await store().identify(e.uuid, e.key)).toEqual(identity(e));
    expect(await store().subject(e.subject)).toMatchObject({ blocked: false });
  });

  test('a new key ends the old one; changed limits hold', async () => {
    const e = entry({ limits: { invocationsPerMinute: 3 } });
    await store().putNamespace(e);
    const next = { ...e, uuid: randomUUID(), key: 'n'.repeat(64), limits: { concurrentInvocations: 1 } };
    await store().putNamespace(next);
    expect(await store().identify(e.uuid, e.key)).toBeUndefined();
    expect(await store().identify(next.uuid, next.key)).toEqual(identity(next));
    await store().putNamespace({ ...next, limits: {} });
    expect((await store().namespace(e.name))?.limits).toEqual({});
  });

  test('a uuid leads to one namespace only', async () => {
    const e = entry();
    await store().putNamespace(e);
    await expect(store().putNamespace(entry({ uuid: e.uuid }))).rejects.toBeInstanceOf(UuidInUse);
    await store().putNamespace(e);
  });

  test('a subject has several namespaces, until the last of them is gone', async () => {
    const a = entry();
    const b = entry({ subject: a.subject });
    await store().putNamespace(a);
    await store().putNamespace(b);
    expect((await store().subject(a.subject))?.namespaces).toEqual([a, b].map(({ name, uuid, key }) => ({ name, uuid, key })));
    await store().deleteNamespace(a.name);
    expect(await store().identify(a.uuid, a.key)).toBeUndefined();
    expect(await store().identify(b.uuid, b.key)).toEqual(identity(b));
    await store().deleteNamespace(b.name);
    await store().deleteNamespace(b.name);
    expect(await store().subject(a.subject)).toBeUndefined();
    expect(await store().namespace(b.name)).toBeUndefined();
  });

  test('a namespace moves to another subject', async () => {
    const e = entry();
    await store().putNamespace(e);
    const moved = { ...e, subject: `${e.name}-other` };
    await store().putNamespace(moved);
    expect(await store().identify(e.uuid, e.key)).toEqual(identity(moved));
    expect(await store().subject(e.subject)).toBeUndefined();
  });

  test('namespaces are listed by name, a page at a time', async () => {
    const { total: before } = await store().namespaces({ skip: 0, limit: 1 });
    const own = [entry(), entry(), entry({ blocked: true })];
    for (const e of own.toReversed()) await store().putNamespace(e);
    const { entries: listed, total } = await store().namespaces({ skip: 0, limit: 10_000 });
    expect(total).toBe(before + 3);
    expect(listed.filter(({ name }) => own.some((e) => e.name === name))).toEqual(own);
    const { entries: page } = await store().namespaces({ skip: 1, limit: 2 });
    expect(page).toEqual(listed.slice(1, 3));
  });
}
