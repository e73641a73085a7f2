import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivationRecord } from '../../platform/src/model/activation';
import { PlatformProcess } from '../platformProcess';
import { InvokerBench } from './invokerBench';
import { eventually } from './runtimeProcess';

/** Faults of containers and of the machine: what the caller is told, and what is left afterwards. */
const benches: InvokerBench[] = [];
async function started(options: ConstructorParameters<typeof InvokerBench>[0] = {}): Promise<InvokerBench> {
  const made = new InvokerBench(options);
  benches.push(made);
  await made.invoker.start();
  return made;
}
afterEach(async () => {
  jest.restoreAllMocks();
  for (const bench of benches.splice(0)) await bench.close();
});

const outcome = ({ response }: ActivationRecord) => [response.statusCode, JSON.parse(response.result ?? 'null')];
const residentMegabytes = () => Number.parseInt(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))![1]!, 10) / 1024;
const openFiles = () => readdirSync('/proc/self/fd').length;

describe('kill -9 of a container', () => {
  const directory = mkdtempSync(join(tmpdir(), 'faults-'));
  const pidFile = (name: string) => join(directory, name);
  afterAll(() => execFileSync('rm', ['-rf', directory]));

  test.each([
    ['init', (tell: string) => `${tell}; for (;;);`, 'The action did not initialize and exited unexpectedly.'],
    [
      'run',
      (tell: string) => `function main() { ${tell}; for (;;); }`,
      'The action did not produce a valid response and exited unexpectedly.',
    ],
  ])('during /%s is a fault of the action, and costs the container', async (phase, code, error) => {
    const bench = await started();
    bench.put(phase, { code: code(`require("fs").writeFileSync(${JSON.stringify(pidFile(phase))}, process.pid + "\\n")`) });
    const invoked = bench.invoke(phase, {});
    let pid = 0;
    await eventually(() => {
      pid = Number.parseInt(readIfThere(pidFile(phase)), 10);
      return pid > 0;
    });
    process.kill(pid, 'SIGKILL');
    expect(outcome((await invoked).record)).toEqual([2, { error }]);
    await eventually(() => bench.invoker.status.containers === 0);
  });
});

function readIfThere(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    return text.endsWith('\n') ? text : '';
  } catch {
    return '';
  }
}

test('a flood of a gigabyte of output is cut, and nobody pays for it with memory', async () => {
  const bench = await started();
  const code =
    'const block = "x".repeat(1023) + "\\n"; const many = block.repeat(1024);' +
    'function main({ mb }) { for (let i = 0; i < mb; i++) process.stdout.write(many); return { mb } }';
  bench.put('flood', { code, limits: { logs: 1 } });
  await bench.invoke('flood', { mb: 1 });
  const before = residentMegabytes();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, residentMegabytes());
  }, 20);
  const { id, record } = await bench.invoke('flood', { mb: 1024 });
  clearInterval(watch);
  expect(outcome(record)).toEqual([0, { mb: 1024 }]);
  expect(most - before).toBeLessThan(150);
  const { logs } = (await bench.recorded(id))!;
  expect(logs.length).toBeLessThanOrEqual(1025);
  expect(logs.at(-1)).toMatch(/ stderr: Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes\.$/);
  // and the container goes on
  const { record: next } = await bench.invoke('flood', { mb: 0 });
  expect(next.annotations.some(({ key }) => key === 'initTime')).toBe(false);
});

test.each([3_600_000, -3_600_000])('a clock that is set by %d ms in the middle of it ends nothing and delays nothing', async (jump) => {
  const bench = await started({ pauseGrace: 200, idleContainer: 60_000 });
  bench.put('slow', { code: 'function main({ ms }) { console.log("x"); return new Promise((r) => setTimeout(() => r({ ms }), ms)) }' });
  const first = bench.invoke('slow', { ms: 300 });
  const real = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => real() + jump);
  expect(outcome((await first).record)).toEqual([0, { ms: 300 }]);
  const { record } = await bench.invoke('slow', { ms: 1 });
  expect(record.duration).toBeLessThan(Math.abs(jump));
  expect(record.annotations.some(({ key }) => key === 'initTime')).toBe(false);
  expect(bench.invoker.status.containers).toBe(1);
});

test('a full disk refuses containers with a fault of the platform, and makes them again when there is room', async () => {
  const mountPoint = mkdtempSync(join(tmpdir(), 'small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,nr_inodes=60', 'tmpfs', mountPoint]);
  const platform = await PlatformProcess.start({ TMPDIR: mountPoint });
  try {
    const { auth } = await platform.namespace('guest');
    const code = 'function main(a) { return a }';
    // of a size no container is kept ready of
    await platform.api(auth, 'PUT', 'actions/echo', { exec: { kind: 'nodejs:20', code }, limits: { memory: 128 } });
    const ballast = fillInodes(mountPoint);
    const invoke = () => platform.api(auth, 'POST', 'actions/echo?blocking=true', { a: 1 });
    const refused = await invoke();
    expect([refused.status, refused.json.response]).toMatchObject([
      500,
      { status: 'whisk internal error', result: { error: 'Failed to provision resources to run the action.' } },
    ]);
    for (const file of ballast) unlinkSync(file);
    expect((await invoke()).json.response.result).toEqual({ a: 1 });
  } finally {
    await platform.stop();
    execFileSync('umount', [mountPoint]);
    rmdirSync(mountPoint);
  }
});

function fillInodes(directory: string): string[] {
  const files: string[] = [];
  for (;;) {
    const file = join(directory, `ballast${files.length}`);
    try {
      writeFileSync(file, '');
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
      return files;
    }
    files.push(file);
  }
}

test('ten thousand activations leave no container, no file, no memory behind', async () => {
  const bench = await started({ userMemory: 2_048 });
  const names = Array.from({ length: 6 }, (_, i) => `action${i}`);
  // one in some hundred ends its container
  const code = 'function main({ n }) { console.log("n", n); if (n % 331 === 330) process.exit(0); return { n } }';
  for (const name of names) bench.put(name, { code });
  let next = 0;
  const caller = async (upTo: number) => {
    while (next < upTo) {
      const n = next++;
      const { record } = await bench.invoke(names[n % names.length]!, { n });
      expect(record.response.statusCode).toBe(n % 331 === 330 ? 2 : 0);
      // the test's own notes are no leak of the invoker
      bench.forget(record.activationId);
    }
  };
  const run = (upTo: number) => Promise.all(Array.from({ length: 6 }, () => caller(upTo)));
  await run(2_500);
  global.gc?.();
  const before = { memory: residentMegabytes(), files: openFiles() };
  await run(10_000);
  global.gc?.();
  expect(next).toBeGreaterThanOrEqual(10_000);
  expect(bench.invoker.status.containers).toBeLessThanOrEqual(8);
  // containers that are being replaced have a few files more
  expect(openFiles() - before.files).toBeLessThan(40);
  expect(residentMegabytes() - before.memory).toBeLessThan(100);
  const withContainers = openFiles();
  const containers = bench.invoker.status.containers;
  await bench.invoker.close();
  expect(bench.invoker.status).toMatchObject({ containers: 0, memory: 0, waiting: 0 });
  await eventually(() => openFiles() <= withContainers - containers * 3);
  expect(bench.workingFiles()).toEqual([]);
});
