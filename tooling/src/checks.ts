import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command';
import type { CheckResult } from './jestArea';
import { duration, say } from './progress';
import { repositoryRoot } from './repository';

/** A check that is one command: it passes when the command does. */
export interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const bin = (file: string) => join(repositoryRoot, 'node_modules', file);
const node = (name: string, file: string, ...args: string[]): Check => ({ name, command: process.execPath, args: [bin(file), ...args] });

/** Programs that pulumi or jest transpile without checking types. */
const PROGRAMS = ['stacks', 'examples/hello', 'examples/containers', 'examples/kubernetes', 'examples/cdktf', 'integration-tests'];

/** What `npm run lint` looks at: style, the arrows between the parts, and the types of everything. */
export function lintChecks(): Check[] {
  const typescript = 'typescript/bin/tsc';
  return [
    node('biome', '@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'),
    node(
      'layers',
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.js',
      'platform/src',
      'provider/src',
      'tooling/src',
    ),
    node('types of the workspaces', typescript, '-b'),
    ...PROGRAMS.filter((program) => existsSync(join(repositoryRoot, program, 'tsconfig.json'))).map((program) =>
      node(`types of ${program}`, typescript, '--noEmit', '-p', program),
    ),
  ];
}

/** Runs checks one after another; what a failed one said is shown. */
export async function runChecks(checks: readonly Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, command, args } of checks) {
    const started = Date.now();
    const { code, stdout, stderr } = await runCommand(command, args);
    const milliseconds = Date.now() - started;
    if (code !== 0) say(`${stdout}${stderr}`.trimEnd());
    say(`${code === 0 ? '✓' : '✗'} ${name} (${duration(milliseconds)})`);
    results.push({ name, passed: 0, failed: code === 0 ? 0 : 1, skipped: 0, milliseconds });
  }
  return results;
}
