import fc from 'fast-check';
import { isEntityName, parseFullyQualifiedName, resolveNamespace } from './names';

test.each(['a', '_', 'a b', 'a.b', 'a@b', 'a&', 'A-1', 'x'.repeat(256)])('%s is a name', (name) => expect(isEntityName(name)).toBe(true));

test.each(['', ' a', 'a ', '-a', '@a', 'a/b', 'a$', 'a\n', 'ä', 'x'.repeat(257)])('%j is none', (name) =>
  expect(isEntityName(name)).toBe(false),
);

test('paths in bodies: empty segments are ignored, the last is the name', () => {
  for (const text of ['/ns/x', 'ns/x', '/ns//x', 'ns/x/']) expect(parseFullyQualifiedName(text)).toEqual({ path: 'ns', name: 'x' });
  expect(parseFullyQualifiedName('/ns/pkg/x')).toEqual({ path: 'ns/pkg', name: 'x' });
});

test.each([
  ['', 'requirement failed: path undefined'],
  ['x', 'requirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity.'],
  ['/ns/a$b', 'requirement failed: path contains invalid parts /ns/a$b'],
])('%j is refused in the words of OpenWhisk', (text, detail) => {
  expect(() => parseFullyQualifiedName(text)).toThrow(detail);
});

test('what is parsed names its text again', () => {
  const name = fc.stringMatching(/^\w[\w.-]{0,10}$/);
  fc.assert(
    fc.property(fc.array(name, { minLength: 2, maxLength: 4 }), (segments) => {
      const { path, name: last } = parseFullyQualifiedName(`/${segments.join('/')}`);
      expect(`${path}/${last}`).toBe(segments.join('/'));
    }),
  );
});

test('the underscore is the namespace of the caller, as a whole segment only', () => {
  expect(resolveNamespace({ path: '_/p', name: 'x' }, 'me').path).toBe('me/p');
  expect(resolveNamespace({ path: '_x', name: 'x' }, 'me').path).toBe('_x');
});
