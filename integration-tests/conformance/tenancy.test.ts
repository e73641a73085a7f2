import { basic, type NamespaceKey } from '../platformProcess';
import { ApiHost, describeOnOwnPlatform } from './apiHost';

/** One namespace can do nothing with what is another's, except through shared packages and web actions. */
let host: ApiHost;
let activationId: string;
const code = 'function main(a) { return { secret: "of the owner", key: process.env.__OW_API_KEY || null, ...a }; }';

beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction('t-action', code);
  await host.put('packages/t-private', {});
  await host.putAction('t-private/inside', code);
  await host.putAction('t-private/web', code, { annotations: [{ key: 'web-export', value: true }] });
  await host.put('packages/t-shared', { publish: true });
  await host.putAction('t-shared/inside', code);
  await host.put('packages/t-bound', { binding: { namespace: 'NS', name: 't-private' }, publish: true });
  await host.put('triggers/t-trigger', {});
  await host.put('rules/t-rule', { trigger: '/NS/t-trigger', action: '/NS/t-action' });
  activationId = (await host.invoke('t-action')).json.activationId;
  await host.record(activationId);
});
afterAll(() => host.close());

const body = (path: string) => {
  if (path.startsWith('actions')) return { exec: { kind: 'nodejs:default', code: 'function main() {}' } };
  if (path.startsWith('rules')) return { trigger: '/_/t-trigger', action: '/_/t-action' };
  return {};
};
const denied = (name: string) => `The supplied authentication is not authorized to access '${name}'.`;

describe('collections of another namespace', () => {
  test.each(['actions', 'triggers', 'rules', 'activations', 'limits'])('GET %s', async (collection) => {
    for (const query of ['', '?count=true', '?limit=0&skip=0', '?docs=true']) {
      const answer = await host.call('GET', `/namespaces/NS/${collection}${query}`, { as: 'other' });
      expect([answer.status, answer.json.error]).toEqual([403, host.named(denied('NS'))]);
    }
  });
  test('GET packages shows shared ones, and no bindings', async () => {
    const { json } = await host.call('GET', '/namespaces/NS/packages?limit=0', { as: 'other' });
    const names = json.map((p: { name: string }) => p.name);
    expect(names).toContain('t-shared');
    expect(names).not.toContain('t-private');
    expect(names).not.toContain('t-bound');
  });
  test('GET /namespaces tells the own one alone', async () => {
    expect((await host.call('GET', '/namespaces', { as: 'other' })).json).toEqual([host.other.namespace]);
  });
  test.each(['PUT', 'POST', 'DELETE', 'PATCH', 'HEAD'])('%s on a collection is no route', async (method) => {
    for (const collection of ['actions', 'triggers', 'rules', 'packages', 'activations', 'limits']) {
      const answer = await host.call(method, `/namespaces/NS/${collection}`, { as: 'other', ...(method === 'HEAD' ? {} : { json: {} }) });
      expect([collection, answer.status]).toEqual([collection, 404]);
    }
  });
});

/** Path, methods there are, what the refusal names. */
const entities: [string, string[], string][] = [
  ['actions/t-action', ['GET', 'PUT', 'POST', 'DELETE'], 'NS/t-action'],
  ['actions/t-missing', ['GET', 'PUT', 'POST', 'DELETE'], 'NS/t-missing'],
  ['actions/t-private/inside', ['GET', 'POST'], 'NS/t-private'],
  ['actions/t-private/inside', ['PUT', 'DELETE'], 'NS/t-private/inside'],
  ['actions/t-private/', ['GET'], 'NS/t-private'],
  ['actions/t-bound/inside', ['GET', 'POST'], 'NS/t-bound'],
  ['actions/t-bound/inside', ['PUT', 'DELETE'], 'NS/t-bound/inside'],
  ['actions/t-nosuch/inside', ['GET', 'POST'], 'NS/t-nosuch'],
  ['actions/t-shared/inside', ['PUT', 'DELETE'], 'NS/t-shared/inside'],
  ['actions/t-shared/another', ['PUT'], 'NS/t-shared/another'],
  ['packages/t-private', ['GET', 'PUT', 'DELETE'], 'NS/t-private'],
  ['packages/t-bound', ['GET', 'PUT', 'DELETE'], 'NS/t-bound'],
  ['packages/t-shared', ['PUT', 'DELETE'], 'NS/t-shared'],
  ['packages/t-nosuch', ['GET', 'PUT', 'DELETE'], 'NS/t-nosuch'],
  ['triggers/t-trigger', ['GET', 'PUT', 'POST', 'DELETE'], 'NS/t-trigger'],
  ['triggers/t-missing', ['GET', 'PUT', 'POST', 'DELETE'], 'NS/t-missing'],
  ['rules/t-rule', ['GET', 'PUT', 'DELETE'], 'NS/t-rule'],
  ['rules/t-missing', ['GET', 'PUT', 'DELETE'], 'NS/t-missing'],
];
describe('entities of another namespace', () => {
  test.each(entities.flatMap(([path, methods, named]) => methods.map((method) => [method, path, named])))(
    '%s %s',
    async (method, path, named) => {
      for (const query of ['', '?overwrite=true&force=true&blocking=true&code=true']) {
        const json = method === 'PUT' || method === 'POST' ? { json: body(path!) } : {};
        const answer = await host.call(method!, `/namespaces/NS/${path}${query}`, { as: 'other', ...json });
        expect([answer.status, answer.json.error]).toEqual([403, host.named(denied(named!))]);
        expect(answer.text).not.toContain('of the owner');
      }
    },
  );
  test('POST of a rule status', async () => {
    const answer = await host.call('POST', '/namespaces/NS/rules/t-rule', { as: 'other', json: { status: 'inactive' } });
    expect([answer.status, answer.json.error]).toEqual([403, host.named(denied('NS/t-rule'))]);
  });
  test.each(['', '/logs', '/result'])('GET activations/{id}%s', async (part) => {
    const foreign = await host.call('GET', `/namespaces/NS/activations/${activationId}${part}`, { as: 'other' });
    expect(foreign.status).toBe(403);
    // the id is no key: in the own namespace it leads nowhere
    const own = await host.call('GET', `/namespaces/_/activations/${activationId}${part}`, { as: 'other' });
    expect(own.status).toBe(404);
  });
  test('nothing of it has changed', async () => {
    expect((await host.call('GET', '/namespaces/_/actions/t-action')).json.version).toBe('0.0.1');
    expect((await host.call('GET', '/namespaces/_/rules/t-rule')).json.status).toBe('active');
    expect((await host.call('GET', '/namespaces/_/packages/t-shared')).json.actions).toHaveLength(1);
  });
});

describe('references from own entities', () => {
  const rows: [string, string, object, string][] = [
    ['rule with a foreign action', 'rules/o-rule', { trigger: '/_/o-trigger', action: '/NS/t-action' }, 'NS/t-action'],
    ['rule with a foreign trigger', 'rules/o-rule', { trigger: '/NS/t-trigger', action: '/_/o-action' }, 'NS/t-trigger'],
    [
      'rule with an action of a private package',
      'rules/o-rule',
      { trigger: '/_/o-trigger', action: '/NS/t-private/inside' },
      'NS/t-private',
    ],
    ['sequence of a foreign action', 'actions/o-seq', { exec: { kind: 'sequence', components: ['/NS/t-action'] } }, 'NS/t-action'],
    [
      'sequence of a private package',
      'actions/o-seq',
      { exec: { kind: 'sequence', components: ['/NS/t-private/inside'] } },
      'NS/t-private',
    ],
    ['binding to a private package', 'packages/o-bind', { binding: { namespace: 'NS', name: 't-private' } }, 'NS/t-private'],
    ['binding to a foreign binding', 'packages/o-bind', { binding: { namespace: 'NS', name: 't-bound' } }, 'NS/t-bound'],
  ];
  beforeAll(async () => {
    await host.put('triggers/o-trigger', {}, 'other');
    await host.putAction('o-action', code, {}, 'other');
  });
  test.each(rows)('%s', async (_, path, json, named) => {
    const answer = await host.call('PUT', `/namespaces/_/${path}?overwrite=true`, {
      as: 'other',
      json,
    });
    expect([answer.status, answer.json.error]).toEqual([403, host.named(denied(named))]);
  });
  test('a composition that names a foreign action', async () => {
    const conductor = 'function main(a) { return a.error ? { params: { said: a.error } } : { action: "/NS/t-action" }; }';
    await host.putAction('o-conductor', host.named(conductor), { annotations: [{ key: 'conductor', value: true }] }, 'other');
    const answer = await host.invoke('o-conductor', {}, 'blocking=true&result=true', 'other');
    expect(answer.json.error ?? answer.json.said).toBe(
      host.named("Failed entitlement check for action with name 'NS/t-action' during composition."),
    );
  });
  test('a sequence whose component was made private is refused when it runs', async () => {
    await host.put('packages/t-for-now', { publish: true });
    await host.putAction('t-for-now/inside', code);
    const components = [host.named('/NS/t-for-now/inside')];
    await host.put('actions/o-later', { exec: { kind: 'sequence', components } }, 'other');
    expect((await host.invoke('o-later', {}, 'blocking=true', 'other')).status).toBe(200);
    await host.put('packages/t-for-now', { publish: false });
    expect((await host.invoke('o-later', {}, 'blocking=true', 'other')).status).toBe(403);
  });
});

describe('what is shared', () => {
  test('a shared package: get, list, invoke; the activation is the caller’s', async () => {
    expect((await host.call('GET', '/namespaces/NS/packages/t-shared', { as: 'other' })).status).toBe(200);
    expect((await host.call('GET', '/namespaces/NS/actions/t-shared/', { as: 'other' })).json).toHaveLength(1);
    expect((await host.call('GET', '/namespaces/NS/actions/t-shared/inside', { as: 'other' })).status).toBe(200);
    const answer = await host.call('POST', '/namespaces/NS/actions/t-shared/inside?blocking=true', { as: 'other', json: {} });
    expect([answer.status, answer.json.namespace]).toEqual([200, host.other.namespace]);
    expect((await host.call('GET', `/namespaces/_/activations/${answer.json.activationId}`)).status).toBe(404);
  });
  test('a binding to it', async () => {
    await host.put('packages/o-shared', { binding: { namespace: 'NS', name: 't-shared' } }, 'other');
    expect((await host.invoke('o-shared/inside', {}, 'blocking=true', 'other')).status).toBe(200);
    const put = await host.call('PUT', '/namespaces/_/actions/o-shared/inside', { as: 'other', json: body('actions') });
    expect([put.status, put.json.error]).toEqual([400, 'Operation not permitted on package binding.']);
  });
  test('a web action in a private package runs as its owner', async () => {
    const answer = await host.call('GET', '/web/NS/t-private/web.json', { as: 'other' });
    expect([answer.status, answer.json.secret]).toEqual([200, 'of the owner']);
    const id = answer.headers['x-openwhisk-activation-id'] as string;
    expect((await host.call('GET', `/namespaces/_/activations/${id}`, { as: 'other' })).status).toBe(404);
    expect((await host.record(id)).json.namespace).toBe(host.guest.namespace);
  });
  test('an action that is no web action is not reachable as one', async () => {
    for (const path of ['default/t-action', 't-private/inside', 't-shared/inside']) {
      expect((await host.call('GET', `/web/NS/${path}.json`, { as: 'other' })).status).toBe(404);
    }
  });
});

describe('path tricks', () => {
  test.each([
    '/namespaces/_/../NS/actions/t-action',
    '/namespaces/_%2f..%2fNS/actions/t-action',
    '/namespaces/OTHER%2F..%2FNS/actions/t-action',
    '/namespaces/_/actions/..%2f..%2fNS%2factions%2ft-action',
    '/namespaces/_/actions/%2FNS%2Ft-action',
    '/namespaces/_/actions/NS%2Ft-private/inside',
    '/namespaces/_/./../NS/activations',
    '/namespaces//NS/actions/t-action',
    '/namespaces/NS%00/actions/t-action',
    '/namespaces/_/actions/NS/t-action',
  ])('%s', async (path) => {
    for (const method of ['GET', 'DELETE', 'POST']) {
      const answer = await host.call(method, path, { as: 'other', exactPath: true, ...(method === 'POST' ? { json: {} } : {}) });
      expect([400, 403, 404]).toContain(answer.status);
      expect(answer.text).not.toContain('of the owner');
    }
  });
});

describeOnOwnPlatform('subjects and keys', () => {
  const get = (key: NamespaceKey, path = 'actions') => host.call('GET', `/namespaces/_/${path}`, { as: key });
  const make = async (name: string, more: object = {}) =>
    (await host.platform.admin('PUT', `/v1/namespaces/${name}?overwrite=true`, more)).json as NamespaceKey;

  test('two namespaces of one subject do not see each other', async () => {
    const [dev, prod] = [await make('shop-dev', { subject: 'shop-team' }), await make('shop-prod', { subject: 'shop-team' })];
    await host.putAction('only-in-dev', code, {}, dev);
    expect((await get(dev)).json).toHaveLength(1);
    expect((await get(prod)).json).toEqual([]);
    expect((await host.call('GET', '/namespaces/shop-dev/actions/only-in-dev', { as: prod })).status).toBe(403);
    const record = (await host.invoke('only-in-dev', {}, 'blocking=true', dev)).json;
    expect([record.namespace, record.subject]).toEqual(['shop-dev', 'shop-team']);
  });
  test('a blocked subject is refused at once, in all its namespaces, and let in again', async () => {
    const [one, two] = [await make('blocked-one', { subject: 'blocked-team' }), await make('blocked-two', { subject: 'blocked-team' })];
    await host.putAction('web', code, { annotations: [{ key: 'web-export', value: true }] }, two);
    expect([(await get(one)).status, (await get(two)).status]).toEqual([200, 200]);
    await make('blocked-one', { blocked: true });
    const refused = await get(one);
    expect([refused.status, refused.json.error]).toEqual([401, 'The supplied authentication is invalid']);
    expect((await get(two)).status).toBe(401);
    expect((await host.call('GET', '/web/blocked-two/default/web.json', { as: 'none' })).status).toBe(404);
    expect((await host.platform.admin('GET', '/v1/subjects/blocked-team')).json.blocked).toBe(true);
    expect((await get(await make('blocked-three', { subject: 'blocked-team' }))).status).toBe(401);
    await make('blocked-two', { blocked: false });
    expect([(await get(one)).status, (await get(two)).status]).toEqual([200, 200]);
  });
  test('a rotated key is dead at once', async () => {
    const old = await make('rotating');
    expect((await get(old)).status).toBe(200);
    const fresh = (await host.platform.admin('POST', '/v1/namespaces/rotating/keys', {})).json as NamespaceKey;
    expect(fresh.auth).not.toBe(old.auth);
    expect([(await get(old)).status, (await get(fresh)).status]).toEqual([401, 200]);
  });
  test('the key of a deleted namespace is dead at once, and a namespace of the same name begins empty', async () => {
    const old = await make('passing');
    await host.putAction('left', code, {}, old);
    const { activationId: id } = (await host.invoke('left', {}, 'blocking=true', old)).json;
    await host.record(id, old);
    expect((await host.platform.admin('DELETE', '/v1/namespaces/passing?force=true')).status).toBe(204);
    expect((await get(old)).status).toBe(401);
    const fresh = await make('passing');
    for (const collection of ['actions', 'activations']) expect((await get(fresh, collection)).json).toEqual([]);
    for (const path of ['actions/left', `activations/${id}`]) expect((await get(fresh, path)).status).toBe(404);
    expect((await host.invoke('left', {}, 'blocking=true', fresh)).status).toBe(404);
    expect((await get(fresh, 'activations?count=true')).json).toEqual({ activations: 0 });
  });
  test('a uuid leads to one namespace only', async () => {
    const first = await make('uuid-first');
    const second = await host.platform.admin('PUT', '/v1/namespaces/uuid-second', { auth: first.auth });
    expect([second.status, second.json.error]).toEqual([409, expect.stringContaining('belongs to the key of another namespace')]);
    expect((await get(first)).status).toBe(200);
  });
  test('limits are in force at once', async () => {
    const key = await make('limited');
    await host.putAction('a', code, {}, key);
    expect((await host.invoke('a', {}, 'blocking=true', key)).status).toBe(200);
    await make('limited', { limits: { invocationsPerMinute: 0, maxActionMemory: 128, maxPayloadSize: '10 B' } });
    expect((await host.invoke('a', {}, 'blocking=true', key)).status).toBe(429);
    const memory = await host.call('PUT', '/namespaces/_/actions/b', { as: key, json: { ...body('actions'), limits: { memory: 256 } } });
    expect([memory.status, memory.json.error]).toEqual([400, 'requirement failed: memory size 256 MB exceeds allowed threshold of 128 MB']);
    expect((await get(key, 'limits')).json).toMatchObject({ invocationsPerMinute: 0, maxActionMemory: 128, maxPayloadSize: '10 B' });
    await make('limited', { limits: {} });
    expect((await host.invoke('a', {}, 'blocking=true', key)).status).toBe(200);
  });
  test('the key of one namespace says nothing in the admin API, nor the admin key in the API', async () => {
    const { platform, guest } = host;
    const headers = { authorization: basic(guest.auth) };
    expect((await host.call('GET', '/namespaces', { as: 'none', headers: { authorization: `Bearer ${platform.adminKey}` } })).status).toBe(
      401,
    );
    const answer = await fetch(`http://127.0.0.1:${platform.adminPort}/v1/namespaces`, { headers });
    expect(answer.status).toBe(401);
  });
});
