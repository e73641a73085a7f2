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

/** What is meant to be different behind nginx, or on the stand-in for CouchDB; by the beginning of the test's name. */
const otherwise: readonly [string, string][] = [
  ["the edge does not show operators' routes", '(GET|POST) /(invokers|activation|disable)'],
  ["the edge does not show operators' routes", 'CORS (root and admin routes|OPTIONS elsewhere)'],
  ["the edge does not show operators' routes", 'rejections wrong method on /disable'],
  ["the edge does not show operators' routes", '10-general admin\\.'],
  ['nginx refuses paths that lead above the root', 'path tricks //(\\.\\.|%2e%2e)/'],
  ['nginx refuses these itself', '10-general name\\.bad\\.nul|30-web-basic web\\.verb\\.TRACE'],
  ['the server is nginx', '\\.http: headers they stand beside'],
  ['the edge adds headers that actions see', '30-web-basic web\\.ctx\\.header|33-web-more webseq\\.activation-record'],
  ['the stand-in for CouchDB is JavaScript: it keeps no more digits than that', 'parameters numbers keep their digits'],
  ['limits are counted by controllers that tell each other twice a second', '41-throttles'],
];
const meant = new RegExp(`^(${otherwise.map(([, names]) => names).join('|')})`);

/**
 * Files of the conformance suite about what runs: what differs with how invokers are reached. The rest is about the API alone; the platform of
 * containers is asked all of it.
 */
export const whatRuns = '/(invocation|activations|sequences|compositions|firing|rules|webActions|webResults|tenancy)\\.test';

export interface SuiteChoice {
  /** Pattern of the files; default all. */
  files?: string;
  /** Pattern of the golden sections; default all. */
  sections?: string;
  /** ms; default 800,000. */
  patience?: number;
}

/** Runs the tests of an area, in a process of their own, against a platform behind nginx. What is meant to be different there is no failure. */
export async function suiteAgainst({ apiHost, guest, other }: SuiteHost, area: string, choice: SuiteChoice = {}): Promise<SuiteOutcome> {
  const { files, sections, patience = 800_000 } = choice;
  const folder = mkdtempSync(join(tmpdir(), 'suite-'));
  try {
    const out = join(folder, 'report.json');
    const args = ['--selectProjects', area, '--runInBand', '--json', '--outputFile', out];
    if (files !== undefined) args.push('--testPathPatterns', files);
    const env = {
      ...process.env,
      OPENWHISK_TEST_HOST: apiHost,
      OPENWHISK_TEST_AUTH: guest.auth,
      OPENWHISK_TEST_OTHER_AUTH: other.auth,
      OPENWHISK_TEST_NAMESPACE: guest.namespace,
      OPENWHISK_TEST_OTHER_NAMESPACE: other.namespace,
      ...(sections === undefined ? {} : { OPENWHISK_TEST_SECTIONS: sections }),
    };
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    await new Promise<void>((resolve) => {
      execFile(process.execPath, [jest, ...args], { cwd: root, env, maxBuffer: 1e9, timeout: patience }, () => resolve());
    });
    return outcomeOf(JSON.parse(readFileSync(out, 'utf8')) as Report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomeOf(report: Report): SuiteOutcome {
  const failures = report.testResults.flatMap(({ name, message, assertionResults }) => {
    // a file may fail as a whole
    if (assertionResults.length === 0 && message !== '') return [`${name}: ${message.slice(0, 1000)}`];
    const failed = assertionResults.filter(({ status, fullName }) => status === 'failed' && !meant.test(fullName));
    return failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join(' ').slice(0, 600)}`);
  });
  return { passed: report.numPassedTests, failures };
}
