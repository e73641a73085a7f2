import { ApiHost, freshName } from './apiHost';

/** Reference invocation, section 6. */
let host: ApiHost;
const base = freshName('c');
const n = (name: string) => `${base}${name}`;
const conductor = (name: string, code: string, value: unknown = true) =>
  host.putAction(n(name), code, { annotations: [{ key: 'conductor', value }] });
/** A conductor that is given the steps as a list and walks along it. */
const walker = `function main(a) {
  const step = a.$step || 0, steps = a.$steps || a.steps;
  if (step >= steps.length) { const { $step, $steps, ...rest } = a; return { params: rest }; }
  const next = steps[step];
  return { ...next, state: { $step: step + 1, $steps: steps } };
}`;

beforeAll(async () => {
  host = await ApiHost.open();
  await conductor('walk', walker);
  await host.putAction(n('add'), 'function main(a) { return { n: (a.n || 0) + 1 }; }');
  await host.putAction(n('echo'), 'function main(a) { return a; }');
  await host.putAction(n('fail'), 'function main() { return { error: "failed" }; }');
  await host.putAction(n('list'), 'function main() { return [1]; }');
  await host.put(`packages/${n('p')}`, {});
  await host.putAction(`${n('p')}/add`, 'function main(a) { return { packaged: true }; }');
  await host.put(`actions/${n('seq')}`, { exec: { kind: 'sequence', components: [`/_/${n('add')}`, `/_/${n('add')}`] } });
});
afterAll(() => host.close());

const walk = (...steps: object[]) => host.invoke(n('walk'), { steps }, 'blocking=true&result=true');

describe('the end', () => {
  const ends: [string, string, number, unknown][] = [
    ['the whole result without params', 'return { a: 1 };', 200, { a: 1 }],
    ['params', 'return { params: { b: 1 }, other: 1 };', 200, { b: 1 }],
    ['params that are no object', 'return { params: 5 };', 200, { value: 5 }],
    ['params with an error are a success', 'return { params: { error: "x" } };', 200, { error: 'x' }],
    ['an error', 'return { error: "x", action: "whatever" };', 502, { error: 'x' }],
  ];
  test.each(ends)('%s', async (_, code, status, result) => {
    await conductor('end', `function main() { ${code} }`);
    const answer = await host.invoke(n('end'), {}, 'blocking=true&result=true');
    expect([answer.status, answer.json]).toEqual([status, result]);
  });
  test('an array', async () => {
    await conductor('end', 'function main() { return [1]; }');
    expect((await host.invoke(n('end'))).status).toBe(500);
  });
});

describe('steps', () => {
  test('the component is given params, the conductor its result', async () => {
    expect((await walk({ action: n('add'), params: { n: 4 } })).json).toEqual({ n: 5 });
  });
  test('params that are no object', async () => {
    expect((await walk({ action: n('echo'), params: 7 })).json).toEqual({ value: 7 });
  });
  test('no params are no arguments', async () => {
    expect((await walk({ action: n('echo') })).json).toEqual({});
  });
  test('state wins over the result, and is cleared when absent', async () => {
    await conductor(
      'keeps',
      `function main(a) { return a.go ? { action: "${n('echo')}", params: { x: 1, y: 1 }, state: { x: 2 } } : { params: a }; }`,
    );
    expect((await host.invoke(n('keeps'), { go: 1 }, 'blocking=true&result=true')).json).toEqual({ x: 2, y: 1 });
  });
  test('state that is no object', async () => {
    await conductor('plain', `function main(a) { return a.go ? { action: "${n('echo')}", params: {}, state: 3 } : { params: a }; }`);
    expect((await host.invoke(n('plain'), { go: 1 }, 'blocking=true&result=true')).json).toEqual({ state: 3 });
  });
  test('a failed component does not stop it: the conductor is told', async () => {
    expect((await walk({ action: n('fail') })).json).toEqual({ error: 'failed' });
  });
  test.each(['/NS/', '/_/', ''])('an action named %sname', async (prefix) => {
    expect((await walk({ action: `${host.named(prefix)}${n('add')}` })).json).toEqual({ n: 1 });
  });
  test.each(['/NS/', '/_/', 'NS/', ''])('an action named %spackage/name', async (prefix) => {
    expect((await walk({ action: `${host.named(prefix)}${n('p')}/add` })).json).toEqual({ packaged: true });
  });
});

describe('what the conductor is told', () => {
  const rows: [string, unknown, string][] = [
    ['a name that is none', '/a', 'Failed to parse action name from json value "/a" during composition.'],
    ['too many segments', 'a/b/c/d', 'Failed to parse action name from json value "a/b/c/d" during composition.'],
    ['no string', 5, 'Failed to parse action name from json value 5 during composition.'],
    ['missing', 'nosuch', "Failed to resolve action with name 'NS/nosuch' during composition."],
    ['missing package', 'nosuch/a', "Failed entitlement check for action with name 'NS/nosuch/a' during composition."],
    ['foreign', '/OTHER/a', "Failed entitlement check for action with name 'OTHER/a' during composition."],
    ['an array result', n('list'), `Failed to resolve action with name 'NS/${n('list')}' during composition.`],
  ];
  test.each(rows)('%s', async (_, action, error) => {
    const { json } = await walk({ action: typeof action === 'string' ? host.named(action) : action });
    expect(json.error).toBe(host.named(error));
  });
  test('more than fifty components', async () => {
    const { json } = await walk(...Array.from({ length: 51 }, () => ({ action: n('add') })));
    expect(json).toMatchObject({ error: 'Too many actions in the composition.' });
  });
  test('more than 101 conductor calls end it', async () => {
    await conductor('ever', 'function main(a) { return { action: "/a" }; }');
    const { status, json } = await host.invoke(n('ever'));
    expect([status, json.response.status, json.response.result.error]).toEqual([
      502,
      'application error',
      'Too many actions in the composition.',
    ]);
  });
});

describe('the record', () => {
  test('ids of all inner activations in order, and whose they are', async () => {
    const { json } = await host.invoke(n('walk'), { steps: [{ action: n('add') }, { action: n('seq') }] });
    const record = (await host.record(json.activationId)).json;
    const parts = await Promise.all(record.logs.map((id: string) => host.record(id).then((a) => a.json)));
    expect(parts.map((p) => p.name)).toEqual(['walk', 'add', 'walk', 'seq', 'walk'].map(n));
    for (const part of parts) {
      expect(part.cause).toBe(record.activationId);
      expect(part.annotations).toContainEqual({ key: 'causedBy', value: 'sequence' });
    }
    const annotations = Object.fromEntries(record.annotations.map((a: { key: string; value: unknown }) => [a.key, a.value]));
    expect(annotations).toMatchObject({ conductor: true, kind: 'sequence', topmost: true, path: host.named(`NS/${n('walk')}`) });
    expect(record.duration).toBe(parts.reduce((sum, p) => sum + p.duration, 0));
    expect(record.response.size).toBeUndefined();
  });
  test.each([
    [1, true],
    ['yes', true],
    [false, false],
    [0, false],
    ['', false],
    [null, false],
  ])('conductor: %j counts as %s', async (value, composes) => {
    await conductor('truth', `function main(a) { return a.n ? { params: a } : { action: "${n('add')}" }; }`, value);
    const { json } = await host.invoke(n('truth'), {}, 'blocking=true&result=true');
    expect(json).toEqual(composes ? { n: 1 } : { action: n('add') });
  });
});
