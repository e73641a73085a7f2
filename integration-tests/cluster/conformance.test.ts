import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from './cluster';

/**
 * The conformance suite and the golden cases, played against a cluster through nginx. By default the files that many processes can get
 * wrong; OPENWHISK_CLUSTER_SUITE=whole plays all of both.
 */
const whole = process.env.OPENWHISK_CLUSTER_SUITE === 'whole';
const root = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'cluster-suite-'));

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.settled();
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the conformance suite', async () => {
  const files = whole ? '' : 'actions|activations|authentication|compositions|firing|invocation|packages|rules|sequences|webActions';
  const report = await suite('conformance', files);
  expect(report.failures).toEqual([]);
  expect(report.passed).toBeGreaterThan(100);
});

test('the golden cases', async () => {
  const sections = whole ? '' : '(11-actions|20-invoke|21-sequences|23-triggers-rules-fire|24-activations|50-client-flows)';
  const report = await suite('api', 'golden', sections);
  expect(report.failures).toEqual([]);
  expect(report.passed).toBeGreaterThan(100);
});

/** Runs the tests of an area with the cluster as their host. */
async function suite(area: string, files: string, tests = ''): Promise<{ passed: number; failures: string[] }> {
  const [guest, other] = [await cluster.namespace(`${area}-guest`), await cluster.namespace(`${area}-other`)];
  const out = join(folder, `${area}.json`);
  const args = ['--selectProjects', area, '--runInBand', '--json', '--outputFile', out];
  if (files !== '') args.push('--testPathPatterns', files);
  if (tests !== '') args.push('--testNamePattern', tests);
  await new Promise<void>((resolve) => {
    const env = {
      ...process.env,
      OPENWHISK_TEST_HOST: cluster.apiHost,
      OPENWHISK_TEST_AUTH: guest.auth,
      OPENWHISK_TEST_OTHER_AUTH: other.auth,
      OPENWHISK_TEST_NAMESPACE: guest.namespace,
      OPENWHISK_TEST_OTHER_NAMESPACE: other.namespace,
    };
    execFile(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...args], { cwd: root, env, maxBuffer: 1e9 }, () => resolve());
  });
  const report = JSON.parse(readFileSync(out, 'utf8')) as Report;
  const failures = report.testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    // a file may fail as a whole
    if (failed.length === 0 && message !== '' && assertionResults.length === 0) return [`${name}: ${message.slice(0, 1000)}`];
    return failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join(' ').slice(0, 600)}`);
  });
  return { passed: report.numPassedTests, failures };
}

interface Report {
  numPassedTests: number;
  testResults: { name: string; message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
}
