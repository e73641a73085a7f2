import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformProcess } from '../platformProcess';
import { type GoldenCase, type GoldenHost, playCase } from './goldenCase';

/** Every answer Apache OpenWhisk gave must be given here too. `OPENWHISK_TEST_HOST` and its keys point the cases at another API host. */
const directory = join(__dirname, '../golden');
const files = readdirSync(directory).filter((file) => file.endsWith('.json'));

let platform: PlatformProcess | undefined;
let host: GoldenHost;

beforeAll(async () => {
  const { OPENWHISK_TEST_HOST: apiHost, OPENWHISK_TEST_AUTH: auth, OPENWHISK_TEST_OTHER_AUTH: otherAuth } = process.env;
  if (apiHost && auth && otherAuth) {
    host = { apiHost, guest: { namespace: process.env.OPENWHISK_TEST_NAMESPACE ?? 'guest', auth }, other: { namespace: process.env.OPENWHISK_TEST_OTHER_NAMESPACE ?? 'other', auth: otherAuth } };
    return;
  }
  platform = await PlatformProcess.start();
  // some answers tell the size of a result in which names occur: these are as long as those of the recording
  host = { apiHost: platform.apiHost, guest: await platform.namespace('guest'), other: await platform.namespace('otherwise') };
});
afterAll(() => platform?.stop());

for (const file of files) {
  const cases = JSON.parse(readFileSync(join(directory, file), 'utf8')) as GoldenCase[];
  describe(file.replace('.json', ''), () => {
    for (const golden of cases) {
      test(golden.id, async () => {
        expect(await playCase(golden, await hostFor(golden))).toEqual([]);
      }, 120_000);
    }
  });
}

/** A case about limits plays against a fresh namespace that has them. */
async function hostFor(golden: GoldenCase): Promise<GoldenHost> {
  if (golden.needs !== 'limits' || !platform) return host;
  return { ...host, other: await platform.namespace(`limited-${golden.id.replace(/\W/g, '-')}`, golden.limits) };
}
