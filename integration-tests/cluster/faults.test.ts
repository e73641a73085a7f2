import { Cluster } from './cluster';
import { MixedLoad } from './mixedLoad';

/** What a cluster does when parts of it are exchanged or die under load: accepted = recorded, and user code runs once. */
let cluster: Cluster;
let load: MixedLoad;
let loads = 0;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.settled();
});
afterAll(() => cluster?.stop());
beforeEach(async () => {
  load = await MixedLoad.prepare(cluster, `load${loads++}`);
});
afterEach(async () => {
  await load.stop();
  await load.close();
});

const seconds = (n: number) => new Promise((resolve) => setTimeout(resolve, n * 1000));

/** nginx leaves a controller that refused connections alone for a moment. */
const edgeForgives = 3;

test('all controllers and invokers are restarted, one after another: no request fails and nothing is lost', async () => {
  load.start();
  await seconds(1);
  for (const { process } of cluster.controllers) {
    await process.kill('SIGTERM');
    await process.run();
    await seconds(edgeForgives);
  }
  for (const { process } of cluster.invokers) {
    await process.kill('SIGTERM');
    await process.run();
    await cluster.settled();
  }
  await seconds(1);
  await load.stop();
  expect(load.failures).toEqual([]);
  const records = await load.recorded();
  expect([...records.values()].filter(({ status }) => status !== 'success')).toEqual([]);
  expect(Math.max(...load.runs.values())).toBe(1);
  expect(load.accepted.size).toBeGreaterThan(200);
});
