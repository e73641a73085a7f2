import { ApiHost, freshName } from './apiHost';

/** Reference invocation, section 7. */
let host: ApiHost;
const base = freshName('f');
const n = (name: string) => `${base}${name}`;
beforeAll(async () => {
  host = await ApiHost.open();
  await host.putAction(n('echo'), 'function main(a) { return { got: a }; }', {
    parameters: [
      { key: 'p', value: 'action' },
      { key: 'own', value: 1 },
    ],
  });
  await host.put(`triggers/${n('t')}`, {
    parameters: [
      { key: 'p', value: 'trigger' },
      { key: 'q', value: 'trigger' },
    ],
  });
  await host.put(`rules/${n('r')}`, { trigger: `/_/${n('t')}`, action: `/_/${n('echo')}` });
});
afterAll(() => host.close());

const fire = (name = 't', json: unknown = {}, headers = {}) => host.call('POST', `/namespaces/_/triggers/${n(name)}`, { json, headers });
const outcomes = async (id: string) => (await host.record(id)).json.logs.map((line: string) => JSON.parse(line));

test('an active rule: 202 with the id', async () => {
  const { status, json, headers } = await fire();
  expect([status, Object.keys(json), headers['x-openwhisk-activation-id']]).toEqual([202, ['activationId'], json.activationId]);
});
test.each(['no rule', 'an inactive rule'])('%s: 204, and nothing is recorded', async (what) => {
  const name = freshName('none');
  await host.put(`triggers/${n(name)}`, {});
  if (what === 'an inactive rule') {
    await host.put(`rules/${n(name)}r`, { trigger: `/_/${n(name)}`, action: `/_/${n('echo')}` });
    await host.call('POST', `/namespaces/_/rules/${n(name)}r`, { json: { status: 'inactive' } });
  }
  const { status, text, headers } = await fire(name);
  expect([status, text, headers['x-openwhisk-activation-id']]).toEqual([204, '', undefined]);
  expect((await host.call('GET', `/namespaces/_/activations?name=${n(name)}`)).json).toEqual([]);
});
test('arguments: trigger parameters, headers of the request, payload; below them the action’s', async () => {
  const { json } = await fire('t', { q: 'payload', x: 1 }, { 'X-Mine': 'yes' });
  const [{ activationId }] = await outcomes(json.activationId);
  const { got } = (await host.record(activationId)).json.response.result;
  expect(got).toMatchObject({ p: 'trigger', q: 'payload', x: 1, own: 1 });
  expect(got.__ow_headers).toMatchObject({ 'x-mine': 'yes', 'content-type': 'application/json' });
});
test('the record of the trigger', async () => {
  const { json } = await fire('t', { a: 1 });
  const record = (await host.record(json.activationId)).json;
  expect(record).toMatchObject({
    name: n('t'),
    namespace: host.guest.namespace,
    version: '0.0.1',
    annotations: [],
    response: { status: 'success', success: true, result: { a: 1 } },
  });
  expect(['end', 'duration', 'cause'].filter((field) => field in record)).toEqual([]);
});
test('a rule that was accepted', async () => {
  const { json } = await fire();
  expect(await outcomes(json.activationId)).toEqual([
    {
      statusCode: 0,
      success: true,
      activationId: expect.stringMatching(/^[0-9a-f]{32}$/),
      rule: host.named(`NS/${n('r')}`),
      action: host.named(`NS/${n('echo')}`),
    },
  ]);
});
test('the activation of the action has no cause', async () => {
  const [{ activationId }] = await outcomes((await fire()).json.activationId);
  expect((await host.record(activationId)).json.cause).toBeUndefined();
});
test('one active and one inactive rule, and one whose action is gone', async () => {
  await host.put(`triggers/${n('m')}`, {});
  await host.putAction(n('gone'), 'function main() {}');
  for (const [rule, action] of [
    ['m1', 'echo'],
    ['m2', 'echo'],
    ['m3', 'gone'],
  ]) {
    await host.put(`rules/${n(rule!)}`, { trigger: `/_/${n('m')}`, action: `/_/${n(action!)}` });
  }
  await host.call('POST', `/namespaces/_/rules/${n('m2')}`, { json: { status: 'inactive' } });
  await host.call('DELETE', `/namespaces/_/actions/${n('gone')}`);
  const found = await outcomes((await fire('m')).json.activationId);
  const of = (rule: string) => found.find((o: { rule: string }) => o.rule === host.named(`NS/${n(rule)}`));
  expect(of('m1').success).toBe(true);
  expect(of('m2')).toEqual({
    statusCode: 1,
    success: false,
    rule: host.named(`NS/${n('m2')}`),
    error: host.named(`Rule 'NS/${n('m2')}' is inactive, action 'NS/${n('echo')}' was not activated.`),
    action: host.named(`NS/${n('echo')}`),
  });
  expect(of('m3')).toMatchObject({ statusCode: 1, success: false, error: 'The requested resource does not exist.' });
});
test.each([
  ['array', '[1]'],
  ['string', '"x"'],
  ['number', '1'],
])('a body that is an %s', async (_, body) => {
  const answer = await host.call('POST', `/namespaces/_/triggers/${n('t')}`, { body, headers: { 'content-type': 'application/json' } });
  expect([answer.status, answer.json.error]).toEqual([400, 'The request content was malformed:\nJSON object expected']);
});
test('no body', async () => {
  expect((await host.call('POST', `/namespaces/_/triggers/${n('t')}`)).status).toBe(202);
});
test('a missing trigger', async () => {
  expect((await fire('nosuch')).status).toBe(404);
});
