import { ApiHost, describeOnOwnPlatform, freshName, type Row, testRows } from './apiHost';

/** Reference rest-api, section 1.6, and invocation, sections 9 (entitlement) and 10 (throttles). Tenancy has a file of its own. */
let host: ApiHost;
const base = freshName('e');
const code = 'function main(a) { return a; }';
beforeAll(async () => {
  host = await ApiHost.open();
  for (const [name, publish] of [
    ['pub', true],
    ['priv', false],
  ] as const) {
    await host.put(`packages/${base}${name}`, { publish }, 'other');
    await host.putAction(`${base}${name}/a`, code, {}, 'other');
  }
  await host.putAction(`${base}own`, code, { publish: true }, 'other');
  await host.put(`triggers/${base}t`, { publish: true }, 'other');
});
afterAll(() => host.close());

const denied = (name: string) => ({ status: 403, error: `The supplied authentication is not authorized to access '${name}'.` });
const other = '/namespaces/OTHER';

describe('rights', () => {
  testRows(
    () => host,
    [
      { name: 'package READ: published', do: `GET ${other}/packages/${base}pub`, status: 200 },
      { name: 'package READ: private', do: `GET ${other}/packages/${base}priv`, ...denied(`OTHER/${base}priv`) },
      { name: 'action READ follows its package', do: `GET ${other}/actions/${base}pub/a`, status: 200 },
      { name: 'action ACTIVATE follows its package', do: `POST ${other}/actions/${base}pub/a`, with: { json: {} }, status: 202 },
      {
        name: 'action in a private package',
        do: `POST ${other}/actions/${base}priv/a`,
        with: { json: {} },
        ...denied(`OTHER/${base}priv`),
      },
      { name: 'action in the default package, published or not', do: `GET ${other}/actions/${base}own`, ...denied(`OTHER/${base}own`) },
      { name: 'trigger, published or not', do: `POST ${other}/triggers/${base}t`, with: { json: {} }, ...denied(`OTHER/${base}t`) },
      {
        name: 'missing package: owner',
        do: 'GET /namespaces/_/packages/nosuch',
        status: 404,
        error: "The requested resource 'NS/nosuch' does not exist.",
      },
      {
        name: 'missing package: owner, its actions',
        do: 'GET /namespaces/_/actions/nosuch/a',
        status: 404,
        error: 'The requested resource does not exist.',
      },
      { name: 'missing package: others', do: `GET ${other}/packages/nosuch`, ...denied('OTHER/nosuch') },
      { name: 'missing package: others, its actions', do: `GET ${other}/actions/nosuch/a`, ...denied('OTHER/nosuch') },
      {
        name: 'PUT of a foreign packaged action names the action',
        do: `PUT ${other}/actions/${base}pub/a`,
        with: { json: {} },
        ...denied(`OTHER/${base}pub/a`),
      },
      {
        name: 'several: sorted and joined',
        do: `PUT /namespaces/_/rules/${base}r`,
        with: { json: { trigger: `/OTHER/${base}t`, action: `/OTHER/${base}own` } },
        ...denied(`OTHER/${base}own, OTHER/${base}t`),
      },
      {
        name: 'a sequence of refused components',
        do: `PUT /namespaces/_/actions/${base}s`,
        with: { json: { exec: { kind: 'sequence', components: [`/OTHER/${base}own`] } } },
        ...denied(`OTHER/${base}own`),
      },
      {
        name: 'POST on a package has no route',
        do: `POST /namespaces/_/packages/${base}`,
        with: { json: {} },
        status: 404,
        error: 'The requested resource could not be found.',
      },
      ...['PUT', 'POST', 'DELETE'].map(
        (method): Row => ({
          name: `${method} on a collection has no route`,
          do: `${method} /namespaces/_/actions`,
          status: 404,
          error: 'The requested resource could not be found.',
        }),
      ),
    ],
  );
});

describeOnOwnPlatform('kinds', () => {
  test('only allowed ones, and only when there is an exec', async () => {
    const key = await host.platform.namespace(freshName('kinds'), { allowedKinds: ['python:3.11'] });
    const put = (json: object) => host.call('PUT', '/namespaces/_/actions/a?overwrite=true', { as: key, json });
    const refused = await put({ exec: { kind: 'nodejs:20', code } });
    expect([refused.status, refused.json.error]).toEqual([
      403,
      "The supplied authentication is not authorized to access actions of kind 'nodejs:20'.",
    ]);
    expect((await put({ exec: { kind: 'python:3.11', code: 'def main(a): return a' } })).status).toBe(200);
    expect((await put({})).status).toBe(200);
  });
});

describeOnOwnPlatform('throttles', () => {
  const key = async (limits: object) => {
    const made = await host.platform.namespace(freshName('throttle'), limits);
    await host.putAction('a', code, {}, made);
    await host.putAction('slow', 'function main() { return new Promise((r) => setTimeout(() => r({}), 1500)); }', {}, made);
    await host.put('triggers/t', {}, made);
    return made;
  };
  /** Counters belong to clock minutes: a test that counts must not be torn by one that begins. */
  const untilMinuteHasTime = async () => {
    const left = 60_000 - (Date.now() % 60_000);
    if (left < 10_000) await new Promise((resolve) => setTimeout(resolve, left));
  };
  const tooMany = (count: number, allowed: number) => `Too many requests in the last minute (count: ${count}, allowed: ${allowed}).`;

  test('actions per minute; refused calls count, too', async () => {
    const limited = await key({ invocationsPerMinute: 2 });
    await untilMinuteHasTime();
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await host.invoke('a', {}, 'blocking=true', limited));
    expect(answers.map((a) => [a.status, a.json.error])).toEqual([
      [200, undefined],
      [200, undefined],
      [429, tooMany(3, 2)],
      [429, tooMany(4, 2)],
    ]);
  });
  test('triggers per minute: a counter of its own', async () => {
    const limited = await key({ firesPerMinute: 1, invocationsPerMinute: 1 });
    await untilMinuteHasTime();
    const fire = () => host.call('POST', '/namespaces/_/triggers/t', { as: limited, json: {} });
    expect((await fire()).status).toBe(204);
    const refused = await fire();
    expect([refused.status, refused.json.error]).toEqual([429, tooMany(2, 1)]);
    expect((await host.invoke('a', {}, 'blocking=true', limited)).status).toBe(200);
  });
  test('concurrent actions', async () => {
    const limited = await key({ concurrentInvocations: 1 });
    expect((await host.invoke('slow', {}, '', limited)).status).toBe(202);
    const refused = await host.invoke('a', {}, 'blocking=true', limited);
    expect([refused.status, refused.json.error]).toEqual([429, 'Too many concurrent requests in flight (count: 1, allowed: 1).']);
  });
  test.each(['invocationsPerMinute', 'concurrentInvocations'])('%s 0 refuses all', async (limit) => {
    const limited = await key({ [limit]: 0 });
    expect((await host.invoke('a', {}, 'blocking=true', limited)).status).toBe(429);
  });
  test('checked before the right', async () => {
    const limited = await key({ invocationsPerMinute: 0 });
    expect((await host.call('POST', `${other}/actions/${base}own`, { as: limited, json: {} })).status).toBe(429);
  });
  test('a sequence is one unit, and reading is free', async () => {
    const limited = await key({ invocationsPerMinute: 1 });
    await host.put('actions/s', { exec: { kind: 'sequence', components: ['/_/a', '/_/a', '/_/a'] } }, limited);
    await untilMinuteHasTime();
    expect((await host.invoke('s', {}, 'blocking=true', limited)).status).toBe(200);
    expect((await host.call('GET', '/namespaces/_/actions', { as: limited })).status).toBe(200);
    expect((await host.call('PUT', '/namespaces/_/actions/a?overwrite=true', { as: limited, json: {} })).status).toBe(200);
  });
  test('changing a rule is not counted', async () => {
    const limited = await key({ firesPerMinute: 0, invocationsPerMinute: 0 });
    await host.put('rules/r', { trigger: '/_/t', action: '/_/a' }, limited);
    expect((await host.call('POST', '/namespaces/_/rules/r', { as: limited, json: { status: 'inactive' } })).status).toBe(200);
  });
});
