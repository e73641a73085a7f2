import { contentTypeText, decodeBase64, isBinaryType, parseMediaType } from './mediaType';

test.each(['xyz', '', 'text/', '/x', 'a b/c'])('%j is no media type', (text) => expect(parseMediaType(text)).toBeUndefined());

test.each([
  ['text/plain', 'text/plain; charset=UTF-8'],
  ['TEXT/PLAIN; charset=iso-8859-1', 'text/plain; charset=UTF-8'],
  ['text/html; a=b; charset=utf-8', 'text/html; a=b; charset=UTF-8'],
  ['application/json; charset=utf-8', 'application/json'],
  ['image/png; q=1', 'image/png; q=1'],
  ['text/event-stream', 'text/event-stream'],
])('%s is sent as %s', (text, sent) => expect(contentTypeText(parseMediaType(text)!)).toBe(sent));

test('what is not registered as text is binary', () => {
  for (const name of ['image/svg+xml', 'application/pdf', 'application/foo+xml', 'text/x-foo', 'text/javascript'])
    expect(isBinaryType(name)).toBe(true);
  for (const name of ['text/css', 'application/xml', 'application/vnd.api+json']) expect(isBinaryType(name)).toBe(false);
});

test('base64: standard alphabet, padding optional, no line breaks', () => {
  expect(decodeBase64('SGVsbG8h')?.toString()).toBe('Hello!');
  expect(decodeBase64('SGVsbG8')?.toString()).toBe('Hello');
  for (const text of ['no base64!', 'SGVs\nbG8h', 'ab-_', 'a']) expect(decodeBase64(text)).toBeUndefined();
});
