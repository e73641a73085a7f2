import { ApiHost, describeOnOwnPlatform, type Row, testRows } from './apiHost';

/** Reference rest-api, section 1.8. */
let host: ApiHost;
beforeAll(async () => {
  host = await ApiHost.open();
  for (const name of ['l1', 'l2', 'l3']) {
    await host.putAction(name, 'function main() { return {}; }');
    await host.put(`triggers/${name}t`, {});
    await host.put(`rules/${name}r`, { trigger: `/NS/${name}t`, action: `/NS/${name}` });
    await host.put(`packages/${name}p`, {});
  }
  await host.putAction('l1p/inside', 'function main() {}');
  await host.record((await host.invoke('l1')).json.activationId);
});
afterAll(() => host.close());

const collections = ['actions', 'triggers', 'rules', 'packages', 'activations'];
const malformed = (parameter: string, detail: string) => ({
  status: 400,
  error: `The query parameter '${parameter}' was malformed:\n${detail}`,
});

for (const collection of collections) {
  const get = (query: string) => `GET /namespaces/_/${collection}?${query}`;
  describe(collection, () => {
    testRows(
      () => host,
      [
        ...['0', '1', '200'].map((limit): Row => ({ name: `limit=${limit}`, do: get(`limit=${limit}`), status: 200 })),
        ...['-1', '201'].map(
          (v): Row => ({
            name: `limit=${v}`,
            do: get(`limit=${v}`),
            ...malformed('limit', `The value '${v}' is not in the range of 0 to 200 for ${collection}.`),
          }),
        ),
        ...['x', '1.5', '1e2'].map(
          (v): Row => ({
            name: `limit=${v}`,
            do: get(`limit=${v}`),
            ...malformed('limit', `The value '${v}' is not an integer for ${collection}.`),
          }),
        ),
        { name: 'skip=0', do: get('skip=0'), status: 200 },
        {
          name: 'skip=-1',
          do: get('skip=-1'),
          ...malformed('skip', `The value '-1' is not greater than or equal to 0 for ${collection}.`),
        },
        { name: 'skip=x', do: get('skip=x'), ...malformed('skip', `The value 'x' is not an integer for ${collection}.`) },
        { name: 'docs is accepted', do: get('docs=true'), status: 200 },
        { name: 'an unknown parameter is accepted', do: get('what=ever'), status: 200 },
        { name: 'a slash at the end', do: `GET /namespaces/_/${collection}/`, status: 200 },
      ],
    );
    test('limit 1 is a page of one', async () => {
      expect((await host.call('GET', `/namespaces/_/${collection}?limit=1`)).json).toHaveLength(1);
    });
    test('skip beyond the end is empty', async () => {
      expect((await host.call('GET', `/namespaces/_/${collection}?skip=100000`)).json).toEqual([]);
    });
    test('count: a number under the name of the collection, less skip, not capped by limit, never negative', async () => {
      const at = async (query: string) => (await host.call('GET', `/namespaces/_/${collection}?count=true&${query}`)).json[collection];
      const all = await at('');
      expect(all).toBeGreaterThan(0);
      expect([await at('limit=1'), await at('skip=1'), await at('skip=100000')]).toEqual([all, all - 1, 0]);
    });
  });
}

describeOnOwnPlatform('order and contents', () => {
  test('newest `updated` first, with the actions of packages', async () => {
    const names = async () => (await host.call('GET', '/namespaces/_/actions')).json.map((a: { name: string }) => a.name);
    expect(await names()).toEqual(['inside', 'l3', 'l2', 'l1']);
    await host.putAction('l1', 'function main() { return {}; }');
    expect(await names()).toEqual(['l1', 'inside', 'l3', 'l2']);
  });
  test('pages fit together', async () => {
    const page = async (skip: number) => (await host.call('GET', `/namespaces/_/actions?limit=2&skip=${skip}`)).json;
    const whole = (await host.call('GET', '/namespaces/_/actions?limit=0')).json;
    expect([...(await page(0)), ...(await page(2))]).toEqual(whole);
  });
  test('more than the default page', async () => {
    for (let i = 0; i < 35; i++) await host.put(`triggers/many${i}`, {}, 'other');
    const count = async (query: string) => (await host.call('GET', `/namespaces/_/triggers?${query}`, { as: 'other' })).json.length;
    expect([await count(''), await count('limit=0'), await count('limit=33')]).toEqual([30, 35, 33]);
  });
  test('a namespace that does not exist shows no packages', async () => {
    expect((await host.call('GET', '/namespaces/nobody/packages')).json).toEqual([]);
  });
});
