import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The parts of a package.json that matter here. */
export interface PackageManifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  /** Present in a Pulumi SDK: which plugin its resources need. */
  readonly pulumi?: {
    readonly resource?: boolean;
    readonly name?: string;
    readonly version?: string;
    readonly server?: string;
    /** Present when the SDK stands for a parameterized provider: the package the parameter describes. */
    readonly parameterization?: { readonly name: string; readonly version: string; readonly value: string };
  };
}

/** The manifest of a package's folder; undefined when there is none, or when it is not JSON. */
export function readManifest(directory: string): PackageManifest | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as PackageManifest;
  } catch {
    return undefined;
  }
}

/** The nearest folder at or above a program's that has a package.json. */
export function packageDirectory(programDirectory: string): string | undefined {
  for (let directory = programDirectory; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json'))) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}

/** Where node finds a dependency: the first node_modules that has it, going up from the package that asks. */
export function dependencyDirectory(from: string, name: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (directory === dirname(directory)) return undefined;
  }
}
