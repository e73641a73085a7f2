import { bumpPatch, parseVersion } from './version';

test.each([
  ['1', '1.0.0'],
  ['1.2', '1.2.0'],
  ['01.02.03', '1.2.3'],
  ['1.2.3.4', '1.2.3'],
])('%s is read as %s', (text, version) => expect(parseVersion(text)).toBe(version));

test.each(['', '0.0.0', 'v1', '1.0.0-a', '-1.0.0', ' 1', '99999999999.0.1', 1, null])('%j is malformed', (text) => {
  expect(() => parseVersion(text)).toThrow('semantic version malformed');
});

test('every update bumps the patch', () => expect(bumpPatch('0.1.9')).toBe('0.1.10'));
