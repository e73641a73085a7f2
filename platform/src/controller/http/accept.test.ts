import { accepts } from './accept';

test.each([
  [undefined, true],
  ['', true],
  ['*/*', true],
  ['application/*', true],
  ['text/plain', false],
  ['text/plain, application/json', true],
  ['application/json;q=0', false],
  ['*/*;q=0.1, application/json;q=0', false],
  ['nonsense', true],
])('%j: %s', (header, allowed) => {
  expect(accepts(header, 'application/json')).toBe(allowed);
});
