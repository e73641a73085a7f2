import fc from 'fast-check';
import { LineSplitter, sentinel } from './lineSplitter';

function split(chunks: Buffer[]): (string | null)[] {
  const seen: (string | null)[] = [];
  const splitter = new LineSplitter({ line: (text) => seen.push(text), sentinel: () => seen.push(null), dropping: () => false });
  for (const chunk of chunks) splitter.take(chunk);
  return seen;
}

/** null stands for a sentinel. */
const cases: [string, string, (string | null)[]][] = [
  ['lines', 'a\nb\n', ['a', 'b']],
  ['an empty line', '\nx\n', ['', 'x']],
  ['a carriage return at the end only', 'a\r\nb\rc\n', ['a', 'b\rc']],
  ['blanks', '  x\t \n', ['  x\t ']],
  ['what has no end is lost', 'a\nb', ['a']],
  ['the sentinel', `a\n${sentinel}\nb\n`, ['a', null, 'b']],
  ['a line that contains the sentinel', `a${sentinel}b\nc\n`, [null, 'c']],
  ['characters of several bytes', '日本語 ñ 😀\n', ['日本語 ñ 😀']],
  ['a long line comes in pieces', `${'x'.repeat(20_000)}\n`, ['x'.repeat(16_384), 'x'.repeat(3_616)]],
  ['a line of the greatest length is whole', `${'x'.repeat(16_384)}\n`, ['x'.repeat(16_384)]],
  ['a piece ends between characters', `x${'é'.repeat(8_192)}\n`, [`x${'é'.repeat(8_191)}`, 'é']],
];

it.each(cases)('%s', (_name, text, lines) => {
  expect(split([Buffer.from(text)])).toEqual(lines);
});

it.each(cases)('%s, byte by byte', (_name, text, lines) => {
  const bytes = Buffer.from(text);
  expect(split([...bytes.keys()].map((i) => bytes.subarray(i, i + 1)))).toEqual(lines);
});

it('does not depend on how the output is cut', () => {
  const part = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('\n', '\r\n', `${sentinel}\n`, '😀', 'x'.repeat(17_000)));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), fc.array(fc.nat({ max: 50_000 }), { maxLength: 10 }), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''));
      const at = [0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length].sort((x, y) => x - y);
      expect(split(at.slice(1).map((end, i) => bytes.subarray(at[i], end)))).toEqual(split([bytes]));
    }),
  );
});
