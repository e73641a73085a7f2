import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NamespaceKey, PlatformProcess } from '../platformProcess';
import { type GoldenCase, type GoldenHost, playCase } from './goldenCase';

/**
 * Every answer Apache OpenWhisk gave must be given here too. `OPENWHISK_TEST_HOST` with `OPENWHISK_TEST_AUTH` and `OPENWHISK_TEST_OTHER_AUTH`
 * points the cases at another API host: they are played there one by one, those that need an admin API left out. `OPENWHISK_TEST_SECTIONS`, a
 * pattern, names the sections that are played.
 */
const directory = join(__dirname, '../golden');
const { OPENWHISK_TEST_HOST: apiHost, OPENWHISK_TEST_AUTH: auth, OPENWHISK_TEST_OTHER_AUTH: otherAuth } = process.env;
const sections = new RegExp(process.env.OPENWHISK_TEST_SECTIONS ?? '');
const files = readdirSync(directory).filter((file) => file.endsWith('.json') && sections.test(file));
const elsewhere = apiHost && auth && otherAuth ? { apiHost, auth, otherAuth } : undefined;

/** Cases played at a time; each has namespaces of its own, so they do not see each other. */
const width = elsewhere ? 1 : 4;

let platform: PlatformProcess | undefined;
let played = 0;

beforeAll(async () => {
  if (!elsewhere) platform = await PlatformProcess.start({ CONFIG_whisk_containerPool_userMemory: '4096 m' });
});
afterAll(() => platform?.stop());

for (const file of files) {
  const all = JSON.parse(readFileSync(join(directory, file), 'utf8')) as GoldenCase[];
  const cases = elsewhere ? all.filter((c) => c.needs === undefined) : all;
  describe(file.replace('.json', ''), () => {
    let outcomes: Map<GoldenCase, Promise<string[]>>;
    beforeAll(() => {
      outcomes = playAll(cases);
    });
    for (const golden of cases) {
      test(golden.id, async () => {
        expect(await outcomes.get(golden)).toEqual([]);
      }, 300_000);
    }
  });
}

/** Cases that meet the container of their last call again: others beside them, one new container after another, may take its place meanwhile. */
const undisturbed = /^(invoke\.state|logs\.warm|logs\.load-time)/;

/** Plays the cases in order, `width` at a time, and at the end those that want to be alone. */
function playAll(cases: GoldenCase[]): Map<GoldenCase, Promise<string[]>> {
  const outcomes = new Map<GoldenCase, Promise<string[]>>();
  const lanes = Array.from({ length: width }, () => Promise.resolve());
  const play = (golden: GoldenCase, lane: number) => {
    const outcome = lanes[lane]!.then(async () => playCase(golden, await hostFor(golden)).catch((error) => [String(error)]));
    outcomes.set(golden, outcome);
    lanes[lane] = outcome.then(() => undefined);
  };
  for (const [i, golden] of cases.filter(({ id }) => !undisturbed.test(id)).entries()) play(golden, i % width);
  lanes[0] = Promise.all(lanes).then(() => undefined);
  for (const golden of cases.filter(({ id }) => undisturbed.test(id))) play(golden, 0);
  return outcomes;
}

async function hostFor(golden: GoldenCase): Promise<GoldenHost> {
  if (!platform) {
    const { OPENWHISK_TEST_NAMESPACE: guest = 'guest', OPENWHISK_TEST_OTHER_NAMESPACE: other = 'whisk.system' } = process.env;
    return {
      apiHost: elsewhere!.apiHost,
      guest: { namespace: guest, auth: elsewhere!.auth },
      other: { namespace: other, auth: elsewhere!.otherAuth },
    };
  }
  const id = (played++).toString(36).padStart(4, '0');
  // as long as the names of the recording: some answers tell the size of a result in which they occur
  const [guest, other] = await Promise.all([platform.namespace(`g${id}`), platform.namespace(`other${id}`, golden.limits)]);
  return { apiHost: platform.apiHost, guest: guest as NamespaceKey, other: other as NamespaceKey };
}
