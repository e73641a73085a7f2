import type { Identity } from '../model/identity';
import type { SubjectStore } from '../store/subjectStore';
import { Authenticator } from './authentication';

const uuid = '23bc46b1-71f6-4ed5-8c54-816aa4f8c502';
const key = 'k'.repeat(64);
const identity: Identity = { subject: 's', namespace: { name: 'ns', uuid }, authkey: { uuid, key }, limits: {} };
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

function setUp(): { authenticator: Authenticator; lookUps: () => number; known: (is: boolean) => void } {
  let count = 0;
  let known = true;
  const identify = async (u: string, k: string) => {
    count++;
    return known && u === uuid && k === key ? identity : undefined;
  };
  return {
    authenticator: new Authenticator({ identify } as unknown as SubjectStore),
    lookUps: () => count,
    known: (is) => {
      known = is;
    },
  };
}

test('a key is looked up once and then known by its header', async () => {
  const { authenticator, lookUps } = setUp();
  for (let i = 0; i < 3; i++) expect(await authenticator.authenticate(basic(`${uuid}:${key}`))).toBe(identity);
  expect(lookUps()).toBe(1);
});

test('a rotated key is dead at once', async () => {
  const { authenticator, known } = setUp();
  await authenticator.authenticate(basic(`${uuid}:${key}`));
  known(false);
  authenticator.forget('ns');
  await expect(authenticator.authenticate(basic(`${uuid}:${key}`))).rejects.toThrow('The supplied authentication is invalid');
});

test.each([undefined, 'Bearer x', 'Digest x', 'Basic', 'Basic !!!'])('%j is no credentials', async (header) => {
  await expect(setUp().authenticator.authenticate(header)).rejects.toThrow('which was not supplied');
});

test.each([`${uuid}`, `${uuid}:short`, `nonsense:${key}`, `${uuid}:${key}x`, ':'])('%s is refused without a look-up', async (pair) => {
  const { authenticator, lookUps } = setUp();
  await expect(authenticator.authenticate(basic(pair))).rejects.toThrow('The supplied authentication is invalid');
  expect(lookUps()).toBe(0);
});

test('a wrong key is asked for each time and never remembered', async () => {
  const { authenticator, lookUps } = setUp();
  for (let i = 0; i < 2; i++) await expect(authenticator.authenticate(basic(`${uuid}:${'x'.repeat(64)}`))).rejects.toThrow('invalid');
  expect(lookUps()).toBe(2);
});
