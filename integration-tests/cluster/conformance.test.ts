import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from './cluster';

/**
 * The conformance suite, whole, and golden cases, played against a cluster through nginx. Of the golden cases by default the sections that
 * several processes can get wrong; OPENWHISK_CLUSTER_SUITE=whole plays all.
 */
const whole = process.env.OPENWHISK_CLUSTER_SUITE === 'whole';
const sections = '^(21-sequences|22-conductors|23-triggers-rules-fire)';
const patience = whole ? 1_200_000 : 300_000;
const root = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'cluster-suite-'));

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

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.settled();
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test(
  'the conformance suite',
  async () => {
    const report = await suite('conformance');
    expect(report.failures).toEqual([]);
    expect(report.passed).toBeGreaterThan(1000);
  },
  patience,
);

test(
  'golden cases',
  async () => {
    const report = await suite('api', '--testPathPatterns', 'golden');
    expect(report.failures).toEqual([]);
    expect(report.passed).toBeGreaterThan(whole ? 2000 : 150);
  },
  patience,
);

/** Runs tests of an area with the cluster as their host. */
async function suite(area: string, ...more: string[]): Promise<{ passed: number; failures: string[] }> {
  // as long as the names of the recording: some answers tell the size of a result in which they occur
  const [guest, other] = [
    await cluster.namespace(`g${area.slice(0, 4).padEnd(4, '0')}`),
    await cluster.namespace(`other${area.slice(0, 4).padEnd(4, '0')}`),
  ];
  const out = join(folder, `${area}.json`);
  const args = ['--selectProjects', area, '--runInBand', '--json', '--outputFile', out, ...more];
  const env = {
    ...process.env,
    OPENWHISK_TEST_HOST: cluster.apiHost,
    OPENWHISK_TEST_AUTH: guest.auth,
    OPENWHISK_TEST_OTHER_AUTH: other.auth,
    OPENWHISK_TEST_NAMESPACE: guest.namespace,
    OPENWHISK_TEST_OTHER_NAMESPACE: other.namespace,
    ...(whole ? {} : { OPENWHISK_TEST_SECTIONS: sections }),
  };
  await new Promise<void>((resolve) => {
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    execFile(process.execPath, [jest, ...args], { cwd: root, env, maxBuffer: 1e9, timeout: patience }, () => resolve());
  });
  const report = JSON.parse(readFileSync(out, 'utf8')) as Report;
  const failures = report.testResults.flatMap(({ name, message, assertionResults }) => {
    // a file may fail as a whole
    if (assertionResults.length === 0 && message !== '') return [`${name}: ${message.slice(0, 1000)}`];
    const failed = assertionResults.filter(({ status, fullName }) => status === 'failed' && !meant.test(fullName));
    return failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join(' ').slice(0, 600)}`);
  });
  return { passed: report.numPassedTests, failures };
}

interface Report {
  numPassedTests: number;
  testResults: { name: string; message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
}
