import { formatId, nameProblem, parseActionId, parseEntityId, parseNamespaceId, resolveReference } from './entityId';

it.each(['greet', 'a', '0', 'my action', 'a@b.c&d-e', 'x'.repeat(256)])('takes %s as a name', (name) => {
  expect(nameProblem(name)).toBeUndefined();
});
it.each(['', ' a', 'a ', '-a', 'a/b', 'ü', 'x'.repeat(257)])('refuses "%s" as a name', (name) => {
  expect(nameProblem(name)).toEqual(expect.any(String));
});

it('reads ids of actions with and without a package', () => {
  expect(parseActionId('guest/greet')).toEqual({ namespace: 'guest', package: undefined, name: 'greet' });
  expect(parseActionId('/guest/hello/greet')).toEqual({ namespace: 'guest', package: 'hello', name: 'greet' });
  expect(formatId(parseActionId('guest/hello/greet'))).toBe('guest/hello/greet');
});

it('says which form an id must have', () => {
  expect(() => parseActionId('greet')).toThrow('"greet" is not the id of an action: use "namespace/name" or "namespace/package/name".');
  expect(() => parseEntityId('rule', 'a/b/c')).toThrow('"a/b/c" is not the id of a rule: use "namespace/name".');
  expect(() => parseNamespaceId('a/b')).toThrow('use its name alone');
});

it.each([
  ['action', 'greet', 'guest/greet'],
  ['action', 'hello/greet', 'guest/hello/greet'],
  ['action', '/other/hello/greet', 'other/hello/greet'],
  ['action', '/_/greet', 'guest/greet'],
  ['action', 'other/hello/greet', 'other/hello/greet'],
  ['trigger', 'visit', 'guest/visit'],
  ['trigger', 'other/visit', 'other/visit'],
  ['trigger', '/_/visit', 'guest/visit'],
] as const)('takes the %s "%s" as %s', (sort, text, id) => {
  expect(resolveReference(sort, text, 'guest')).toEqual({ id });
});
it.each([
  ['action', '/a/b/c/d'],
  ['action', ''],
  ['trigger', 'a/b/c'],
  ['action', 'a/ b'],
] as const)('refuses the %s "%s"', (sort, text) => {
  expect(resolveReference(sort, text, 'guest')).toHaveProperty('problem');
});
