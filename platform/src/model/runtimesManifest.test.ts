import { parseRuntimesManifest } from './runtimesManifest';

const image = { prefix: 'openwhisk', name: 'action-nodejs-v20', tag: 'nightly' };
const manifest = (runtimes: object) => parseRuntimesManifest(JSON.stringify({ runtimes }));

test('a family with one kind has it as default', () => {
  const parsed = manifest({ nodejs: [{ kind: 'nodejs:20', image }] });
  expect(parsed.resolve('nodejs:default')).toBe('nodejs:20');
  expect(parsed.get('nodejs:20')).toMatchObject({ image: 'openwhisk/action-nodejs-v20:nightly', attached: false, sentinelledLogs: true });
});

test('only what says so may be given a read-only root', () => {
  const parsed = manifest({
    nodejs: [
      { kind: 'a', image, readonly: true, default: true },
      { kind: 'b', image, readonly: 'true' },
    ],
  });
  expect(parsed.runtimes.map(({ readonly }) => readonly)).toEqual([true, false]);
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

test('stem cells are read, reactive ones and those with the older name of their number', () => {
  const reactive = { minCount: 1, maxCount: 4, ttl: '2 minutes', threshold: 1, increment: 1 };
  const stemCells = [
    { initialCount: 2, memory: '256 MB', reactive },
    { count: 1, memory: '128 MB' },
  ];
  expect(manifest({ nodejs: [{ kind: 'a', image, stemCells }] }).get('a')!.stemCells).toEqual([
    { initialCount: 2, memory: '256 MB', reactive },
    { initialCount: 1, memory: '128 MB' },
  ]);
});

test.each([
  [{ memory: '256 MB' }, "needs 'initialCount', a whole number of at least 0"],
  [{ initialCount: 1 }, `needs 'memory', such as "256 MB"`],
  [{ initialCount: 1, memory: '256 MB', reactive: { minCount: 3, maxCount: 2 } }, "needs 'maxCount', a whole number of at least 3"],
  [{ initialCount: 1, memory: '256 MB', reactive: { minCount: 0, maxCount: 2 } }, `needs 'ttl', such as "2 minutes"`],
  ['one', 'is not an object'],
])('the stem cell %j is refused', (cell, message) => {
  const read = () => manifest({ nodejs: [{ kind: 'a', image, stemCells: [cell] }] });
  expect(read).toThrow(`A stem cell of kind 'a' in the runtimes manifest ${message}.`);
});

describe('an image', () => {
  const native = { kind: 'native:1', image: { name: 'own-native' } };
  const blackboxes = [{ prefix: 'openwhisk', name: 'dockerskeleton', tag: 'nightly' }];
  const parse = (runtimes: object) => parseRuntimesManifest(JSON.stringify({ runtimes, blackboxes }));
  const nodejs = [{ kind: 'nodejs:20', image }];

  test.each(['openwhisk/dockerskeleton', 'openwhisk/dockerskeleton:nightly'])('%s of the list runs on the native kind', (name) => {
    expect(parse({ nodejs, native: [native] }).runtimeFor('blackbox', name)).toMatchObject({ kind: 'native:1', image: 'own-native' });
    expect(parse({ nodejs }).runtimeFor('blackbox', name)).toEqual({ kind: 'blackbox', image: name, sentinelledLogs: true });
  });

  test.each(['me/mine', 'openwhisk/dockerskeleton:old', 'host:5000/openwhisk/dockerskeleton'])('%s of a user runs as it is', (name) => {
    expect(parse({ native: [native] }).runtimeFor('blackbox', name)).toEqual({ kind: 'blackbox', image: name, sentinelledLogs: false });
  });
});
