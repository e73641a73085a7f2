import { mergeParameters, parameterSize, parseAnnotations, parseParameters } from './parameterParser';

test('duplicate keys: the last wins; other members go', () => {
  expect(
    parseParameters([
      { key: 'a', value: 1 },
      { key: 'a', value: 2, more: true },
      { key: '', value: null },
    ]),
  ).toEqual([
    { key: 'a', value: 2 },
    { key: '', value: null },
  ]);
});

test('init is kept when true, and only on parameters', () => {
  expect(
    parseParameters([
      { key: 'a', value: 1, init: true },
      { key: 'b', value: 1, init: false },
    ]),
  ).toEqual([
    { key: 'a', value: 1, init: true },
    { key: 'b', value: 1 },
  ]);
  expect(parseAnnotations([{ key: 'a', value: 1, init: true }])).toEqual([{ key: 'a', value: 1 }]);
});

test.each([{}, 'x', ['x'], [{ key: 1, value: 1 }], [{ key: 'a' }], [{ value: 1 }], [{ key: 'a', value: 1, init: 'x' }]])(
  '%j is malformed',
  (value) => {
    expect(() => parseParameters(value)).toThrow('parameters malformed!');
  },
);

test('a size counts keys and compact values in UTF-8', () => {
  expect(parameterSize([{ key: 'é', value: { a: 'x' } }])).toBe(2 + '{"a":"x"}'.length);
});

test('later sets win and keep one entry a key', () => {
  expect(
    mergeParameters(
      [{ key: 'a', value: 1 }],
      [],
      [
        { key: 'b', value: 2 },
        { key: 'a', value: 3 },
      ],
    ),
  ).toEqual([
    { key: 'a', value: 3 },
    { key: 'b', value: 2 },
  ]);
});
