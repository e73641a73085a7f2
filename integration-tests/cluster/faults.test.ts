import { eventually } from '../eventually';
import { Cluster } from './cluster';
import { MixedLoad } from './mixedLoad';

/** What a cluster does when parts of it are exchanged or die under load: accepted = recorded, and user code runs once. */
let cluster: Cluster;
let load: MixedLoad;
let loads = 0;

beforeAll(async () => {
  cluster = await Cluster.start({ environment: { OPENWHISK_TAKEOVER_AFTER: '2 s' } });
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

/** Figures belong to what a run of the tests tells. */
const report = (what: string, ms: number) => process.stderr.write(`  ${what} ${(ms / 1000).toFixed(1)} s\n`);

/** Containers of the load's action that an invoker has room for: 2048 MB, of which each takes 128. */
const PLACES = 16;

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
  expect(load.accepted.size).toBeGreaterThan(50);
});

test('a controller is killed: only calls that were on it fail, what it had accepted is recorded', async () => {
  load.start();
  await seconds(1);
  const killed = cluster.controllers[0]!.process;
  const at = load.now;
  await killed.kill();
  await seconds(4);
  const alone = load.now;
  await killed.run();
  await seconds(2);
  await load.stop();
  // one on each connection of the load may have been on it
  expect(load.failures.length).toBeLessThanOrEqual(4);
  expect(load.failures.filter((f) => f.kind === 'read' || f.at > at + 2000)).toEqual([]);
  expect(load.answers.filter((a) => a.at > at && a.at < alone).length).toBeGreaterThan(5);
  const records = await load.recorded();
  // what it carried on itself goes on, and everything else as if nothing had happened
  expect([...records.values()].filter(({ status }) => status !== 'success')).toEqual([]);
  expect(Math.max(...load.runs.values())).toBe(1);
});

test.each(['stays away', 'comes back at once'])(
  'a controller is killed in the middle of orchestrations and %s: each step runs once',
  async (then) => {
    const killed = cluster.controllers[1]!;
    const kinds = ['sequence', 'composition'] as const;
    const begun = await Promise.all(kinds.map(async (kind) => (await load.slow(kind, 3, killed.api)).map((id) => [id, kind] as const)));
    const at = Date.now();
    await killed.process.kill();
    if (then === 'comes back at once') await killed.process.run();
    const records = await load.recorded(90_000);
    report(`a controller killed in the middle of orchestrations ${then}: all of them ended after`, Date.now() - at);
    for (const [id, kind] of begun.flat()) {
      expect(records.get(id)).toMatchObject({ status: 'success', result: { n: load.resultOf(kind) } });
      expect(records.get(id)!.parts).toHaveLength(kind === 'sequence' ? 3 : 9);
    }
    expect([...load.runs].filter(([, runs]) => runs > 1)).toEqual([]);
    // everything that ran belongs to one of them: 5 steps a sequence, 4 steps and 5 calls of the conductor a composition
    expect(load.runs.size).toBe(3 * 5 + 3 * 9);
    if (!killed.process.alive) await killed.process.run();
  },
);

test('an invoker is killed: work goes on elsewhere; what it had is recorded when it is back, and runs once', async () => {
  await cluster.settled();
  const killed = cluster.invokers[load.home(cluster.invokers.length)]!.process;
  load.start();
  await seconds(1);
  const slow = await load.slow('nonBlocking', 3);
  await killed.kill();
  await seconds(3);
  await killed.run();
  await cluster.settled();
  await seconds(1);
  await load.stop();
  const records = await load.recorded();
  // user code had begun: nobody knows how far it came
  const interrupted = new Set(slow.map((id) => records.get(id)!));
  expect([...interrupted].map(({ status }) => status)).toEqual(Array(3).fill('whisk internal error'));
  const failed = [...records.values()].filter(({ status }) => status !== 'success');
  expect(failed.filter(({ status }) => status !== 'whisk internal error')).toEqual([]);
  // of what had not begun at most one for each place of the invoker was on its way into a container
  const unsuccessful = [...records].filter(([, { status }]) => status !== 'success');
  const neverBegan = unsuccessful.filter(([id, { parts }]) => parts.length === 0 && !load.runs.has(id));
  expect(neverBegan.length).toBeLessThanOrEqual(PLACES);
  // and of sequences only those failed that a step of failed
  const failedIds = new Set(unsuccessful.map(([id]) => id));
  expect(unsuccessful.filter(([, { parts }]) => parts.length > 0 && !parts.some((id) => failedIds.has(id)))).toEqual([]);
  expect(Math.max(...load.runs.values())).toBe(1);
});

test.each([
  ['the broker', () => cluster.kafka.process],
  ['the database', () => cluster.couch.process],
])('%s is killed and comes back: what was accepted before and after is recorded', async (_, process) => {
  const killed = process();
  // one that is not ours can't be killed
  if (!killed) return;
  load.start();
  await seconds(1);
  await killed.kill();
  await seconds(2);
  await killed.run();
  const back = load.now;
  await cluster.settled();
  await seconds(5);
  // it works again
  await eventually(async () => expect(load.answers.filter((a) => a.at > back).length).toBeGreaterThan(10));
  await load.stop();
  const records = await load.recorded(90_000);
  expect(records.size).toBeGreaterThan(10);
  expect(Math.max(...load.runs.values())).toBe(1);
  expect(load.failures.filter((f) => f.at > back + 15_000)).toEqual([]);
});

test('an invoker is paused: what it had is recorded, other work goes elsewhere', async () => {
  await cluster.settled();
  const paused = cluster.invokers[load.home(cluster.invokers.length)]!.process;
  load.start();
  await seconds(1);
  const patient = load.waitFor(60_000);
  const impatient = load.waitFor(5000);
  await seconds(1);
  paused.pause();
  // nothing is known of it when the wait is over
  expect(await impatient).toMatchObject({ status: 202, error: undefined });
  // longer than silence is tolerated
  await seconds(8);
  const away = load.now;
  // those that were there before wait for it
  load.start();
  await eventually(async () => expect(load.answers.filter((a) => a.at > away).length).toBeGreaterThan(2));
  // what became of it is known by now: that nobody will ever know
  const told = await patient;
  expect(told).toMatchObject({ status: 500, error: expect.stringMatching(/before the outcome of this activation was known/) });
  paused.resume();
  await cluster.settled();
  await load.stop();
  // a call each that was there before, when others had taken over what it had in hand: nobody could know how far that came
  expect(load.failures.length).toBeLessThanOrEqual(4);
  expect(load.failures.filter(({ what }) => !what.startsWith('500 '))).toEqual([]);
  const records = await load.recorded();
  expect(Math.max(...load.runs.values())).toBe(1);
  expect(records.get(told.id)).toMatchObject({ status: 'whisk internal error', error: told.error });
});
