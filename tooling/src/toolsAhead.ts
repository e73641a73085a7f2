import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireHyperkube } from './kubernetesBinaries';
import { acquirePulumiCli } from './pulumiCli/acquire';
import { acquireYamlHost } from './pulumiCli/yamlHost';
import { acquireTerraform } from './terraform';

/** Makes the Docker provider for Terraform; the mirror with it is not needed yet. */
async function makeTerraformProvider(): Promise<void> {
  const mirror = mkdtempSync(join(tmpdir(), 'terraform-mirror-'));
  try {
    await acquireTerraform(mirror);
  } finally {
    rmSync(mirror, { recursive: true, force: true });
  }
}

/**
 * Builds what areas of tests need and what takes minutes the first time, one after another, while tests
 * that need none of it run. What can't be had is not reported here: the area that needs it says so.
 */
export async function buildToolsAhead(): Promise<void> {
  for (const acquire of [acquirePulumiCli, acquireHyperkube, makeTerraformProvider, acquireYamlHost]) {
    await acquire().catch(() => undefined);
  }
}
