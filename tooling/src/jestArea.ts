import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command';
import { duration, say } from './progress';
import { paths, repositoryRoot } from './repository';

/** What came out of a check. A check that is not made of tests (lint, build) counts only when it fails. */
export interface CheckResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly milliseconds: number;
}

/** The parts of jest's JSON report that are counted. */
interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  /** Files that failed before any of their tests ran. */
  readonly numRuntimeErrorTestSuites: number;
}

/** Names of the areas, as jest.config.js has them. */
export function testAreas(): string[] {
  const config = require(join(repositoryRoot, 'jest.config.js')) as { projects: { displayName: string }[] };
  return config.projects.map(({ displayName }) => displayName);
}

/**
 * Counts a report. A run that ended badly without a failed test (a crash, no report) counts as one failure, so that it can't pass for a
 * success.
 */
export function countReport(report: JestReport | undefined, exitCode: number): Pick<CheckResult, 'passed' | 'failed' | 'skipped'> {
  const failed = (report?.numFailedTests ?? 0) + (report?.numRuntimeErrorTestSuites ?? 0);
  return {
    passed: report?.numPassedTests ?? 0,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report?.numPendingTests ?? 0,
  };
}

/**
 * Areas that start real processes measure and wait: their files run one after another, but for those whose tests have stacks, ports and
 * processes of their own and wait for the CLI most of the time. Unit tests get a minute: a stalled machine is no failure.
 */
const ORDER: Readonly<Record<string, readonly string[]>> = { unit: ['--testTimeout=60000'], provider: ['--maxWorkers=2'] };

/**
 * Areas that run beside the others, one after another, where there are two processors: each of both rows keeps about one busy. What needs the
 * Docker engine of the machine is all in here.
 */
const BESIDE: readonly string[] = ['docker', 'dockerTarget', 'provider', 'stacks'];

/** The areas in rows that can run at the same time. */
export function rowsOf(areas: readonly string[], processors = availableParallelism()): string[][] {
  if (processors < 2) return [[...areas]];
  const isBeside = (area: string) => BESIDE.includes(area);
  return [areas.filter((area) => !isBeside(area)), areas.filter(isBeside)].filter((row) => row.length > 0);
}

/** How often a running area says that it is at work, in milliseconds. */
const HEARTBEAT_MS = 30_000;

export interface AreaOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Further arguments of jest. */
  readonly args: readonly string[];
  /** 'show' while it runs, or 'later', in one piece at its end. */
  readonly output: 'show' | 'later';
}

/** Runs the tests of one area. */
export async function runJestArea(name: string, { env, args, output }: AreaOptions): Promise<CheckResult> {
  const started = Date.now();
  const folder = join(paths.tools, 'test-results');
  const report = join(folder, `${name}-${process.pid}.json`);
  mkdirSync(folder, { recursive: true });
  const order = ORDER[name] ?? ['--runInBand'];
  // Jest shows a file's results when all of it is done: meanwhile this says that it is at work.
  const heartbeat = setInterval(() => say(`  still at it: ${name} (${duration(Date.now() - started)})`), HEARTBEAT_MS);
  const { code, stdout, stderr } = await runCommand(
    process.execPath,
    [
      join(repositoryRoot, 'node_modules/jest/bin/jest.js'),
      ...['--selectProjects', name, '--passWithNoTests', '--json', '--outputFile', report, ...order, ...args],
    ],
    { env, output },
  ).finally(() => clearInterval(heartbeat));
  if (output === 'later') say(`\n== ${name}\n${stderr}${stdout}`.trimEnd());
  let parsed: JestReport | undefined;
  try {
    parsed = JSON.parse(readFileSync(report, 'utf8')) as JestReport;
  } catch {
    // A run that crashed leaves no report; its exit code is counted.
  }
  rmSync(report, { force: true });
  return { name, ...countReport(parsed, code), milliseconds: Date.now() - started };
}
