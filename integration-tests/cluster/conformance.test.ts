import { type SuiteOutcome, suiteAgainst, whatRuns } from '../suiteAgainst';
import { Cluster } from './cluster';

/**
 * The conformance suite and golden cases, played against a cluster through nginx. By default what several processes can get wrong;
 * OPENWHISK_CLUSTER_SUITE=whole plays all. The platform of containers, which is such a cluster, is always asked the whole suite.
 */
const whole = process.env.OPENWHISK_CLUSTER_SUITE === 'whole';
const sections = '^(21-sequences|22-conductors|23-triggers-rules-fire)';
const patience = whole ? 1_800_000 : 900_000;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.settled();
});
afterAll(async () => {
  await cluster?.stop();
});

test(
  'the conformance suite',
  async () => {
    const report = await suite('conformance', whole ? undefined : whatRuns);
    expect(report.failures).toEqual([]);
    expect(report.passed).toBeGreaterThan(whole ? 1000 : 400);
  },
  patience,
);

test(
  'golden cases',
  async () => {
    const report = await suite('api', 'golden');
    expect(report.failures).toEqual([]);
    expect(report.passed).toBeGreaterThan(whole ? 2000 : 150);
  },
  patience,
);

/** Runs tests of an area with the cluster as their host. */
async function suite(area: string, files?: string): Promise<SuiteOutcome> {
  // as long as the names of the recording: some answers tell the size of a result in which they occur
  const guest = await cluster.namespace(`g${area.slice(0, 4).padEnd(4, '0')}`);
  const other = await cluster.namespace(`other${area.slice(0, 4).padEnd(4, '0')}`);
  const choice = { patience, ...(files === undefined ? {} : { files }), ...(whole ? {} : { sections }) };
  return suiteAgainst({ apiHost: cluster.apiHost, guest, other }, area, choice);
}
