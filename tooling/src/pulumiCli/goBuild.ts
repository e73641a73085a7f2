import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, tail } from '../command';
import { findExecutable } from '../executable';
import { paths } from '../repository';
import { cacheKey } from '../toolCache';
import { UserError } from '../userError';
import { pinnedVersion } from './cli';

/** A program of a Go module in this repository. */
export interface GoProgram {
  /** Name of its executable. */
  readonly name: string;
  /** Folder of its module; absent, it belongs to tooling/go/pulumi. */
  readonly module?: string;
  /** Import path of its main package. */
  readonly mainPackage: string;
  readonly linkerFlags: string;
}

/** The real CLI, which is told its version by the linker as the official build does. */
export function pulumiProgram(version: string = pinnedVersion()): GoProgram {
  return {
    name: 'pulumi',
    mainPackage: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
    linkerFlags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`,
  };
}

/** Our own front to Pulumi's SDK generators. */
export const generatorProgram: GoProgram = { name: 'pulumi-gen-sdk', mainPackage: './cmd/pulumi-gen-sdk', linkerFlags: '-s -w' };

/** The same for languages whose generators live in modules of their own. */
export const furtherGeneratorsProgram: GoProgram = {
  name: 'pulumi-gen-sdk-more',
  module: paths.furtherGeneratorsModule,
  mainPackage: './cmd/pulumi-gen-sdk-more',
  linkerFlags: '-s -w',
};

/** Name of a program's folder in the cache: whatever goes into the build changes it. */
export function goProgramCacheName(program: GoProgram, module: string = program.module ?? paths.goModule): string {
  const ownSources = program.mainPackage.startsWith('./')
    ? readdirSync(join(module, program.mainPackage))
        .sort()
        .flatMap((file) => [file, readFileSync(join(module, program.mainPackage, file))])
    : [];
  const inputs = [
    program.mainPackage,
    program.linkerFlags,
    readFileSync(join(module, 'go.mod')),
    readFileSync(join(module, 'go.sum')),
    ...ownSources,
  ];
  return `${program.name}/built-${cacheKey(inputs)}`;
}

/** The Go build runs beside whatever else the machine does; this keeps it out of the way. */
const NICENESS = 10;

/** The linker leaves out what debuggers read: the compiler need not make it, which is a tenth of its time. */
const NO_DEBUGGING = ['-gcflags=all=-dwarf=false'];

function goEnvironment(): NodeJS.ProcessEnv {
  // The module stands alone and its versions are pinned: neither a workspace above the clone nor flags of the user's shell may change it.
  // The compiler is short-lived: collecting garbage less often saves a tenth of its time.
  return { GOGC: '400', ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly' };
}

/**
 * Builds a program of the Go module into a folder.
 * @param report told how many packages are compiled
 * @throws UserError when there is no Go, or with the end of what the build said
 */
export async function buildGoProgram(program: GoProgram, folder: string, report: (detail: string) => void): Promise<void> {
  const go = findExecutable('go');
  if (go === undefined) throw new UserError('there is no Go on PATH to build it with');
  const options = { cwd: program.module ?? paths.goModule, env: goEnvironment(), niceness: NICENESS };
  report('fetching modules');
  const listed = await runCommand(go, ['list', '-deps', program.mainPackage], options);
  if (listed.code !== 0) throw new UserError(`"go list ${program.mainPackage}" failed:\n${tail(listed, 8)}`);
  const total = listed.stdout.trim().split('\n').length;

  const output = join(folder, 'output');
  mkdirSync(output);
  let compiled = 0;
  const built = await runCommand(
    go,
    [
      'build',
      '-v',
      '-trimpath',
      '-buildvcs=false',
      ...NO_DEBUGGING,
      '-ldflags',
      program.linkerFlags,
      '-o',
      `${output}/`,
      program.mainPackage,
    ],
    {
      ...options,
      onErrorLine: (line) => {
        // With -v, each package that is compiled is one line; what the build cache already has is passed over silently.
        if (/^[\w./~-]+$/.test(line)) compiled += 1;
        report(`${compiled} of ${total} packages`);
      },
    },
  );
  if (built.code !== 0) throw new UserError(`"go build ${program.mainPackage}" failed:\n${tail(built, 12)}`);
  const executable = join(output, program.name);
  if (!statSync(executable).isFile()) throw new UserError(`"go build" made no ${program.name}`);
  renameSync(executable, join(folder, program.name));
}
