import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamespaceKey } from './platformProcess';

/** A host with two namespaces for the tests of an area. */
export interface SuiteHost {
  apiHost: string;
  guest: NamespaceKey;
  other: NamespaceKey;
}

export interface SuiteOutcome {
  passed: number;
  /** Name and message of each test that failed. */
  failures: string[];
}

interface Report {
  numPassedTests: number;
  testResults: { name: string; message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
}

const root = join(__dirname, '..');

/** Runs the tests of an area against a host, in a process of their own. `files` and `tests` are patterns; empty = all. */
export async function suiteAgainst({ apiHost, guest, other }: SuiteHost, area: string, files: string, tests = ''): Promise<SuiteOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'suite-'));
  try {
    const out = join(folder, 'report.json');
    const args = ['--selectProjects', area, '--runInBand', '--json', '--outputFile', out];
    if (files !== '') args.push('--testPathPatterns', files);
    if (tests !== '') args.push('--testNamePattern', tests);
    const env = {
      ...process.env,
      OPENWHISK_TEST_HOST: apiHost,
      OPENWHISK_TEST_AUTH: guest.auth,
      OPENWHISK_TEST_OTHER_AUTH: other.auth,
      OPENWHISK_TEST_NAMESPACE: guest.namespace,
      OPENWHISK_TEST_OTHER_NAMESPACE: other.namespace,
    };
    await new Promise<void>((resolve) => {
      execFile(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...args], { cwd: root, env, maxBuffer: 1e9 }, () =>
        resolve(),
      );
    });
    return outcomeOf(JSON.parse(readFileSync(out, 'utf8')) as Report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomeOf(report: Report): SuiteOutcome {
  const failures = report.testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    // a file may fail as a whole
    if (failed.length === 0 && message !== '' && assertionResults.length === 0) return [`${name}: ${message.slice(0, 1000)}`];
    return failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join(' ').slice(0, 600)}`);
  });
  return { passed: report.numPassedTests, failures };
}
