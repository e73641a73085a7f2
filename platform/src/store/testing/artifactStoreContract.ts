import type { ActionDocument, EntityDocument } from '../../model/entities';
import { type ArtifactStore, RevisionConflict } from '../artifactStore';

/** What every artifact store does. `store` gives one that may have entities of others in it; namespaces are of its test alone. */
export function artifactStoreContract(store: () => ArtifactStore): void {
  let namespaces = 0;
  let ns: string;
  beforeEach(() => {
    ns = `ns${process.pid}x${namespaces++}`;
  });

  function action(path: string, name: string, updated: number, exec: object = {}): ActionDocument {
    return {
      type: 'actions',
      namespace: path,
      name,
      version: '0.0.1',
      publish: false,
      annotations: [{ key: 'a', value: { b: [1, null] } }],
      updated,
      exec: { kind: 'nodejs:20', code: 'function main() { return "ü" }', binary: false, ...exec },
      parameters: [{ key: 'p', value: 1, init: true }],
      limits: { timeout: 60000, memory: 256, logs: 10, concurrency: 1 },
    };
  }

  const base = { version: '1.2.3', publish: true, annotations: [], updated: 5 };
  const kinds: [string, (name: string) => EntityDocument][] = [
    ['an action', (name) => action(ns, name, 1)],
    ['an action with a large code', (name) => action(ns, name, 1, { code: `// ${'ü'.repeat(300_000)}` })],
    ['an archive', (name) => action(ns, name, 1, { binary: true, code: Buffer.alloc(100, 7).toString('base64'), main: 'run' })],
    ['a large archive', (name) => action(ns, name, 1, { binary: true, code: Buffer.alloc(200_000, 255).toString('base64') })],
    ['an image', (name) => ({ ...action(ns, name, 1), exec: { kind: 'blackbox', image: 'a/b', binary: false } })],
    ['a sequence', (name) => ({ ...action(ns, name, 1), exec: { kind: 'sequence', components: [`/${ns}/a`, `/${ns}/p/b`] } })],
    ['a package', (name) => ({ type: 'packages', namespace: ns, name, ...base, parameters: [{ key: 'x', value: 'y' }] })],
    ['a binding', (name) => ({ type: 'packages', namespace: ns, name, ...base, parameters: [], binding: { namespace: 'o', name: 'p' } })],
    [
      'a trigger',
      (name) => ({
        type: 'triggers',
        namespace: ns,
        name,
        ...base,
        parameters: [],
        rules: { [`${ns}/r`]: { action: { path: ns, name: 'a' }, status: 'active' } },
      }),
    ],
    ['a trigger without rules', (name) => ({ type: 'triggers', namespace: ns, name, ...base, parameters: [] })],
    [
      'a rule',
      (name) => ({ type: 'rules', namespace: ns, name, ...base, trigger: { path: ns, name: 't' }, action: { path: `${ns}/p`, name: 'a' } }),
    ],
  ];

  test.each(kinds)('gives back %s as it was put', async (_, make) => {
    const document = make('it');
    const revision = await store().put(`${ns}/it`, document, undefined);
    expect(await store().get(`${ns}/it`)).toEqual({ document, revision });
  });

  test('code is left out on request', async () => {
    await store().put(`${ns}/a`, action(ns, 'a', 1), undefined);
    expect((await store().getWithoutCode(`${ns}/a`))?.document).toMatchObject({ exec: { kind: 'nodejs:20', code: '', binary: false } });
    expect(await store().getWithoutCode(`${ns}/b`)).toBeUndefined();
    expect(await store().get(`${ns}/b`)).toBeUndefined();
  });

  test.each([
    ['small', 'first'],
    ['large', 'first'.repeat(20_000)],
  ])('keeps the stored code on request, %s', async (_, code) => {
    const first = await store().put(`${ns}/a`, action(ns, 'a', 1, { code }), undefined);
    const second = await store().put(`${ns}/a`, action(ns, 'a', 2, { code: '' }), first, 'keepCode');
    expect(await store().get(`${ns}/a`)).toEqual({ document: action(ns, 'a', 2, { code }), revision: second });
    await expect(store().put(`${ns}/a`, action(ns, 'a', 2, { code: '' }), first, 'keepCode')).rejects.toBeInstanceOf(RevisionConflict);
  });

  test('new code takes the place of the old', async () => {
    const first = await store().put(`${ns}/a`, action(ns, 'a', 1, { code: 'x'.repeat(50_000) }), undefined);
    await store().put(`${ns}/a`, action(ns, 'a', 2, { code: 'y'.repeat(60_000) }), first);
    expect((await store().get(`${ns}/a`))?.document).toMatchObject({ exec: { code: 'y'.repeat(60_000) } });
  });

  test('of concurrent writers with the same revision one wins, the others conflict', async () => {
    const revision = await store().put(`${ns}/a`, action(ns, 'a', 1), undefined);
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => store().put(`${ns}/a`, action(ns, 'a', i), revision)));
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    for (const r of results) if (r.status === 'rejected') expect(r.reason).toBeInstanceOf(RevisionConflict);
  });

  test('creating what exists and deleting with an old revision conflict', async () => {
    const revision = await store().put(`${ns}/a`, action(ns, 'a', 1), undefined);
    await expect(store().put(`${ns}/a`, action(ns, 'a', 1), undefined)).rejects.toBeInstanceOf(RevisionConflict);
    const next = await store().put(`${ns}/a`, action(ns, 'a', 2), revision);
    await expect(store().delete(`${ns}/a`, revision)).rejects.toBeInstanceOf(RevisionConflict);
    await store().delete(`${ns}/a`, next);
    expect(await store().get(`${ns}/a`)).toBeUndefined();
    await expect(store().delete(`${ns}/a`, next)).rejects.toBeInstanceOf(RevisionConflict);
  });

  test('a recreated entity has another revision, so no cache mistakes it for the old one', async () => {
    const first = await store().put(`${ns}/a`, action(ns, 'a', 1), undefined);
    await store().delete(`${ns}/a`, first);
    expect(await store().put(`${ns}/a`, action(ns, 'a', 1), undefined)).not.toBe(first);
  });

  test('lists newest first; packaged actions under their namespace and their package', async () => {
    for (const [i, [path, name]] of [
      [ns, 'a'],
      [`${ns}/p`, 'b'],
      [ns, 'c'],
      [`${ns}x`, 'd'],
    ].entries()) {
      await store().put(`${path}/${name}`, action(path!, name!, i + 1), undefined);
    }
    const names = async (more: object) =>
      (await store().list({ collection: 'actions', namespace: ns, skip: 0, limit: 0, ...more })).map((d) => d.name);
    expect(await names({})).toEqual(['c', 'b', 'a']);
    expect(await names({ skip: 1, limit: 1 })).toEqual(['b']);
    expect(await names({ package: `${ns}/p` })).toEqual(['b']);
    expect(await store().count({ collection: 'actions', namespace: ns, skip: 2 })).toBe(1);
    expect(await store().count({ collection: 'actions', namespace: ns, skip: 5 })).toBe(0);
  });

  test('each kind is listed among its own, with what a listing shows', async () => {
    for (const [i, [, make]] of kinds.entries()) await store().put(`${ns}/e${i}`, make(`e${i}`), undefined);
    const listed = async (collection: EntityDocument['type']) => await store().list({ collection, namespace: ns, skip: 0, limit: 0 });
    const entity = (i: number, ...fields: string[]) => {
      const whole = kinds[i]![1](`e${i}`) as unknown as Record<string, unknown>;
      return expect.objectContaining(
        Object.fromEntries(['type', 'namespace', 'name', 'version', 'annotations', ...fields].map((f) => [f, whole[f]])),
      );
    };
    const sorted = (list: EntityDocument[]) => list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(sorted(await listed('packages'))).toEqual([entity(6), entity(7, 'binding')]);
    expect(sorted(await listed('rules'))).toEqual([entity(10, 'trigger', 'action')]);
    expect(sorted(await listed('triggers'))).toEqual([entity(8), entity(9)]);
    const actions = await listed('actions');
    expect(actions).toHaveLength(6);
    expect(
      actions
        .filter((a) => a.type === 'actions' && 'binary' in a.exec && a.exec.binary)
        .map((a) => a.name)
        .toSorted(),
    ).toEqual(['e2', 'e3']);
    expect(actions.every((a) => a.type === 'actions' && a.limits.memory === 256)).toBe(true);
  });
}
