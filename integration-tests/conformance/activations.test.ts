import { ApiHost, describeOnOwnPlatform, freshName, type Row, testRows } from './apiHost';

/** Reference rest-api, sections 7 (activations), 8 (limits) and 9 (the document). */
let host: ApiHost;
const base = freshName('act');
let id: string;
let packagedId: string;
beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction(base, 'function main(a) { console.log("said"); return a; }');
  await host.put(`packages/${base}p`, {});
  await host.putAction(`${base}p/${base}`, 'function main(a) { return a; }');
  await host.put(`triggers/${base}t`, {});
  await host.put(`rules/${base}r`, { trigger: `/NS/${base}t`, action: `/NS/${base}` });
  id = (await host.invoke(base, { n: 1 })).json.activationId;
  await host.record(id);
  packagedId = (await host.invoke(`${base}p/${base}`)).json.activationId;
  await host.record(packagedId);
});
afterAll(() => host.close());

const at = '/namespaces/_/activations';
const noRoute = { status: 404, error: 'The requested resource could not be found.' };
const list = async (query: string) => (await host.call('GET', `${at}?${query}`)).json;

describe('forms', () => {
  test('full', async () => {
    const { json } = await host.record(id);
    expect(Object.keys(json).sort()).toEqual(
      [
        'activationId',
        'annotations',
        'duration',
        'end',
        'logs',
        'name',
        'namespace',
        'publish',
        'response',
        'start',
        'subject',
        'version',
      ].sort(),
    );
    expect(json.response).toEqual({ status: 'success', success: true, result: { n: 1 }, size: 7 });
    expect([json.publish, json.namespace, json.logs[0]]).toEqual([
      false,
      host.guest.namespace,
      expect.stringMatching(/^\d{4}-.*Z +stdout: said$/),
    ]);
  });
  test('summary', async () => {
    const [item] = await list(`name=${base}&limit=1`);
    expect(Object.keys(item).sort()).toEqual([
      'activationId',
      'annotations',
      'duration',
      'end',
      'name',
      'namespace',
      'publish',
      'start',
      'statusCode',
      'version',
    ]);
    expect(item.statusCode).toBe(0);
  });
  test('docs=true lists whole records', async () => {
    const [item] = await list(`name=${base}&limit=1&docs=true`);
    expect(item).toEqual((await host.record(id)).json);
  });
  test('logs and result alone', async () => {
    const { json } = await host.record(id);
    expect((await host.call('GET', `${at}/${id}/logs`)).json).toEqual({ logs: json.logs });
    expect((await host.call('GET', `${at}/${id}/result`)).json).toEqual(json.response);
  });
  test('the activation of a trigger has neither end nor duration', async () => {
    const { json } = await host.call('POST', `/namespaces/_/triggers/${base}t`, { json: { a: 1 } });
    const record = (await host.record(json.activationId)).json;
    expect([record.end, record.duration, record.annotations, record.response.result]).toEqual([undefined, undefined, [], { a: 1 }]);
  });
});

describe('status codes', () => {
  const rows: [string, string, number, string][] = [
    ['success', 'function main() { return {}; }', 0, 'success'],
    ['application error', 'function main() { return { error: "x" }; }', 1, 'application error'],
    ['action developer error', 'function main() { return 1; }', 2, 'action developer error'],
  ];
  test.each(rows)('%s', async (_, code, statusCode, status) => {
    const name = freshName('st');
    await host.putAction(name, code);
    const answer = await host.invoke(name);
    expect(answer.json.response).toMatchObject({ status, success: statusCode === 0 });
    await host.record(answer.json.activationId);
    expect((await list(`name=${name}`))[0].statusCode).toBe(statusCode);
  });
});

describe('queries', () => {
  test('newest start first', async () => {
    const starts = (await list('limit=0')).map((a: { start: number }) => a.start);
    expect(starts).toEqual([...starts].sort((a, b) => b - a));
  });
  test('since and upto are inclusive, on start', async () => {
    const { start } = (await host.record(id)).json;
    const found = async (query: string) =>
      (await list(`name=${base}&${query}`)).some((a: { activationId: string }) => a.activationId === id);
    expect([
      await found(`since=${start}`),
      await found(`upto=${start}`),
      await found(`since=${start + 1}`),
      await found(`upto=${start - 1}`),
      await found('since=-1'),
    ]).toEqual([true, true, false, false, true]);
  });
  test('a simple name does not match what is in packages', async () => {
    const ids = async (name: string) => (await list(`name=${name}`)).map((a: { activationId: string }) => a.activationId);
    expect((await ids(base)).includes(packagedId)).toBe(false);
    expect(await ids(`${base}p/${base}`)).toEqual([packagedId]);
    expect(await ids(`${base}p/${base}/`)).toEqual([packagedId]);
  });
  const time = (parameter: string, value: string): Row => ({
    name: `${parameter}=${value}`,
    do: `GET ${at}?${parameter}=${value}`,
    status: 400,
    error: `The query parameter '${parameter}' was malformed:\nParameter is not a valid value for epoch seconds: ${value}`,
  });
  testRows(
    () => host,
    [
      time('since', 'x'),
      time('since', ''),
      time('upto', '1.5'),
      time('upto', '9223372036854775808'),
      {
        name: 'name with three parts',
        do: `GET ${at}?name=a/b/c`,
        status: 400,
        error: "The query parameter 'name' was malformed:\nParameter may be a 'simple' name or 'package-name/simple' name: a/b/c",
      },
      {
        name: 'docs with count',
        do: `GET ${at}?docs=true&count=true`,
        status: 400,
        error: "The parameter 'docs' is not permitted with 'count'.",
      },
      { name: 'an id too short', do: `GET ${at}/abc`, status: 400, error: 'Activation id length is 3 but must be 32.' },
      { name: 'an id that is none', do: `GET ${at}/${'x'.repeat(32)}`, status: 400, error: 'The activation id is not valid.' },
      { name: 'upper case', do: `GET ${at}/${'A'.repeat(32)}`, status: 400, error: 'The activation id is not valid.' },
      { name: 'unknown', do: `GET ${at}/${'0'.repeat(32)}`, status: 404, error: 'The requested resource does not exist.' },
      { name: 'unknown, logs', do: `GET ${at}/${'0'.repeat(32)}/logs`, status: 404 },
      { name: 'an unknown part', do: `GET ${at}/${'0'.repeat(32)}/what`, ...noRoute },
      { name: 'a slash behind a part', do: `GET ${at}/${'0'.repeat(32)}/logs/`, ...noRoute },
      ...['PUT', 'POST', 'DELETE'].map((method): Row => ({ name: method, do: `${method} ${at}/${'0'.repeat(32)}`, ...noRoute })),
    ],
  );
  test('a slash behind the id is fine', async () => {
    expect((await host.call('GET', `${at}/${id}/`)).json.activationId).toBe(id);
  });
});

describeOnOwnPlatform('limits of a namespace', () => {
  const defaults = {
    invocationsPerMinute: 1_000_000,
    concurrentInvocations: 1000,
    firesPerMinute: 1_000_000,
    minActionMemory: 128,
    maxActionMemory: 512,
    minActionLogs: 0,
    maxActionLogs: 10,
    minActionTimeout: 100,
    maxActionTimeout: 300_000,
    minActionConcurrency: 1,
    maxActionConcurrency: 1,
    maxParameterSize: '1048576 B',
    maxActionInstances: 1000,
  };
  test('defaults filled in, the others absent', async () => {
    expect((await host.call('GET', '/namespaces/_/limits')).json).toEqual(defaults);
  });
  const own: [string, unknown][] = [
    ['allowedKinds', ['nodejs:20']],
    ['storeActivations', false],
    ['maxPayloadSize', '1000 B'],
    ['truncationSize', '1000 B'],
    ['warmedContainerKeepingCount', 1],
    ['warmedContainerKeepingTimeout', '1 m'],
    ['invocationsPerMinute', 7],
    ['concurrentInvocations', 3],
    ['firesPerMinute', 9],
    ['maxActionMemory', 256],
    ['minActionTimeout', 200],
  ];
  test.each(own)('%s', async (field, value) => {
    const key = await host.platform.namespace(freshName('limits'), { [field]: value });
    expect((await host.call('GET', '/namespaces/_/limits', { as: key })).json[field]).toEqual(value);
  });
  test('storeActivations false: nothing is stored, unless extra logging is on', async () => {
    const key = await host.platform.namespace(freshName('unstored'), { storeActivations: false });
    await host.putAction('a', 'function main() { return {}; }', {}, key);
    const first = (await host.invoke('a', {}, 'blocking=true', key)).json.activationId;
    const second = await host.call('POST', '/namespaces/_/actions/a?blocking=true', {
      as: key,
      json: {},
      headers: { 'X-OW-EXTRA-LOGGING': 'on' },
    });
    await host.record(second.json.activationId, key);
    expect((await host.call('GET', `${at}/${first}`, { as: key })).status).toBe(404);
  });
  testRows(
    () => host,
    [
      {
        name: 'entity level',
        do: 'GET /namespaces/_/limits/x',
        status: 400,
        error: 'Inner entity level routes for limits are not yet implemented.',
      },
    ],
  );
});

describe('the document lists every field there is', () => {
  const sees: [string, () => Promise<Record<string, unknown>>][] = [
    ['Action', async () => (await host.call('GET', `/namespaces/_/actions/${base}`)).json],
    ['ActionMeta', async () => (await host.call('GET', '/namespaces/_/actions?limit=1')).json[0]],
    ['Trigger', async () => (await host.call('GET', `/namespaces/_/triggers/${base}t`)).json],
    ['TriggerMeta', async () => (await host.call('GET', '/namespaces/_/triggers?limit=1')).json[0]],
    ['Rule', async () => (await host.call('GET', `/namespaces/_/rules/${base}r`)).json],
    ['RuleMeta', async () => (await host.call('GET', '/namespaces/_/rules?limit=1')).json[0]],
    ['Package', async () => (await host.call('GET', `/namespaces/_/packages/${base}p`)).json],
    ['PackageMeta', async () => (await host.call('GET', '/namespaces/_/packages?limit=1')).json[0]],
    ['ActivationBrief', async () => (await list('limit=1'))[0]],
    ['Activation', async () => (await host.record(id)).json],
    ['ActivationResult', async () => (await host.record(id)).json.response],
    ['ErrorMessage', async () => (await host.call('GET', '/namespaces/_/actions/nosuch')).json],
  ];
  test.each(sees)('%s', async (definition, get) => {
    const { definitions } = (await host.call('GET', '/api-docs')).json;
    const { properties, required = [] } = definitions[definition];
    const value = await get();
    expect(Object.keys(value).filter((field) => !(field in properties))).toEqual([]);
    expect(required.filter((field: string) => !(field in value))).toEqual([]);
  });
});
