import { looksLikeSecretName, looksLikeSecretText, withoutSecretForms } from './secretLooks';

it.each([
  'apiKey',
  'API_KEY',
  'dbPassword',
  'DBPassword',
  'slack-token',
  'token',
  'clientSecret',
  'AUTH',
  'private_key',
  'accessKey',
  'require-whisk-auth',
])('takes %s for the name of a secret', (name) => expect(looksLikeSecretName(name)).toBe(true));
it.each(['author', 'keyboard', 'primaryKeyColumn', 'description', 'greeting', 'compass', 'tokenizer', 'monkey'])(
  'takes %s for no secret',
  (name) => expect(looksLikeSecretName(name)).toBe(false),
);

it('tells credentials by their form, and leaves the rest of a text alone', () => {
  const key = `${'a1b2c3d4-1111-2222-3333-444455556666'}:${'x'.repeat(64)}`;
  expect(withoutSecretForms(`curl -u ${key} https://host`, '*')).toBe('curl -u * https://host');
  expect(withoutSecretForms('postgres://app:hunter2@db/app', '*')).toBe('postgres://app:*@db/app');
  expect(looksLikeSecretText(`-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----`)).toBe(true);
  expect(looksLikeSecretText('https://host:8080/path@2x.png')).toBe(false);
  expect(looksLikeSecretText('90a715d28b25cff9b0d58c2ad6cc96eac8b0ee09e5849e7d357b88d2e7860b56')).toBe(false);
});
