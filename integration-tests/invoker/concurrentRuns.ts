import { isDeepStrictEqual } from 'node:util';
import { PlatformProcess } from '../platformProcess';

/** Several activations at a time in one container, from the API to the action and back. */
export function concurrentRuns(environment: Record<string, string>): void {
  const limit = 4;
  let platform: PlatformProcess;
  let auth: string;

  beforeAll(async () => {
    platform = await PlatformProcess.start({ CONFIG_whisk_concurrencyLimit_max: '10', ...environment });
    auth = (await platform.namespace('guest')).auth;
  });
  afterAll(() => platform?.stop());

  /** Tells which container it is, and waits until so many are in it at a time; gives up after some seconds. */
  const code =
    'const born = Math.random(); let inside = 0; let most = 0;' +
    'function main({ together, n }) { inside++; most = Math.max(most, inside); console.log("n", n); const end = Date.now() + 3000;' +
    ' return new Promise((resolve) => { const look = () => { if (most >= together || Date.now() > end) { inside--; resolve({ born, most, n }); }' +
    ' else setTimeout(look, 5); }; look(); }); }';

  async function deploy(name: string, concurrency: number): Promise<void> {
    const put = await platform.api(auth, 'PUT', `actions/${name}`, { exec: { kind: 'nodejs:20', code }, limits: { concurrency } });
    expect([put.status, put.json.limits.concurrency]).toEqual([200, concurrency]);
  }

  const call = async (name: string, together: number, n = 0) =>
    (await platform.api(auth, 'POST', `actions/${name}?blocking=true`, { together, n })).json;

  test('as many as the limit allows share a container, each with its own result', async () => {
    const results = (answers: { response: { result: object } }[]) => answers.map(({ response }) => response.result);
    let answers = [];
    let shared: object[] = [];
    // a container that still reads the output of the run before has a place less, so it may take a second attempt
    for (let attempt = 0; attempt < 5 && (attempt === 0 || !isDeepStrictEqual(results(answers), shared)); attempt++) {
      await deploy(`shared${attempt}`, limit);
      const { born } = (await call(`shared${attempt}`, 1)).response.result;
      answers = await Promise.all(Array.from({ length: limit }, (_, n) => call(`shared${attempt}`, limit, n)));
      shared = Array.from({ length: limit }, (_, n) => ({ born, most: limit, n }));
    }
    expect(results(answers)).toEqual(shared);
    // none of them had to initialise a container
    expect(answers.flatMap(({ annotations }) => annotations).filter(({ key }) => key === 'initTime')).toEqual([]);
  });

  test('one more than the limit gets another container', async () => {
    await deploy('limited', 2);
    await call('limited', 1);
    let seen: number[] = [];
    // a container that still reads the output of the run before has a place less, so it may take a second attempt
    for (let attempt = 0; attempt < 5 && !(seen[0] === 2 && seen[1] === 2); attempt++) {
      // three wait for two in their container: the third finds itself alone in another, and ends when it gives up
      const answers = await Promise.all([0, 1, 2].map((n) => call('limited', 2, n)));
      const most = Math.max(...answers.map(({ response }) => response.result.most));
      expect(most).toBeLessThanOrEqual(2);
      seen = [new Set(answers.map(({ response }) => response.result.born)).size, most];
      expect(seen[0]).toBeGreaterThan(1);
    }
    expect(seen).toEqual([2, 2]);
  });

  test('without it each has a container for itself', async () => {
    await deploy('alone', 1);
    const answers = await Promise.all([0, 1].map((n) => call('alone', 1, n)));
    expect(answers.map(({ response }) => response.result.most)).toEqual([1, 1]);
  });

  test('an end of the process ends all that are in it, and the next finds a container', async () => {
    const fatal =
      'function main({ die }) { return new Promise((r) => setTimeout(() => (die ? process.exit(1) : r({ ok: true })), die ? 300 : 2000)); }';
    await platform.api(auth, 'PUT', 'actions/fatal', { exec: { kind: 'nodejs:20', code: fatal }, limits: { concurrency: 3 } });
    const invoke = (args: object) => platform.api(auth, 'POST', 'actions/fatal?blocking=true', args);
    expect((await invoke({})).json.response.result).toEqual({ ok: true });
    const answers = await Promise.all([{}, {}, { die: true }].map(invoke));
    expect(answers.map(({ json }) => json.response.status)).toEqual(Array(3).fill('action developer error'));
    expect((await invoke({})).json.response.result).toEqual({ ok: true });
  });
}
