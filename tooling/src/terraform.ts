import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from './executable';
import { say, step } from './progress';
import { buildGoProgram, type GoProgram, goProgramCacheName } from './pulumiCli/goBuild';
import { repositoryRoot } from './repository';
import { cachedTool, shareFile, toolCacheRoot } from './toolCache';
import { UserError } from './userError';

const VERSION = '3.6.2';

const provider: GoProgram = {
  name: 'terraform-provider-docker',
  module: join(repositoryRoot, 'tooling/go/terraform-provider-docker'),
  mainPackage: 'github.com/terraform-providers/terraform-provider-docker',
  linkerFlags: `-s -w -X main.version=${VERSION}`,
};

/** Terraform, and a configuration by which it finds the Docker provider without a registry. */
export interface Terraform {
  readonly executable: string;
  /** To be added to the environment of each call. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The Terraform on PATH with a mirror of providers in `folder`, which holds the Docker provider built from its Go module.
 * @throws UserError when there is no Terraform or no Go, or the build fails
 */
export async function acquireTerraform(folder: string): Promise<Terraform> {
  const executable = findExecutable('terraform');
  if (executable === undefined)
    throw new UserError('There is no terraform on PATH: install Terraform 1.5 or newer (or OpenTofu as "terraform").');
  const built = await step(`Build ${provider.name} from its Go module`, (report) =>
    cachedTool(
      goProgramCacheName(provider),
      (empty) => buildGoProgram(provider, empty, report),
      () => say('  waiting for another process'),
      toolCacheRoot(),
    ),
  );
  // the default registry's name is a part of each provider's
  const architecture = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const place = join(folder, 'mirror/registry.terraform.io/kreuzwerker/docker', VERSION, architecture);
  mkdirSync(place, { recursive: true });
  const target = join(place, `${provider.name}_v${VERSION}`);
  if (!existsSync(target)) shareFile(join(built, provider.name), target);
  const configuration = join(folder, 'terraform.rc');
  writeFileSync(configuration, `provider_installation {\n  filesystem_mirror {\n    path = "${join(folder, 'mirror')}"\n  }\n}\n`);
  return { executable, environment: { TF_CLI_CONFIG_FILE: configuration, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' } };
}
