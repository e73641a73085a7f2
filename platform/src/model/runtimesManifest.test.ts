import { parseRuntimesManifest } from './runtimesManifest';

const image = { prefix: 'openwhisk', name: 'action-nodejs-v20', tag: 'nightly' };
const manifest = (runtimes: object) => parseRuntimesManifest(JSON.stringify({ runtimes }));

test('a family with one kind has it as default', () => {
  const parsed = manifest({ nodejs: [{ kind: 'nodejs:20', image }] });
  expect(parsed.resolve('nodejs:default')).toBe('nodejs:20');
  expect(parsed.get('nodejs:20')).toMatchObject({ image: 'openwhisk/action-nodejs-v20:nightly', attached: false, sentinelledLogs: true });
});

test.each([
  ['{', /^The runtimes manifest is not JSON/],
  ['{}', /no object 'runtimes'/],
  [
    JSON.stringify({
      runtimes: {
        nodejs: [
          { kind: 'a', image },
          { kind: 'b', image },
        ],
      },
    }),
    /exactly one default kind/,
  ],
  [JSON.stringify({ runtimes: { nodejs: [{ image }] } }), /has no 'kind'/],
  [JSON.stringify({ runtimes: { nodejs: [{ kind: 'a', image: {} }] } }), /has no name/],
])('%s is refused with a sentence', (text, message) => {
  expect(() => parseRuntimesManifest(text)).toThrow(message);
});
