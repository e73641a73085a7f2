import fc from 'fast-check';
import { jsonItems, jsonMembers } from './jsonMembers';

test('gives the texts of the members as they stand', () => {
  const text = ' {"a" : 12345678901234567890 , "b":{"x":[1,"}\\""]},"c\\n":"q\\\\" ,"d":[ ], "e":null} ';
  expect([...jsonMembers(text)]).toEqual([
    ['a', '12345678901234567890'],
    ['b', '{"x":[1,"}\\""]}'],
    ['c\n', '"q\\\\"'],
    ['d', '[ ]'],
    ['e', 'null'],
  ]);
  expect(jsonMembers('{}').size).toBe(0);
});

test('agrees with JSON.parse on any object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.constantFrom(undefined, 1), (value, space) => {
      const members = jsonMembers(JSON.stringify(value, null, space));
      // an own key of that name can't be made from entries by assignment
      const read = Object.fromEntries([...members].map(([key, text]) => [key, JSON.parse(text)]));
      expect(read).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test.each(['', '[]', '1', '{', '{"a"}', '{"a":}', '{"a":1', '{"a":1,}', '{"a":1}x', '{a:1}', '{"a":"', '{"a":[1}'])(
  'refuses %s',
  (text) => {
    expect(() => jsonMembers(text)).toThrow(SyntaxError);
  },
);

test('gives the texts of the items of an array', () => {
  expect(jsonItems(' [ {"a":[1,2]} ,"],", 1.0,[] ] ')).toEqual(['{"a":[1,2]}', '"],"', '1.0', '[]']);
  expect(jsonItems('[]')).toEqual([]);
  for (const text of ['', '{}', '[1', '[1,]', '["]']) expect(() => jsonItems(text)).toThrow(SyntaxError);
});
