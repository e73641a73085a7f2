import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../repository';

/** A Pulumi CLI that can be run. */
export interface PulumiCli {
  /** Absolute path of `pulumi`. */
  readonly executable: string;
  /** Without a leading v. */
  readonly version: string;
  /** How it was had, for the user: "on PATH", "official release", "built from its Go module". */
  readonly origin: string;
  /** Which nodejs language host the engine finds by itself: the official one, ours beside it, or none, so that ours is put on its PATH. */
  readonly nodejsHost: 'official' | 'ours' | 'none';
}

/** The oldest CLI on PATH that is used as it is. */
export const OLDEST_CLI = '3.200.0';

/** Name of the language host's executable, as the engine looks for it. */
export const NODEJS_HOST = 'pulumi-language-nodejs';

/** The version that is fetched or built when PATH has none: the one that the Go module requires. */
export function pinnedVersion(goMod: string = readFileSync(join(paths.goModule, 'go.mod'), 'utf8')): string {
  const version = /^\s*(?:require\s+)?github\.com\/pulumi\/pulumi\/pkg\/v3\s+v(\S+)/m.exec(goMod)?.[1];
  if (version === undefined) throw new Error('tooling/go/pulumi/go.mod does not require github.com/pulumi/pulumi/pkg/v3');
  return version;
}

/** Whether a version "3.259.0" (a leading v and a suffix such as -dev are ignored) is at least another one. */
export function isAtLeast(version: string, oldest: string): boolean {
  const parts = (text: string) => text.replace(/^v/, '').split(/[-+]/)[0]!.split('.').map(Number);
  const [have, want] = [parts(version), parts(oldest)];
  for (const index of [0, 1, 2]) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
