import { join } from 'node:path';
import { eventually } from '../eventually';
import { PlatformProcess } from '../platformProcess';
import { buildImage } from './images';

/** A runtime image of Apache OpenWhisk's kind, unchanged: as the image of a kind in the manifest, and as the image a user names. */
const image = { prefix: 'openwhisk', name: 'action-nodejs-v20', tag: 'for-tests' };
const name = `${image.prefix}/${image.name}:${image.tag}`;
const manifest = {
  runtimes: { nodejs: [{ kind: 'nodejs:20', default: true, image, stemCells: [{ initialCount: 1, memory: '256 MB' }] }] },
  blackboxes: [],
};
let platform: PlatformProcess;
let auth: string;

beforeAll(async () => {
  await buildImage(name, join(__dirname, 'apacheStyle'));
  platform = await PlatformProcess.start({ OPENWHISK_CONTAINERS: 'docker', OPENWHISK_RUNTIMES_MANIFEST: JSON.stringify(manifest) });
  auth = (await platform.namespace('guest')).auth;
});
afterAll(() => platform?.stop());

function logsOf(id: string): Promise<string[]> {
  return eventually(async () => {
    const { status, json } = await platform.api(auth, 'GET', `activations/${id}`);
    expect(status).toBe(200);
    return json.logs;
  });
}

describe.each([
  ['of a kind', { kind: 'nodejs:20' }],
  ['of a user', { kind: 'blackbox', image: name }],
])('an image %s', (_name, exec) => {
  const action = `stock-${exec.kind.replace(/\W/g, '')}`;
  const invoke = async (args: object) => platform.api(auth, 'POST', `actions/${action}?blocking=true`, args);

  beforeAll(async () => {
    const code =
      'function main(a) { console.log("out", a.i); console.error("err", a.i); if (a.fail) throw new Error("boom");' +
      ' return { i: a.i, n: process.env.__OW_ACTION_NAME, ...(a.error ? { error: a.error } : {}) } }';
    const put = await platform.api(auth, 'PUT', `actions/${action}`, { exec: { ...exec, code } });
    expect(put.status).toBe(200);
  });

  test('runs, again and again, each with its own output', async () => {
    for (let i = 0; i < 5; i++) {
      const { status, json } = await invoke({ i });
      expect([status, json.response.result]).toEqual([200, { i, n: `/guest/${action}` }]);
      const lines = (await logsOf(json.activationId)).map((line) => line.slice(31));
      expect(lines.sort()).toEqual([`stderr: err ${i}`, `stdout: out ${i}`]);
    }
  });

  test('keeps its container after an error of the application', async () => {
    const failed = await invoke({ i: 1, error: 'sorry' });
    expect(failed.json.response).toMatchObject({ status: 'application error', result: { error: 'sorry' } });
    const next = await invoke({ i: 2 });
    expect(next.json.annotations.some(({ key }: { key: string }) => key === 'initTime')).toBe(false);
  });

  test('is called again after its server has closed the idle connection', async () => {
    expect((await invoke({ i: 1 })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 6_500));
    const later = await invoke({ i: 2 });
    expect([later.status, later.json.response.result.i]).toEqual([200, 2]);
    expect(later.json.annotations.some(({ key }: { key: string }) => key === 'initTime')).toBe(false);
  });

  test('tells what it threw', async () => {
    const { status, json } = await invoke({ i: 1, fail: true });
    expect([status, json.response.status]).toEqual([502, 'action developer error']);
    expect(json.response.result.error).toBe('An error has occurred: Error: boom');
  });
});
