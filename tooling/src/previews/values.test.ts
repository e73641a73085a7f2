import { driftReport } from './driftReport';
import { inlineCode, tableRow } from './markdown';
import { parsePropertyPath, valueAt } from './propertyPath';
import { redactor, secretTexts } from './redactor';
import { changesOf } from './resourceChange';
import { shownValue } from './shownValue';

it.each([
  ['limits.memory', ['limits', 'memory']],
  ['codeFiles["lib/a.b.js"]', ['codeFiles', 'lib/a.b.js']],
  ['parameters["say \\"hi\\""].x[2]', ['parameters', 'say "hi"', 'x', 2]],
  ['name', ['name']],
])('reads the property path %s', (path, parts) => expect(parsePropertyPath(path)).toEqual(parts));

it('finds the value at a path', () => {
  expect(valueAt({ a: [{ 'b.c': 1 }] }, ['a', 0, 'b.c'])).toBe(1);
  expect(valueAt({ a: 1 }, ['a', 'b'])).toBeUndefined();
  expect(valueAt({}, ['toString'])).toBeUndefined();
});

it('shows values without what is or looks like a secret', () => {
  expect(shownValue({ b: 1, apiKey: 'x', a: { password: 'y' } }, ['parameters', 'all'])).toBe(
    '{"a":{"password":"[hidden: looks like a secret]"},"apiKey":"[hidden: looks like a secret]","b":1}',
  );
  expect(shownValue('plain', ['parameters', 'dbPassword'])).not.toContain('plain');
  expect(shownValue('[secret]', ['parameters', 'token'])).toBe('[secret]');
  expect(shownValue('04da6b54-80e4-46f7-96ec-b56ff0331ba9', ['fqn'])).toBe('(known after the update)');
  expect(shownValue('x'.repeat(500), ['text'])).toHaveLength(160 + ' … (502 characters)'.length - 1);
});

it('knows every secret of a state, at any depth, and takes it out of any text', () => {
  const secret = (value: unknown) => ({
    '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
    plaintext: JSON.stringify(value),
  });
  const texts = secretTexts([{ inputs: { a: secret('one-secret'), b: { c: [secret({ d: 'two"secrets' })] }, e: 'plain' } }]);
  expect(texts.sort()).toEqual(['one-secret', 'two"secrets']);
  expect(redactor(texts).redact('one-secret, "two\\"secrets", plain, on')).toBe('[secret], "[secret]", plain, on');
  expect(redactor(['on']).redact('on and on')).toBe('on and on');
});

it('keeps markup in names from becoming markup', () => {
  expect(inlineCode('a `b`\nc')).toBe('``a `b` ⏎ c``');
  expect(tableRow([inlineCode('a|b')])).toBe('| `a\\|b` |');
});

it('names what drifted, in the words of the reader', () => {
  const urn = (type: string, name: string) => `urn:pulumi:t::hello::openwhisk:index:${type}::${name}`;
  const changes = changesOf({
    diagnostics: [],
    steps: [
      { op: 'refresh', urn: urn('Trigger', 'visit') },
      { op: 'delete', urn: urn('Rule', 'r'), oldState: { urn: '', type: '', id: 'guest/r' } },
      // Only the version changed: not a drift.
      {
        op: 'update',
        urn: urn('Package', 'p'),
        oldState: { urn: '', type: '', inputs: { a: 1 } },
        newState: { urn: '', type: '', inputs: { a: 1 } },
      },
      {
        op: 'update',
        urn: urn('Action', 'greet'),
        oldState: { urn: '', type: '', id: 'guest/greet', inputs: { limits: { memory: 128 }, parameters: { token: '[secret]' } } },
        newState: { urn: '', type: '', inputs: { limits: { memory: 256 }, parameters: { token: '[secret]', a: 1 } } },
        detailedDiff: {
          'limits.memory': { kind: 'update' },
          'parameters.token': { kind: 'update' },
          'parameters.a': { kind: 'add' },
          code: { kind: 'update' },
          'codeFiles["index.js"]': { kind: 'update' },
        },
      },
    ],
  });
  expect(driftReport('dev', changes, redactor([]))).toMatchSnapshot();
  expect(driftReport('dev', { changed: [], unchanged: changes.unchanged }, redactor([]))).toBe('');
});
