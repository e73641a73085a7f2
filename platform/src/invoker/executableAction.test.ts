import type { ActivationMessage } from '../bus/messages';
import { initBody, runBody, runContext, splitArguments } from './executableAction';
import { profile } from './testing/fakeContainers';

const message = (more: Partial<ActivationMessage> = {}): ActivationMessage => ({
  transactionId: 'tid"1',
  transactionStart: 0,
  action: { path: 'owner/pkg', name: 'a', version: '0.0.3', revision: '1' },
  user: { subject: 's', namespace: { name: 'caller', uuid: 'u' }, authkey: { uuid: 'uuid', key: 'key' }, limits: {} },
  activationId: 'f'.repeat(32),
  rootController: 'c',
  blocking: true,
  content: '{"a":12345678901234567890}',
  initArgs: [],
  ...more,
});
const action = profile('a', { id: 'owner/pkg/a', version: '0.0.3' });

describe('arguments', () => {
  it('pass through as they are when none belongs to the environment', () => {
    expect(splitArguments(message())).toEqual({ run: '{"a":12345678901234567890}', environment: {} });
  });

  it('marked for the environment leave the arguments and become text', () => {
    const content = '{"S":"x y","N":1.5,"B":true,"Z":null,"O":{"k":1},"A":[1,"x"],"b":2}';
    expect(splitArguments(message({ content, initArgs: ['S', 'N', 'B', 'Z', 'O', 'A', 'absent'] }))).toEqual({
      run: '{"b":2}',
      environment: { S: 'x y', N: '1.5', B: 'true', Z: '', O: '{"k":1}', A: '[1,"x"]' },
    });
  });

  it('of an array stay whole', () => {
    expect(splitArguments(message({ content: '[1]', initArgs: ['a'] }))).toEqual({ run: '[1]', environment: {} });
  });
});

describe('bodies', () => {
  it('/run holds the arguments as text and the context beside them', () => {
    const body = runBody(action, runContext(action, 'caller'), '{"a":12345678901234567890}', message(), 99);
    expect(body).toContain('{"value":{"a":12345678901234567890},');
    expect(JSON.parse(body)).toEqual({
      value: { a: 12345678901234567000 },
      namespace: 'caller',
      action_name: '/owner/pkg/a',
      action_version: '0.0.3',
      activation_id: 'f'.repeat(32),
      transaction_id: 'tid"1',
      deadline: '99',
    });
  });

  it('/run has the key of the caller only for an action that wants it', () => {
    const wants = { ...action, provideApiKey: true };
    expect(JSON.parse(runBody(wants, runContext(wants, 'caller'), '{}', message(), 99))).toMatchObject({ api_key: 'uuid:key' });
    expect(runBody(action, runContext(action, 'caller'), '{}', message(), 99)).not.toContain('key"');
  });

  it('/init holds the code and an environment of text', () => {
    const exec = { kind: 'nodejs:20', code: 'c', binary: false };
    const body = JSON.parse(initBody({ ...action, provideApiKey: true }, exec, message(), { FOO: 'bar' }, 99));
    expect(body).toEqual({
      value: {
        name: 'a',
        main: 'main',
        code: 'c',
        binary: false,
        env: {
          FOO: 'bar',
          __OW_API_KEY: 'uuid:key',
          __OW_NAMESPACE: 'caller',
          __OW_ACTION_NAME: '/owner/pkg/a',
          __OW_ACTION_VERSION: '0.0.3',
          __OW_ACTIVATION_ID: 'f'.repeat(32),
          __OW_TRANSACTION_ID: 'tid"1',
          __OW_DEADLINE: '99',
        },
      },
    });
  });
});
