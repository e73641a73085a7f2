import { ApiHost, freshName, testRows } from './apiHost';

/** Reference rest-api, section 4. */
let host: ApiHost;
const base = freshName('p');
const code = 'function main(a) { return a; }';
beforeAll(async () => {
  host = await ApiHost.open();
  await host.put(`packages/${base}`, {
    parameters: [
      { key: 'a', value: 'provider' },
      { key: 'b', value: 'provider' },
    ],
    annotations: [{ key: 'x', value: 1 }],
  });
  await host.putAction(`${base}/act`, code);
  await host.putAction(`${base}/feed`, code, { annotations: [{ key: 'feed', value: true }] });
  await host.put(`packages/${base}b`, { binding: { namespace: '_', name: base }, parameters: [{ key: 'b', value: 'binding' }] });
  await host.put(`triggers/${base}t`, {});
  await host.put(`packages/${base}open`, { publish: true }, 'other');
  await host.put(`packages/${base}closed`, {}, 'other');
});
afterAll(() => host.close());

const at = `/namespaces/_/packages/${base}`;
const bind = (namespace: string, name: string) => ({ json: { binding: { namespace, name } } });

describe('entity', () => {
  testRows(
    () => host,
    [
      {
        name: 'actions and feeds apart',
        do: `GET ${at}`,
        status: 200,
        json: { binding: {}, actions: [{ name: 'act', version: '0.0.1' }], feeds: [{ name: 'feed', version: '0.0.1' }] },
      },
      {
        name: 'a binding: merged parameters, the provider’s actions',
        do: `GET ${at}b`,
        status: 200,
        json: {
          binding: { namespace: 'NS', name: base },
          parameters: [
            { key: 'a', value: 'provider' },
            { key: 'b', value: 'binding' },
          ],
          actions: [{ name: 'act' }],
          feeds: [{ name: 'feed' }],
        },
      },
      { name: 'POST is no method', do: `POST ${at}`, status: 404, error: 'The requested resource could not be found.' },
      { name: '`public` is ignored in lists', do: 'GET /namespaces/_/packages?public=true', status: 200 },
    ],
  );
  test('list items', async () => {
    const list = (await host.call('GET', '/namespaces/_/packages?limit=0')).json as { name: string; binding: unknown }[];
    const item = list.find((p) => p.name === base)!;
    expect(Object.keys(item).sort()).toEqual(['annotations', 'binding', 'name', 'namespace', 'publish', 'updated', 'version']);
    expect([item.binding, list.find((p) => p.name === `${base}b`)!.binding]).toEqual([
      false,
      { namespace: host.guest.namespace, name: base },
    ]);
  });
  test('the binding annotation is the server’s', async () => {
    const own = { namespace: host.guest.namespace, name: base };
    const { json } = await host.put(`packages/${base}ann`, {
      binding: own,
      annotations: [
        { key: 'binding', value: 'mine' },
        { key: 'x', value: 1 },
      ],
    });
    expect(json.annotations).toEqual([
      { key: 'x', value: 1 },
      { key: 'binding', value: own },
    ]);
    expect((await host.put(`packages/${base}ann2`, { annotations: [{ key: 'binding', value: 'mine' }] })).json.annotations).toEqual([]);
  });
  test('an update replaces what is given and keeps the rest', async () => {
    const { json } = await host.put(`packages/${base}u`, {
      publish: true,
      parameters: [{ key: 'a', value: 1 }],
      annotations: [{ key: 'x', value: 1 }],
    });
    expect(json.version).toBe('0.0.1');
    expect((await host.put(`packages/${base}u`, { annotations: [{ key: 'y', value: 1 }] })).json).toMatchObject({
      version: '0.0.2',
      publish: true,
      parameters: [{ key: 'a', value: 1 }],
      annotations: [{ key: 'y', value: 1 }],
    });
  });
});

describe('PUT', () => {
  testRows(
    () => host,
    [
      {
        name: 'name default',
        do: 'PUT /namespaces/_/packages/default',
        with: { json: {} },
        status: 400,
        error: "Package name 'default' is reserved.",
      },
      {
        name: 'target missing, own',
        do: `PUT ${at}n`,
        with: bind('NS', 'nosuch'),
        status: 400,
        error: 'Binding references a package that does not exist.',
      },
      { name: 'target missing, foreign', do: `PUT ${at}n`, with: bind('OTHER', 'nosuch'), status: 403 },
      { name: 'target private, foreign', do: `PUT ${at}n`, with: bind('OTHER', `${base}closed`), status: 403 },
      {
        name: 'target is a binding',
        do: `PUT ${at}n`,
        with: bind('NS', `${base}b`),
        status: 400,
        error: 'Cannot bind to another package binding.',
      },
      {
        name: 'target is a trigger',
        do: `PUT ${at}n`,
        with: bind('NS', `${base}t`),
        status: 409,
        error: 'Cannot bind to a resource that is not a package.',
      },
      {
        name: 'a package does not become a binding',
        do: `PUT ${at}?overwrite=true`,
        with: bind('NS', base),
        status: 409,
        error: 'Resource is a package and cannot be converted into a binding.',
      },
      {
        name: 'a binding to itself',
        do: `PUT ${at}b?overwrite=true`,
        with: bind('NS', `${base}b`),
        status: 400,
        error: 'Cannot bind to another package binding.',
      },
      {
        name: 'a new binding to itself',
        do: `PUT ${at}self`,
        with: bind('NS', `${base}self`),
        status: 400,
        error: 'Binding references a package that does not exist.',
      },
      {
        name: 'binding with a bad name',
        do: `PUT ${at}n`,
        with: bind('NS', 'a$b'),
        status: 400,
        error: 'The request content was malformed:\nentity name malformed',
      },
      { name: 'binding null', do: `PUT ${at}n`, with: { json: { binding: null } }, status: 400 },
      { name: 'binding {} is none', do: `PUT ${at}e?overwrite=true`, with: { json: { binding: {} } }, status: 200, json: { binding: {} } },
      {
        name: 'binding {} on update keeps the old one',
        do: `PUT ${at}b?overwrite=true`,
        with: { json: { binding: {} } },
        status: 200,
        json: { binding: { name: base } },
      },
      { name: 'a published package of somebody else', do: `PUT ${at}o?overwrite=true`, with: bind('OTHER', `${base}open`), status: 200 },
    ],
  );
});

describe('DELETE', () => {
  test('with contents', async () => {
    await host.put(`packages/${base}d`, {});
    const refused = async () => (await host.call('DELETE', `${at}d`)).json.error;
    await host.putAction(`${base}d/one`, code);
    expect(await refused()).toBe('Package not empty (contains 1 entity). Set force param or delete package contents.');
    await host.putAction(`${base}d/two`, code);
    expect(await refused()).toBe('Package not empty (contains 2 entities). Set force param or delete package contents.');
    expect((await host.call('DELETE', `${at}d?force=true`)).status).toBe(200);
    expect((await host.call('GET', `/namespaces/_/actions/${base}d/one`)).status).toBe(404);
  });
  test('of a binding leaves the provider alone; of a provider leaves the binding dangling', async () => {
    await host.put(`packages/${base}q`, {});
    await host.putAction(`${base}q/one`, code);
    for (const name of ['one', 'two']) await host.put(`packages/${base}q${name}`, { binding: { namespace: '_', name: `${base}q` } });
    expect((await host.call('DELETE', `${at}qone?force=true`)).status).toBe(200);
    expect((await host.call('GET', `/namespaces/_/actions/${base}q/one`)).status).toBe(200);
    expect((await host.call('DELETE', `${at}q?force=true`)).status).toBe(200);
    const gone = await host.call('GET', `${at}qtwo`);
    expect([gone.status, gone.json.error]).toEqual([404, host.named(`The requested resource 'NS/${base}qtwo' does not exist.`)]);
    expect((await host.call('GET', `/namespaces/_/actions/${base}qtwo/one`)).status).toBe(404);
    expect((await host.call('PUT', `${at}qtwo?overwrite=true`, { json: {} })).status).toBe(200);
    expect((await host.call('DELETE', `${at}qtwo`)).status).toBe(200);
  });
  test('a provider made private: the binding is refused by its name, and can be deleted', async () => {
    await host.put(`packages/${base}m`, { publish: true }, 'other');
    await host.put(`packages/${base}mb`, { binding: { namespace: 'OTHER', name: `${base}m` } });
    await host.put(`packages/${base}m`, { publish: false }, 'other');
    const refused = await host.call('GET', `${at}mb`);
    expect([refused.status, refused.json.error]).toEqual([
      403,
      host.named(`The supplied authentication is not authorized to access 'NS/${base}mb'.`),
    ]);
    expect((await host.call('DELETE', `${at}mb`)).status).toBe(200);
  });
});
