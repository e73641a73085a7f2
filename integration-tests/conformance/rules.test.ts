import { ApiHost, freshName, type Row, testRows } from './apiHost';

/** Reference rest-api, sections 5 (triggers) and 6 (rules). */
let host: ApiHost;
const base = freshName('r');
const code = 'function main(a) { return a; }';
beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction(`${base}a`, code);
  await host.putAction(`${base}a2`, code);
  for (const name of ['t', 't2']) await host.put(`triggers/${base}${name}`, { parameters: [{ key: 'p', value: 1 }] });
  await host.put(`rules/${base}`, rule);
});
afterAll(() => host.close());

const rule = { trigger: `/NS/${base}t`, action: `/NS/${base}a` };
const rules = `/namespaces/_/rules/${base}`;
const triggers = `/namespaces/_/triggers/${base}`;
const trigger = async (name = 't') => (await host.call('GET', `${triggers}${name}`)).json;

describe('triggers', () => {
  test('fields', async () => {
    const { json } = await host.put(`triggers/${base}f`, { limits: { a: 1 }, rules: { x: 1 }, annotations: [{ key: 'x', value: 1 }] });
    expect(Object.keys(json).sort()).toEqual(['annotations', 'limits', 'name', 'namespace', 'parameters', 'publish', 'updated', 'version']);
    expect(json.limits).toEqual({});
  });
  test('fields of a list item', async () => {
    const [item] = (await host.call('GET', '/namespaces/_/triggers?limit=1')).json;
    expect(Object.keys(item).sort()).toEqual(['annotations', 'name', 'namespace', 'publish', 'updated', 'version']);
  });
  test('rules stays as {} after the last one went', async () => {
    expect((await trigger()).rules).toEqual({
      [host.named(`NS/${base}`)]: { action: { path: host.guest.namespace, name: `${base}a` }, status: 'active' },
    });
    await host.put(`rules/${base}last`, { trigger: `/_/${base}t2`, action: rule.action });
    await host.call('DELETE', `${rules}last`);
    expect((await trigger('t2')).rules).toEqual({});
  });
  test('an update replaces what is given, and keeps the rules', async () => {
    const { json } = await host.put(`triggers/${base}t`, { annotations: [{ key: 'y', value: 1 }] });
    expect(json).toMatchObject({ parameters: [{ key: 'p', value: 1 }], annotations: [{ key: 'y', value: 1 }], rules: expect.any(Object) });
  });
  const feed = (value: unknown, status: number): Row => ({
    name: `feed ${JSON.stringify(value)}`,
    do: `PUT ${triggers}${freshName('feed')}`,
    with: { json: { annotations: [{ key: 'feed', value }] } },
    status,
    ...(status === 400 ? { error: 'Feed name is not valid' } : {}),
  });
  testRows(() => host, [feed('/ns/pkg/feed', 200), feed('feed', 200), feed(true, 400), feed(1, 400), feed('', 400), feed('a$b', 400)]);
  test('a deleted trigger leaves its rules inactive; a new one does not know them until they are activated', async () => {
    await host.put(`triggers/${base}gone`, {});
    await host.put(`rules/${base}gone-rule`, { trigger: `/_/${base}gone`, action: rule.action });
    const status = async () => (await host.call('GET', `${rules}gone-rule`)).json.status;
    await host.call('DELETE', `${triggers}gone`);
    expect(await status()).toBe('inactive');
    await host.put(`triggers/${base}gone`, {});
    expect([await status(), (await trigger('gone')).rules]).toEqual(['inactive', undefined]);
    await host.call('POST', `${rules}gone-rule`, { json: { status: 'active' } });
    expect(await status()).toBe('active');
  });
});

describe('rules', () => {
  const put = (name: string, json: object, more: Partial<Row>): Row => ({
    name,
    do: `PUT ${rules}new?overwrite=true`,
    with: { json },
    status: 400,
    ...more,
  });
  testRows(
    () => host,
    [
      {
        name: 'GET',
        do: `GET ${rules}`,
        status: 200,
        json: { status: 'active', trigger: { path: 'NS', name: `${base}t` }, action: { path: 'NS', name: `${base}a` } },
      },
      put('without trigger', { action: rule.action }, { error: 'rule requires a valid trigger and a valid action' }),
      put('without action', { trigger: rule.trigger }, { error: 'rule requires a valid trigger and a valid action' }),
      put('trigger missing', { ...rule, trigger: '/_/nosuch' }, { error: 'trigger /NS/nosuch does not exist' }),
      put('action missing', { ...rule, action: '/_/nosuch' }, { error: 'action /NS/nosuch does not exist' }),
      put(
        'both missing: the trigger is told',
        { trigger: '/_/nosuch', action: '/_/nosuch' },
        { error: 'trigger /NS/nosuch does not exist' },
      ),
      put(
        'action in a missing package',
        { ...rule, action: '/_/nosuch/a' },
        { status: 404, error: 'The requested resource does not exist.' },
      ),
      put('trigger of another type', { ...rule, trigger: rule.action }, {}),
      put('action of another type', { ...rule, action: rule.trigger }, {}),
      put(
        'status, name and namespace in the body are ignored',
        { ...rule, status: '', name: 'x', namespace: 'y' },
        { status: 200, json: { name: `${base}new`, namespace: 'NS', status: 'active' } },
      ),
    ],
  );
  test('list items are whole rules without status', async () => {
    const list = (await host.call('GET', '/namespaces/_/rules?limit=1')).json;
    expect(Object.keys(list[0]).sort()).toEqual(['action', 'annotations', 'name', 'namespace', 'publish', 'trigger', 'updated', 'version']);
  });
  test('an update keeps the status and rewires the triggers', async () => {
    await host.put(`rules/${base}w`, rule);
    await host.call('POST', `${rules}w`, { json: { status: 'inactive' } });
    const { json } = await host.put(`rules/${base}w`, { trigger: `/_/${base}t2` });
    expect(json).toMatchObject({ status: 'inactive', version: '0.0.2', action: { name: `${base}a` } });
    const name = host.named(`NS/${base}w`);
    expect([(await trigger()).rules[name], (await trigger('t2')).rules[name].status]).toEqual([undefined, 'inactive']);
  });
  test('an update wants both targets to exist, also unchanged ones', async () => {
    await host.putAction(`${base}temp`, code);
    await host.put(`rules/${base}t-rule`, { ...rule, action: `/_/${base}temp` });
    await host.call('DELETE', `/namespaces/_/actions/${base}temp`);
    const answer = await host.call('PUT', `${rules}t-rule?overwrite=true`, { json: {} });
    expect([answer.status, answer.json.error]).toEqual([400, host.named(`action /NS/${base}temp does not exist`)]);
  });
  test('DELETE while active', async () => {
    await host.put(`rules/${base}d`, rule);
    const { status, json } = await host.call('DELETE', `${rules}d`);
    expect([status, json.status, (await trigger()).rules[host.named(`NS/${base}d`)]]).toEqual([200, 'inactive', undefined]);
  });
});

describe('status', () => {
  const post = (name: string, json: unknown, more: Partial<Row>): Row => ({
    name,
    do: `POST ${rules}`,
    with: { json },
    status: 400,
    ...more,
  });
  const detail = (text: string) => ({ error: `The request content was malformed:\n${text}` });
  testRows(
    () => host,
    [
      post('inactive', { status: 'inactive' }, { status: 200 }),
      post('again', { status: 'inactive' }, { status: 200 }),
      post('trimmed', { status: ' active ' }, { status: 200 }),
      post('nulls beside it', { status: 'active', trigger: null, action: null }, { status: 200 }),
      post('in another case', { status: 'Active' }, detail('requirement failed: Active is not a recognized rule state')),
      post('unknown', { status: 'on' }, detail('requirement failed: on is not a recognized rule state')),
      post('missing', {}, detail('key not found: status')),
      { name: 'the body is checked before the rule', do: 'POST /namespaces/_/rules/nosuch', with: { json: {} }, status: 400 },
      { name: 'a missing rule', do: 'POST /namespaces/_/rules/nosuch', with: { json: { status: 'active' } }, status: 404 },
    ],
  );
  test('the answer is OK as text, and no version changes', async () => {
    const before = [(await host.call('GET', rules)).json.version, (await trigger()).version];
    const { text, headers } = await host.call('POST', rules, { json: { status: 'inactive' } });
    expect([text, headers['content-type']]).toEqual(['OK', 'text/plain; charset=UTF-8']);
    expect([(await host.call('GET', rules)).json.version, (await trigger()).version]).toEqual(before);
  });
  test('the trigger is gone', async () => {
    await host.put(`triggers/${base}x`, {});
    await host.put(`rules/${base}x-rule`, { ...rule, trigger: `/_/${base}x` });
    await host.call('DELETE', `${triggers}x`);
    const enable = await host.call('POST', `${rules}x-rule`, { json: { status: 'active' } });
    expect([enable.status, enable.json.error]).toEqual([404, 'Only rules with existing triggers can be activated']);
    expect((await host.call('POST', `${rules}x-rule`, { json: { status: 'inactive' } })).text).toBe('OK');
  });
});
