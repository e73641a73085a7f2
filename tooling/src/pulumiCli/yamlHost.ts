import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findExecutable } from '../executable';
import { say, step } from '../progress';
import { repositoryRoot } from '../repository';
import { cachedTool, toolCacheRoot } from '../toolCache';
import { buildGoProgram, type GoProgram, goProgramCacheName } from './goBuild';

const yamlHost: GoProgram = {
  name: 'pulumi-language-yaml',
  module: join(repositoryRoot, 'tooling/go/pulumi-yaml'),
  mainPackage: 'github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml',
  linkerFlags: '-s -w',
};

/**
 * Folder of Pulumi's language host for YAML programs: the one on PATH, or one that is built from its Go module.
 * @throws UserError when there is no Go or the build fails
 */
export async function acquireYamlHost(): Promise<string> {
  const own = findExecutable(yamlHost.name);
  if (own !== undefined) return dirname(own);
  const name = goProgramCacheName(yamlHost);
  const cache = toolCacheRoot();
  if (!existsSync(join(cache, name, yamlHost.name))) {
    await step('Build the YAML language host from its Go module (once, a minute or two)', (report) =>
      cachedTool(
        name,
        (empty) => buildGoProgram(yamlHost, empty, report),
        () => say('  waiting for another process'),
        cache,
      ),
    );
  }
  return join(cache, name);
}
