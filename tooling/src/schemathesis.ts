import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, tail } from './command';
import { findExecutable } from './executable';
import { say, step } from './progress';
import { paths } from './repository';
import { cachedTool, cacheKey } from './toolCache';
import { UserError } from './userError';

/**
 * The Python of a virtual environment below .tools that has Schemathesis at the version pinned in tooling/python; made when it is not
 * there. Run it as `python -m schemathesis.cli`: environments are moved into place, so their scripts name a path that is gone.
 * @throws UserError when there is no Python, or with the end of what pip said
 */
export async function acquireSchemathesis(): Promise<string> {
  const python = findExecutable('python3');
  if (python === undefined) throw new UserError('There is no python3 on PATH: install Python 3.10 or newer to fuzz the API.');
  const { code, stdout: version } = await runCommand(python, ['-c', 'import sys; print(sys.version)']);
  if (code !== 0) throw new UserError(`${python} does not run: install Python 3.10 or newer to fuzz the API.`);
  const name = `schemathesis/${cacheKey([version, readFileSync(paths.schemathesisRequirements)])}`;
  const executable = (folder: string) => join(folder, 'bin', 'python');
  const there = join(paths.tools, name);
  if (existsSync(there)) return executable(there);
  const folder = await step('Install Schemathesis', () =>
    cachedTool(
      name,
      (empty) => install(python, empty, executable(empty)),
      () => say('  waiting for another process'),
      paths.tools,
    ),
  );
  return executable(folder);
}

async function install(python: string, folder: string, environmentPython: string): Promise<void> {
  const made = await runCommand(python, ['-m', 'venv', folder]);
  if (made.code !== 0) throw new UserError(`A virtual environment of Python could not be made:\n${tail(made, 5)}`);
  const installed = await runCommand(environmentPython, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--requirement',
    paths.schemathesisRequirements,
  ]);
  if (installed.code !== 0) throw new UserError(`Schemathesis could not be installed:\n${tail(installed, 8)}`);
}
