import { ApiHost, freshName } from './apiHost';

/** Reference invocation, section 5. */
let host: ApiHost;
const base = freshName('s');
const n = (name: string) => `${base}${name}`;
const sequence = (name: string, ...components: string[]) =>
  host.put(`actions/${n(name)}`, { exec: { kind: 'sequence', components: components.map((c) => `/_/${n(c)}`) } });
type Annotations = { key: string; value: unknown }[];
const annotationsOf = (json: { annotations: Annotations }) => Object.fromEntries(json.annotations.map(({ key, value }) => [key, value]));

beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction(n('add'), 'function main(a) { return { n: (a.n || 0) + 1, seen: Object.keys(a).sort() }; }', {
    limits: { memory: 128, timeout: 5000 },
  });
  await host.putAction(n('fail'), 'function main() { return { error: "stop here" }; }');
  await host.putAction(n('dev'), 'function main() { return 1; }');
  await host.putAction(n('echo'), 'function main(a) { return a; }', { parameters: [{ key: 'own', value: 'default' }] });
  await host.putAction(n('final'), 'function main(a) { return a; }', {
    parameters: [{ key: 'n', value: 'fixed' }],
    annotations: [{ key: 'final', value: true }],
  });
  await host.putAction(n('list'), 'function main() { return [1, 2]; }');
  await host.putAction(n('sort'), 'function main(a) { return { isArray: Array.isArray(a), a }; }');
  await sequence('two', 'add', 'add');
  await sequence('stops', 'add', 'fail', 'add');
  await sequence('broken', 'dev', 'add');
  await sequence('outer', 'two', 'add');
});
afterAll(() => host.close());

const result = async (name: string, json: object = {}) => (await host.invoke(n(name), json, 'blocking=true&result=true')).json;

test('each component is given the result of the one before', async () => {
  expect((await result('two', { n: 5 })).n).toBe(7);
});
test('the component’s own parameters are merged below', async () => {
  await sequence('own', 'add', 'echo');
  expect(await result('own')).toMatchObject({ n: 1, own: 'default' });
});
test('parameters of the sequence’s package are not', async () => {
  await host.put(`packages/${n('p')}`, { parameters: [{ key: 'fromPackage', value: 1 }] });
  await host.put(`actions/${n('p')}/seq`, { exec: { kind: 'sequence', components: [`/_/${n('echo')}`] } });
  expect((await host.invoke(`${n('p')}/seq`, {}, 'blocking=true&result=true')).json).toEqual({ own: 'default' });
});
test('an `error` in the input does not stop the first component', async () => {
  expect((await result('two', { error: 'x' })).n).toBe(2);
});
test('a final parameter of a component may be overridden', async () => {
  await sequence('over', 'add', 'final');
  expect((await result('over')).n).toBe(1);
});
test('short circuit: application error', async () => {
  const answer = await host.invoke(n('stops'));
  expect([answer.status, answer.json.response]).toEqual([
    502,
    expect.objectContaining({ status: 'application error', result: { error: 'stop here' } }),
  ]);
  expect(answer.json.logs).toHaveLength(2);
});
test('short circuit: developer error', async () => {
  const answer = await host.invoke(n('broken'));
  expect([answer.status, answer.json.response.status, answer.json.logs.length]).toEqual([502, 'action developer error', 1]);
});
test('an array is handed on as all arguments', async () => {
  await sequence('arrays', 'list', 'sort');
  expect(await result('arrays')).toEqual({ isArray: true, a: [1, 2] });
});
test('the record', async () => {
  const { json } = await host.invoke(n('two'), { n: 1 });
  const record = (await host.record(json.activationId)).json;
  const parts = await Promise.all(record.logs.map((id: string) => host.record(id).then((a) => a.json)));
  expect(parts.map((p) => p.cause)).toEqual([json.activationId, json.activationId]);
  expect(parts.map((p) => annotationsOf(p).causedBy)).toEqual(['sequence', 'sequence']);
  expect(record.duration).toBe(parts[0].duration + parts[1].duration);
  const { limits, ...annotations } = annotationsOf(record);
  expect(annotations).toEqual({ topmost: true, path: host.named(`NS/${n('two')}`), kind: 'sequence', waitTime: expect.any(Number) });
  expect(limits).toMatchObject({ memory: 128, timeout: 60_000 });
  expect(record.cause).toBeUndefined();
});
test('an inner sequence', async () => {
  const { json } = await host.invoke(n('outer'));
  expect(json.logs).toHaveLength(2);
  const inner = (await host.record(json.logs[0])).json;
  expect([inner.name, inner.cause, inner.logs.length]).toEqual([n('two'), json.activationId, 2]);
  expect(annotationsOf(inner)).toMatchObject({ kind: 'sequence', causedBy: 'sequence', topmost: false });
  expect((await host.record(inner.logs[0])).json.cause).toBe(inner.activationId);
});
test('a deleted component', async () => {
  await host.putAction(n('gone'), 'function main(a) { return a; }');
  await sequence('deleted', 'add', 'gone');
  await host.call('DELETE', `/namespaces/_/actions/${n('gone')}`);
  const { status, json } = await host.invoke(n('deleted'));
  expect([status, json.response.status, json.response.result.error]).toEqual([
    502,
    'application error',
    'Sequence component does not exist.',
  ]);
});
test('a component in a package that is gone', async () => {
  await host.put(`packages/${n('q')}`, {});
  await host.putAction(`${n('q')}/a`, 'function main(a) { return a; }');
  await sequence('nopackage', 'q/a');
  await host.call('DELETE', `/namespaces/_/packages/${n('q')}?force=true`);
  expect((await host.invoke(n('nopackage'))).status).toBe(404);
});
test('more than fifty, counted while it runs', async () => {
  await sequence('ten', ...Array.from({ length: 10 }, () => 'add'));
  await sequence('grows', 'ten', 'ten', 'ten', 'ten', 'ten');
  expect((await result('grows')).n).toBe(50);
  await sequence('ten', ...Array.from({ length: 11 }, () => 'add'));
  const { status, json } = await host.invoke(n('grows'));
  expect([status, json.response.result.error]).toEqual([502, 'Too many actions in the sequence.']);
});
test('the wait of the caller elapsed: the sequence goes on', async () => {
  await host.putAction(n('slow'), 'function main() { return new Promise((r) => setTimeout(() => r({ late: true }), 500)); }');
  await sequence('late', 'slow', 'echo');
  const { status, json } = await host.invoke(n('late'), {}, 'blocking=true&timeout=100');
  expect(status).toBe(202);
  expect((await host.record(json.activationId)).json.response.result).toEqual({ late: true, own: 'default' });
});
