import { join } from 'node:path';
import { inClusterBlueprint } from '../../provider/src/blueprint/inCluster';
import { ImageSources } from '../../provider/src/targets/imageSources';
import { runCommand } from '../../tooling/src/command';
import { repositoryRoot } from '../../tooling/src/repository';
import { dockerEngine } from '../docker/engine';

/** A place that nobody has, so that nothing is put there by mistake. */
const REGISTRY = 'localhost:1/openwhisk';
const docker = dockerEngine();

const images = (...args: string[]) => runCommand(process.execPath, [join(repositoryRoot, 'tooling/run.mjs'), 'images', ...args]);

test('the images that a platform in a cluster asks for are built under the names it has for them', async () => {
  const kinds = ['nodejs:20', 'python:3.11'];
  const args = { target: 'kubernetes' as const, kubernetes: { registry: REGISTRY, kinds } };
  const asked = inClusterBlueprint(args, 'space', new ImageSources()).images.map(({ reference }) => reference);
  const { code, stdout, stderr } = await images('--registry', REGISTRY, '--kinds', kinds.join(','));
  expect([code, stdout.trim().split('\n')]).toEqual([0, asked]);
  expect(stderr).toContain('--push');
  for (const name of asked) await docker.getImage(name).remove();
});

test('a registry that is not there is one error that names what could not be put there', async () => {
  const { code, stderr } = await images('--registry', REGISTRY, '--kinds', 'nodejs:20', '--push');
  expect(code).toBe(1);
  expect(stderr).toMatch(/"docker push" failed:[\s\S]*localhost:1/);
  await docker.getImage(`${REGISTRY}/platform:${new ImageSources().tag('platform')}`).remove();
});

test.each([
  [['--kinds', 'nodejs:20'], '"npm run images" needs --registry'],
  [['--registry', REGISTRY, '--kinds', 'ruby:3'], 'kinds has "ruby:3", for which the platform has no runtime'],
  [['--registry', 'https://registry.example.com'], '"https://registry.example.com" is not a place for images'],
  [['--registri', REGISTRY], 'does not know --registri'],
])('images %j gets one clear sentence', async (args, sentence) => {
  const { code, stderr } = await images(...args);
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
