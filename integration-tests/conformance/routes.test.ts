import { ApiHost, describeOnOwnPlatform, testRows } from './apiHost';

/** Reference rest-api, section 2: what is no collection. */
let host: ApiHost;
beforeAll(async () => {
  host = await ApiHost.open({ CONFIG_whisk_metrics_prometheusEnabled: 'true' });
});
afterAll(() => host.close());

const open = { as: 'none' } as const;
const up = { 'content-type': 'application/json' };

testRows(
  () => host,
  [
    {
      name: 'GET /api/v1',
      do: 'GET //api/v1',
      with: open,
      status: 200,
      json: {
        description: 'OpenWhisk API',
        api_version: '1.0.0',
        api_version_path: 'v1',
        swagger_paths: { ui: '/docs', 'api-docs': '/api-docs' },
      },
    },
    { name: 'GET /api/v1/api-docs', do: 'GET /api-docs', with: open, status: 200, json: { swagger: '2.0', basePath: '/api/v1' } },
    { name: 'GET /api/v1/docs', do: 'GET /docs', with: open, status: 308, headers: { location: 'docs/index.html?url=/api/v1/api-docs' } },
    { name: 'GET /api-docs', do: 'GET //api-docs', with: open, status: 200, json: { swagger: '2.0' } },
    { name: 'GET /docs', do: 'GET //docs', with: open, status: 308 },
    {
      name: 'GET /',
      do: 'GET //',
      with: open,
      status: 200,
      headers: { 'content-type': 'application/json' },
      json: { description: 'OpenWhisk', api_paths: ['/api/v1'], support: { github: 'https://github.com/apache/openwhisk/issues' } },
    },
    { name: 'GET /invokers', do: 'GET //invokers', with: open, status: 200, headers: up },
    { name: 'GET /invokers/healthy/count', do: 'GET //invokers/healthy/count', with: open, status: 200 },
    { name: 'GET /invokers/ready', do: 'GET //invokers/ready', with: open, status: 200 },
    { name: 'GET /activation', do: 'GET //activation', with: open, status: 200 },
    { name: 'GET /activation/count', do: 'GET //activation/count', with: open, status: 200 },
    {
      name: 'POST /disable without credentials',
      do: 'POST //disable',
      with: open,
      status: 401,
      error: 'Authentication is possible but has failed or not yet been provided.',
    },
    { name: 'POST /disable with others', do: 'POST //disable', status: 401, error: 'username or password are wrong.' },
    { name: 'GET /namespaces', do: 'GET /namespaces', status: 200 },
    { name: 'GET /namespaces/{ns}', do: 'GET /namespaces/NS', status: 404, error: 'The requested resource could not be found.' },
  ],
);

test('GET /ping', async () => {
  const { text, headers } = await host.call('GET', '//ping', open);
  expect([text, headers['content-type']]).toEqual(['pong', 'text/plain; charset=UTF-8']);
});
test('the namespaces of a key are exactly its own', async () => {
  expect((await host.call('GET', '/namespaces')).json).toEqual([host.guest.namespace]);
});
test('the info tells limits and runtimes in the units clients expect', async () => {
  const { json } = await host.call('GET', '//', open);
  expect(json.limits).toMatchObject({
    min_action_duration: 100,
    max_action_duration: 300_000,
    min_action_memory: 134_217_728,
    max_action_memory: 536_870_912,
    max_action_logs: 10_485_760,
    sequence_length: 50,
  });
  const node = json.runtimes.nodejs.find((r: { default: boolean }) => r.default);
  expect(node).toMatchObject({
    kind: expect.stringMatching(/^nodejs:/),
    deprecated: false,
    attached: expect.any(Boolean),
    requireMain: false,
  });
});

describeOnOwnPlatform('of this platform', () => {
  test('the invokers', async () => {
    const get = async (path: string) => (await host.call('GET', path, open)).json;
    expect(await get('//invokers')).toEqual({ 'invoker0/0': 'up' });
    expect([await get('//invokers/healthy/count'), await get('//invokers/ready')]).toEqual([1, { healthy: '1/1' }]);
  });
  test('what is under way', async () => {
    await host.putAction('slow', 'function main() { return new Promise((r) => setTimeout(() => r({}), 800)); }');
    const { activationId } = (await host.invoke('slow', {}, '')).json;
    expect((await host.call('GET', '//activation', open)).json).toEqual([[activationId, host.named('NS/slow')]]);
    expect((await host.call('GET', '//activation/count', open)).json).toBe(1);
    await host.record(activationId);
  });
  test('POST /disable with the credentials of the controller', async () => {
    const authorization = `Basic ${Buffer.from('controller.user:controller.pass').toString('base64')}`;
    const { status, text } = await host.call('POST', '//disable', { as: 'none', headers: { authorization } });
    expect([status, text]).toEqual([200, 'controller is disabled']);
  });
  test('GET /metrics', async () => {
    await host.putAction('measured', 'function main() { return { a: 1 }; }');
    await host.record((await host.invoke('measured')).json.activationId);
    const { status, text, headers } = await host.call('GET', '//metrics', open);
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const value = (line: RegExp) => Number(line.exec(text)?.[1]);
    expect(value(/^controller_requests_total\{class="2xx"\} (\d+)$/m)).toBeGreaterThan(3);
    expect(value(/^loadbalancer_activations_total\{state="completed"\} (\d+)$/m)).toBeGreaterThanOrEqual(1);
    expect(value(/^loadbalancer_healthyInvokers (\d+)$/m)).toBe(1);
    expect(value(/^containerPool_runBufferCount (\d+)$/m)).toBe(0);
    expect(
      value(
        /^openwhisk_action_activations_total\{namespace="guest",initiator="guest",action="measured",kind="nodejs:20",memory="256"\} (\d+)$/m,
      ),
    ).toBe(1);
    expect(value(/^openwhisk_action_status\{[^}]*action="measured"[^}]*status="success"\} (\d+)$/m)).toBe(1);
    expect(value(/^openwhisk_action_duration_seconds_count\{[^}]*action="measured"[^}]*\} (\d+)$/m)).toBe(1);
    expect(value(/^process_resident_memory_bytes (\d+)$/m)).toBeGreaterThan(1e7);
    expect(text).not.toContain(host.guest.auth.slice(37));
  });
  test('GET /metrics is not there unless it was asked for', async () => {
    const plain = await ApiHost.open();
    expect((await plain.call('GET', '//metrics', open)).status).toBe(405);
    await plain.close();
  });
});
