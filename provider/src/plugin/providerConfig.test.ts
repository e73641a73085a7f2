import { Secret, UNKNOWN, type ValueMap } from '../resources/values';
import { checkProviderConfig, resolveProviderConfig } from './providerConfig';

const resolve = (inputs: ValueMap, env: NodeJS.ProcessEnv = {}, file = {}) => resolveProviderConfig(inputs, env, () => file);

it('takes settings from the program, the environment and the file of wsk, in this order', () => {
  const file = { APIHOST: 'file', AUTH: 'file:key', NAMESPACE: 'filespace' };
  expect(resolve({ apiHost: 'given', auth: new Secret('given:key') }, { WHISK_APIHOST: 'env' }, file)).toMatchObject({
    apiHost: 'given',
    auth: 'given:key',
  });
  expect(resolve({}, { WHISK_APIHOST: 'env', WHISK_AUTH: 'env:key', WHISK_NAMESPACE: 'n' }, file)).toMatchObject({
    apiHost: 'env',
    auth: 'env:key',
    namespace: 'n',
  });
  expect(resolve({}, {}, file)).toMatchObject({ apiHost: 'file', auth: 'file:key', namespace: 'filespace' });
});

it('never sends the key of the file to another host', () => {
  expect(resolve({ apiHost: 'given' }, {}, { APIHOST: 'file', AUTH: 'file:key' })).not.toHaveProperty('auth');
});

it('reads settings that arrive as text', () => {
  expect(resolve({ insecure: 'true', timeout: '5', maxRetries: '0', namespace: '_' })).toEqual({
    insecure: true,
    timeout: 5,
    maxRetries: 0,
  });
  expect(resolve({})).toEqual({ insecure: false, timeout: 60, maxRetries: 8 });
});

it('refuses bad settings with their names, and lets unknown ones pass', () => {
  const failures = checkProviderConfig({
    apiHost: 'ht tp',
    auth: 'nocolon',
    insecure: 'maybe',
    timeout: -1,
    host: 'x',
    adminKey: UNKNOWN,
    version: '1',
  });
  expect(failures.map(({ path }) => path[0])).toEqual(['apiHost', 'auth', 'insecure', 'timeout', 'host']);
  expect(checkProviderConfig({ apiHost: 'localhost:3233', auth: new Secret('a:b') })).toEqual([]);
});
