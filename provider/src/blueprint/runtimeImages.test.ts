import { runtimeImages } from './runtimeImages';

const entry = (kind: string, isDefault: boolean) => ({
  kind,
  default: isDefault,
  image: { prefix: 'p', name: `runtime-${kind.replace(':', '-')}`, tag: '1' },
});
const manifest = JSON.stringify({
  runtimes: { nodejs: [entry('nodejs:20', true), entry('nodejs:22', false)], php: [entry('php:8', true)] },
});
const sources = { manifest, tag: () => 't' };

const choose = (kinds: string[], given: Record<string, string> = {}) => {
  const { images, manifest } = runtimeImages({ kinds, given, repository: 'r' }, sources);
  return { images, runtimes: JSON.parse(manifest).runtimes as Record<string, { kind: string; default: boolean; image: unknown }[]> };
};

it('builds what it has sources of, and leaves others the image of the manifest', () => {
  const { images, runtimes } = choose(['nodejs:22', 'php:8']);
  expect(images).toEqual([
    { name: 'runtime-nodejs-22', reference: 'r/runtime-nodejs-22:t', context: 'runtimes/nodejs', buildArgs: { NODE_VERSION: '22' } },
  ]);
  expect(runtimes.nodejs).toMatchObject([
    { kind: 'nodejs:22', default: true, image: { prefix: 'r', name: 'runtime-nodejs-22', tag: 't' } },
  ]);
  expect(runtimes.php).toMatchObject([{ image: { prefix: 'p', name: 'runtime-php-8', tag: '1' } }]);
});

it('pulls an image that is given for a kind it knows', () => {
  const { images, runtimes } = choose(['nodejs:20'], { 'nodejs:20': 'openwhisk/action-nodejs-v20:1' });
  expect(images).toEqual([{ name: 'runtime-nodejs-20', reference: 'openwhisk/action-nodejs-v20:1' }]);
  expect(runtimes.nodejs).toMatchObject([{ kind: 'nodejs:20', default: true, image: 'openwhisk/action-nodejs-v20:1' }]);
});

it('adds a kind that only an image is given for, to its family or to a new one', () => {
  const { images, runtimes } = choose(['nodejs:20'], { 'nodejs:stock': 'me/node:1', 'ruby:3.3': 'me/ruby:1' });
  expect(images.map(({ name }) => name)).toEqual(['runtime-nodejs-20', 'runtime-nodejs-stock', 'runtime-ruby-3.3']);
  expect(runtimes.nodejs!.map(({ kind, default: isDefault }) => [kind, isDefault])).toEqual([
    ['nodejs:20', true],
    ['nodejs:stock', false],
  ]);
  expect(runtimes.ruby).toMatchObject([{ kind: 'ruby:3.3', default: true, image: 'me/ruby:1', attached: expect.anything() }]);
});

it('refuses a kind that nobody has an image of', () => {
  expect(() => choose(['ruby:3.3'])).toThrow('kinds has "ruby:3.3", for which the platform has no runtime: there are nodejs:20');
});
