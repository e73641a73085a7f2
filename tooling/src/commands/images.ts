import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { registryProblem } from '@openwhisk-as-code/provider/dist/blueprint/kubernetesArgs';
import { DEFAULT_KINDS } from '@openwhisk-as-code/provider/dist/blueprint/partsArgs';
import { runtimeImages, UnknownKind } from '@openwhisk-as-code/provider/dist/blueprint/runtimeImages';
import { ImageSources } from '@openwhisk-as-code/provider/dist/targets/imageSources';
import { runCommand, tail } from '../command';
import { findExecutable } from '../executable';
import { parseNamedOptions } from '../options';
import { say, step } from '../progress';
import { UserError } from '../userError';

interface Image {
  reference: string;
  context: string;
  buildArgs: Readonly<Record<string, string>>;
}

/**
 * `npm run images`: builds the images that a platform in a cluster runs, from the source the provider carries, under the names that its target
 * `kubernetes` has with the same `registry`; with --push they are put there. Prints the names, one a line.
 */
export async function images(args: readonly string[]): Promise<number> {
  const { values, flags } = parseNamedOptions('images', args, { values: ['--registry', '--kinds'], flags: ['--push'] });
  const registry = values['--registry'];
  if (registry === undefined)
    throw new UserError('"npm run images" needs --registry, the place the images are named after, such as registry.example.com/openwhisk.');
  const misplaced = registryProblem(registry);
  if (misplaced !== undefined) throw new UserError(`${misplaced}.`);
  const docker = findExecutable('docker');
  if (docker === undefined) throw new UserError('there is no docker on PATH to build images with.');
  const sources = new ImageSources();
  const wanted = imagesOf(registry, values['--kinds']?.split(',') ?? DEFAULT_KINDS, sources);
  const folder = mkdtempSync(join(tmpdir(), 'openwhisk-images-'));
  try {
    for (const { reference, context, buildArgs } of wanted) {
      const place = resolve(sources.stage(context, folder));
      const options = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
      await run(docker, `Build ${reference}`, ['build', '--tag', reference, ...options, place]);
      if (flags.has('--push')) await run(docker, `Push ${reference}`, ['push', reference]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(wanted.map(({ reference }) => `${reference}\n`).join(''));
  if (!flags.has('--push')) say('They are on this machine only: --push puts them into the registry.');
  return 0;
}

/** Those that have to be built. @throws UserError for a kind that there is no runtime for */
function imagesOf(registry: string, kinds: readonly string[], sources: ImageSources): Image[] {
  try {
    const runtimes = runtimeImages({ kinds, given: {}, repository: registry }, sources).images;
    return [
      { reference: `${registry}/platform:${sources.tag('platform')}`, context: 'platform', buildArgs: {} },
      ...runtimes.flatMap(({ reference, context, buildArgs = {} }) => (context === undefined ? [] : [{ reference, context, buildArgs }])),
    ];
  } catch (error) {
    throw error instanceof UnknownKind ? new UserError(error.message) : error;
  }
}

async function run(docker: string, title: string, args: readonly string[]): Promise<void> {
  await step(title, async () => {
    const result = await runCommand(docker, args);
    if (result.code !== 0) throw new UserError(`"docker ${args[0]}" failed:\n${tail(result, 8)}`);
  });
}
