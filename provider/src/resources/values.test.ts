import { sameValue } from './equality';
import { formatPropertyPath } from './propertyPath';
import { containsSecret, containsUnknown, Secret, SourceFile, UNKNOWN, type Value, withSecretsOf } from './values';

it.each<[Value, Value, boolean]>([
  [{ a: 1, b: [true, null] }, { b: [true, null], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: null }, false],
  [new Secret('x'), 'x', true],
  [{ a: new Secret({ b: 'x' }) }, new Secret({ a: { b: 'x' } }), true],
  [UNKNOWN, UNKNOWN, false],
  [[1, 2], [2, 1], false],
  ['1', 1, false],
  [new SourceFile({ hash: 'h' }), new SourceFile({ hash: 'h', path: 'elsewhere' }), true],
  [new SourceFile({ path: 'p' }), new SourceFile({ path: 'p' }), false],
])('%j and %j mean the same: %s', (left, right, same) => {
  expect(sameValue(left, right)).toBe(same);
  expect(sameValue(right, left)).toBe(same);
});

it('never prints a secret', () => {
  const secret = new Secret('hunter2');
  expect(JSON.stringify({ secret })).not.toContain('hunter2');
  expect(`${secret}`).not.toContain('hunter2');
});

it('finds markers at any depth', () => {
  expect(containsUnknown({ a: [new Secret({ b: UNKNOWN })] })).toBe(true);
  expect(containsSecret({ a: [{ b: new Secret(1) }] })).toBe(true);
  expect(containsSecret({ a: [{ b: 1 }] })).toBe(false);
});

it('puts secrets back onto what came back bare', () => {
  const template = { password: new Secret('old'), list: [1, new Secret(2)], plain: 'p' };
  expect(withSecretsOf(template, { password: 'new', list: [3], plain: 'q', added: 1 })).toEqual({
    password: new Secret('new'),
    list: new Secret([3]),
    plain: 'q',
    added: 1,
  });
});

it.each([
  [['limits', 'memory'], 'limits.memory'],
  [['parameters', 'a.b'], 'parameters["a.b"]'],
  [['codeFiles', 'lib/index.js'], 'codeFiles["lib/index.js"]'],
  [['parameters', 'list', 2, 'x'], 'parameters.list[2].x'],
  [['parameters', 'say "hi"'], 'parameters["say \\"hi\\""]'],
])('writes the path %j as %s', (path, text) => {
  expect(formatPropertyPath(path)).toBe(text);
});
