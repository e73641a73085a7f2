import { hashText, score } from '../../platform/src/balancer/rendezvous';
import { eventually } from '../eventually';
import { Cluster } from './cluster';
import type { ControlledProcess } from './controlledProcess';
import { MixedLoad } from './mixedLoad';

/** The promise of docs/delivery.md under faults of what the platform stands on, and of invokers that do not come back. */
let cluster: Cluster;
let load: MixedLoad;
let loads = 0;

/** Name of a namespace whose action `step` is at home on invoker 0: what happens to that one matters. */
function namespace(): string {
  for (;;) {
    const name = `delivery${loads++}`;
    const key = hashText(`${name} ${name}/step`);
    if (score(key, hashText('invoker0')) > score(key, hashText('invoker1'))) return name;
  }
}

const seconds = (n: number) => new Promise((resolve) => setTimeout(resolve, n * 1000));

beforeAll(async () => {
  cluster = await Cluster.start({
    controllers: 2,
    invokers: 2,
    // room for all that is sent to an invoker before anybody knows that it is dead
    apart: true,
    environment: { OPENWHISK_TAKEOVER_AFTER: '1 s', CONFIG_whisk_containerPool_userMemory: '8192 m' },
  });
  await cluster.settled();
});
afterAll(() => cluster?.stop());
beforeEach(async () => {
  load = await MixedLoad.prepare(cluster, namespace());
});
afterEach(async () => {
  await load.stop();
  await load.close();
});

/** Everything accepted has its record, no user code ran twice; gives the records that tell of a failure. */
async function kept(ms = 60_000): Promise<string[]> {
  await load.stop();
  const records = await load.recorded(ms);
  expect([...load.runs].filter(([, runs]) => runs > 1)).toEqual([]);
  return [...records.values()].filter(({ status }) => status !== 'success').map(({ error }) => error ?? '');
}

async function answersAgain(since: number): Promise<void> {
  await eventually(async () => expect(load.answers.filter(({ at }) => at > since).length).toBeGreaterThan(20));
}

/**
 * Calls that nobody waits for, from the moment at which an invoker falls silent until that is noticed; gives those that it can not have
 * begun, by docs/delivery.md what the bus took more than 5 s after its last ping.
 */
async function firedUntilNoticed(): Promise<string[]> {
  const silent = Date.now();
  const early: Promise<string>[] = [];
  const late: Promise<string>[] = [];
  while (Date.now() < silent + 9000) {
    (Date.now() > silent + 6500 ? late : early).push(load.fire());
    await seconds(0.2);
  }
  await Promise.all(early);
  return Promise.all(late);
}

/**
 * Everything accepted has its record, no user code ran twice, each of `late` ran, and what failed is recorded as unknown; gives how many
 * those are.
 */
async function unknownBut(late: readonly string[]): Promise<number> {
  await load.stop();
  const records = await load.recorded(90_000);
  expect([...load.runs].filter(([, runs]) => runs > 1)).toEqual([]);
  const failed = [...records].filter(([, { status }]) => status !== 'success');
  expect(failed.filter(([, { error }]) => !unknown(error))).toEqual([]);
  expect(late.length).toBeGreaterThan(5);
  expect(failed.filter(([id]) => late.includes(id))).toEqual([]);
  expect(late.filter((id) => load.runs.get(id) !== 1)).toEqual([]);
  return failed.length;
}

/** What is recorded of what an invoker had begun, or may have, and of a sequence with such a step. */
function unknown(error: string | undefined): boolean {
  return error === 'Sequence failed.' || error?.startsWith('The platform stopped before the outcome') === true;
}

test.each<[string, () => ControlledProcess | undefined]>([
  ['Kafka', () => cluster.kafka.process],
  ['the database', () => cluster.couch.process],
])('%s is stopped for a while and goes on: what was accepted is recorded', async (_, part) => {
  const process = part();
  if (!process) return;
  load.start();
  await seconds(1);
  process.pause();
  await seconds(4);
  process.resume();
  await answersAgain(load.now);
  expect(await kept()).toEqual([]);
});

test('an invoker is killed and stays away: the other one runs what it never began, the rest is recorded as unknown', async () => {
  load.start();
  await seconds(1);
  const killed = cluster.invokers[0]!.process;
  await killed.kill();
  const late = await firedUntilNoticed();
  await answersAgain(load.now + 1000);
  expect(await unknownBut(late)).toBeGreaterThan(0);
  await killed.run();
  await cluster.settled();
});

test('an invoker is stopped for longer than others wait, and goes on: nothing runs twice', async () => {
  load.start();
  await seconds(1);
  const paused = cluster.invokers[0]!.process;
  paused.pause();
  await seconds(25);
  paused.resume();
  await answersAgain(load.now);
  await kept(90_000);
  await cluster.settled();
});

test('nginx is stopped for a while and goes on: no request fails', async () => {
  load.start();
  await seconds(1);
  await cluster.nginx.signal('SIGSTOP');
  await seconds(3);
  await cluster.nginx.signal('SIGCONT');
  await answersAgain(load.now);
  expect(await kept()).toEqual([]);
  expect(load.failures).toEqual([]);
});

test('nginx is killed and comes back: only calls while it was away fail', async () => {
  load.start();
  await seconds(1);
  const away = load.now;
  await cluster.nginx.signal('SIGKILL');
  await seconds(1);
  await cluster.nginx.process.run();
  const back = load.now;
  await answersAgain(back);
  report('nginx killed: the first answer after it was back came after', load.firstAnswer(back) - back);
  expect(await kept()).toEqual([]);
  expect(load.failures.length).toBeGreaterThan(0);
  expect(load.failures.filter(({ began, at }) => at < away - 100 || began > back)).toEqual([]);
});

test('a controller is cut off and comes back: the other one carries its orchestrations on, each step runs once', async () => {
  const lone = cluster.controllers[1]!;
  const kinds = ['sequence', 'composition'] as const;
  const begun = await Promise.all(kinds.map(async (kind) => (await load.slow(kind, 2, lone.api)).map((id) => [id, kind] as const)));
  load.start();
  await seconds(1);
  const cut = load.now;
  await lone.network!.cut();
  // for those who wait for it
  load.start();
  await seconds(14);
  const joined = load.now;
  await lone.network!.join();
  await seconds(2);
  await answersAgain(joined);
  await load.stop();
  report('a controller cut off: the longest time without an answer was', load.longestGap(cut));
  // what it had in hand: one on each connection of the load
  expect(load.failures.slice(8)).toEqual([]);
  expect(load.failures.filter(({ kind, began }) => kind === 'read' || began > joined + 5000)).toEqual([]);
  const records = await load.recorded(90_000);
  expect([...load.runs].filter(([, runs]) => runs > 1)).toEqual([]);
  for (const [id, kind] of begun.flat()) expect(records.get(id)).toMatchObject({ status: 'success', result: { n: load.resultOf(kind) } });
  await cluster.settled();
});

test('an invoker is cut off and comes back: others do its work, and nothing runs twice', async () => {
  const lone = cluster.invokers[0]!;
  load.start();
  await seconds(1);
  const cut = load.now;
  await lone.network!.cut();
  load.start();
  const late = await firedUntilNoticed();
  await seconds(5);
  const joined = load.now;
  await lone.network!.join();
  await cluster.settled();
  await answersAgain(joined);
  report('an invoker cut off: the longest time without an answer was', load.longestGap(cut));
  await unknownBut(late);
  expect(load.failures.filter(({ kind, began }) => kind === 'read' || began > joined + 5000)).toEqual([]);
});

/** Figures belong to what a run of the tests tells. */
function report(what: string, ms: number): void {
  process.stderr.write(`  ${what} ${(ms / 1000).toFixed(1)} s\n`);
}
