import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerStartError } from '../../platform/src/invoker/containers/container';
import { Executables } from '../../platform/src/invoker/containers/process/executables';
import { ProcessContainerFactory } from '../../platform/src/invoker/containers/process/processContainerFactory';
import { nodejs, python } from './languages';
import { eventually, isAlive, RuntimeProcesses } from './runtimeProcess';

const processes = new RuntimeProcesses();
afterAll(() => processes.close());

const body = (given: { type: string; body?: string }) => JSON.parse(given.body!);

describe('the end of a container', () => {
  it.each([nodejs, python])('takes along what the action started: $kind', async (language) => {
    const runtime = await processes.start(language.kind);
    await runtime.init({ code: language.child });
    const { pid } = body((await runtime.run({})) as never);
    expect(isAlive(pid)).toBe(true);
    await runtime.container.destroy();
    await eventually(() => !isAlive(pid));
    expect(isAlive(runtime.container.pid)).toBe(false);
  });

  it('takes along what the action started, also when the runtime dies by itself', async () => {
    const runtime = await processes.start('nodejs:20');
    await runtime.init({ code: `${nodejs.child}; exports.die = 1` });
    const { pid } = body((await runtime.run({})) as never);
    process.kill(runtime.container.pid, 'SIGKILL');
    await eventually(() => !isAlive(pid));
    expect(await runtime.run({})).toMatchObject({ type: 'connectionLost', outOfMemory: false });
  });

  it('leaves no file, no note and no open handle', async () => {
    const handles = () => readdirSync('/proc/self/fd').length;
    const runtime = await processes.start('nodejs:20');
    await runtime.init({
      code: 'const fs = require("fs"); function main() { fs.writeFileSync("left", "x"); return { cwd: process.cwd() } }',
    });
    const before = handles();
    const { cwd } = body((await runtime.run({})) as never);
    expect(existsSync(join(cwd, 'left'))).toBe(true);
    const notes = () => readdirSync(join(processes.dataDir, 'containers'));
    expect(notes()).toContain(`${runtime.container.id}.json`);
    await runtime.container.destroy();
    await runtime.container.destroy();
    expect(existsSync(cwd)).toBe(false);
    await eventually(() => !notes().includes(`${runtime.container.id}.json`));
    await eventually(() => handles() < before);
  });
});

describe('suspending', () => {
  it('stops the whole group and lets it go on', async () => {
    const runtime = await processes.start('nodejs:20');
    await runtime.init({ code: 'let n = 0; setInterval(() => n++, 5); function main() { return { n } }' });
    await runtime.container.suspend();
    const state = () => readFileSync(`/proc/${runtime.container.pid}/stat`, 'latin1').split(') ')[1]![0];
    await eventually(() => state() === 'T');
    await runtime.container.resume();
    expect(await runtime.run({})).toMatchObject({ type: 'response', status: 200 });
    await runtime.container.suspend();
    await runtime.container.destroy();
    expect(isAlive(runtime.container.pid)).toBe(false);
  });
});

describe('output', () => {
  it('of a flood is bounded, and the container goes on', async () => {
    const runtime = await processes.start('nodejs:20', { logLimit: 1024 * 1024, timeout: 60_000 });
    const code =
      'function main({ mb }) { const line = "y".repeat(1023); for (let i = 0; i < mb * 1024; i++) console.log(line); console.error("end"); return {} }';
    await runtime.init({ code });
    const before = process.memoryUsage().rss;
    expect(await runtime.run({ mb: 300 })).toMatchObject({ status: 200 });
    const lines = await runtime.lines();
    expect(lines.at(-1)).toBe('stderr: Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes.');
    expect(lines.length).toBeLessThanOrEqual(1024 + 2);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    expect(await runtime.run({ mb: 0 })).toMatchObject({ status: 200 });
    expect(await runtime.lines()).toEqual(['stderr: end']);
  });

  it('of a process the action started counts too', async () => {
    const runtime = await processes.start('nodejs:20');
    await runtime.init({
      code: 'function main() { require("child_process").execFileSync("echo", ["from a child"], { stdio: "inherit" }); return {} }',
    });
    await runtime.run({});
    expect(await runtime.lines()).toEqual(['stdout: from a child']);
  });
});

describe('memory', () => {
  it('of what the action starts counts too', async () => {
    const runtime = await processes.start('nodejs:20', { memory: 192 });
    const hog = 'const k = []; for (let i = 0; i < 1000; i++) k.push(Buffer.alloc(4 << 20, 1)); setTimeout(() => {}, 1e6)';
    await runtime.init({
      code: `function main() { require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(hog)}]); return new Promise(() => {}) }`,
    });
    expect(await runtime.run({})).toEqual({ type: 'connectionLost', outOfMemory: true });
  });
});

describe('what this machine cannot run', () => {
  it.each([
    ['java:8', /^Kind 'java:8' cannot run as a process of this machine: only those of nodejs, python, go, native can\. /],
    ['go:99.1', /^Kind 'go:99\.1' needs Go 99\.1 or newer on this machine: install it or put it on PATH\.$/],
    ['python:99.1', /^Kind 'python:99\.1' needs Python 99\.1 or newer on this machine: install it or put it on PATH\.$/],
  ])('is told: %s', async (kind, message) => {
    const refused = processes.start(kind);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(ContainerStartError);
  });

  it('is told of a kind whose version is not that of its interpreter', async () => {
    const executables = new Executables('/runtimes', () => undefined, '');
    const told = "Kind 'native:1' needs Python 3.9 or newer on this machine: install it or put it on PATH.";
    await expect(executables.commandFor('native:1', 256)).rejects.toThrow(told);
  });

  it('is run by something newer where there is, with a warning', async () => {
    const warnings: string[] = [];
    const executables = new Executables('/runtimes', (m) => warnings.push(m));
    const command = await executables.commandFor('nodejs:4', 256);
    expect(command.executable).toBe(process.execPath);
    expect(warnings).toEqual([expect.stringMatching(/^Kind 'nodejs:4' runs on Node\.js [\d.]+ here, because Node\.js 4 was not found\.$/)]);
  });

  it('a runtime that breaks at its start is told, and leaves nothing', async () => {
    const runtimes = mkdtempSync(join(tmpdir(), 'runtimes-'));
    const dataDir = mkdtempSync(join(tmpdir(), 'invoker-'));
    const factory = new ProcessContainerFactory({ dataDir, runtimes });
    const spec = { name: 'x', kind: 'nodejs:20', image: '', memory: 128, environment: {} };
    await expect(factory.create(spec)).rejects.toThrow("The runtime of kind 'nodejs:20' did not start: it ended with exit code 1.");
    await factory.close();
    expect(readdirSync(join(dataDir, 'containers'))).toEqual([]);
    for (const directory of [runtimes, dataDir]) rmSync(directory, { recursive: true });
  });
});

describe('after a kill -9 of the platform', () => {
  const program = `
    const { ProcessContainerFactory } = require(${JSON.stringify(join(__dirname, '../../platform/dist/invoker/containers/process/processContainerFactory.js'))});
    const [dataDir, kind, code] = process.argv.slice(1);
    const bounds = { max: 1e6, truncation: 1e6 };
    (async () => {
      const factory = new ProcessContainerFactory({ dataDir });
      const container = await factory.create({ name: 'c', kind, image: '', memory: 256, environment: {} });
      await container.init(JSON.stringify({ value: { name: 'a', main: 'main', code, binary: false } }), 10000, bounds, { limit: 1e6, sentinelled: true });
      const given = await container.run('{"value":{}}', 10000, bounds);
      console.log(JSON.stringify({ runtime: container.pid, child: JSON.parse(given.body).pid, root: factory.root.path }));
      container.run('{"value":{"busy":true}}', 600000, bounds);
    })();`;
  const dataDirs: string[] = [];
  afterAll(() => {
    for (const directory of dataDirs) rmSync(directory, { recursive: true, force: true });
  });

  /** Starts a platform with one container that is busy, and kills the platform. */
  async function killed(kind: string, code: string): Promise<{ dataDir: string; runtime: number; child: number; root: string }> {
    const dataDir = mkdtempSync(join(tmpdir(), 'invoker-'));
    dataDirs.push(dataDir);
    const platform: ChildProcess = spawn(process.execPath, ['-e', program, dataDir, kind, code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pids = await new Promise<{ runtime: number; child: number; root: string }>((resolve, reject) => {
      platform.stdout!.once('data', (line) => resolve(JSON.parse(String(line))));
      platform.once('exit', () => reject(new Error('the platform ended early')));
    });
    expect([isAlive(pids.runtime), isAlive(pids.child)]).toEqual([true, true]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const ended = new Promise((resolve) => platform.once('exit', resolve));
    platform.kill('SIGKILL');
    await ended;
    return { dataDir, ...pids };
  }

  it.each([
    [nodejs.kind, 'function main(a) { if (a.busy) for (;;); return { pid: require("child_process").spawn("sleep", ["1000"]).pid } }'],
    [
      python.kind,
      'import subprocess\ndef main(a):\n  while a.get("busy"): pass\n  return {"pid": subprocess.Popen(["sleep", "1000"]).pid}',
    ],
  ])('runtimes end, busy ones too, and the next start ends the rest: %s', async (kind, code) => {
    const { dataDir, runtime, child, root } = await killed(kind, code);
    await eventually(() => !isAlive(runtime));
    const factory = new ProcessContainerFactory({ dataDir });
    // as if the data directory had been removed: what is left elsewhere goes all the same
    const elsewhere = mkdtempSync(join(tmpdir(), 'invoker-'));
    dataDirs.push(elsewhere);
    const other = new ProcessContainerFactory({ dataDir: elsewhere });
    await other.removeOrphans();
    expect(existsSync(root)).toBe(false);
    await factory.removeOrphans();
    await eventually(() => !isAlive(child));
    expect(readdirSync(join(dataDir, 'containers'))).toEqual([]);
    await other.close();
    await factory.close();
  });

  it('nobody else is killed whose number was noted', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'invoker-'));
    dataDirs.push(dataDir);
    const factory = new ProcessContainerFactory({ dataDir });
    const stranger = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const note = (name: string, more: object) =>
      writeFileSync(
        join(dataDir, 'containers', `${name}.json`),
        JSON.stringify({ pid: stranger.pid, startTime: '1', boot, paths: [], ...more }),
      );
    note('reused', {});
    note('before-a-restart', {
      boot: 'another',
      startTime: readFileSync(`/proc/${stranger.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[19],
    });
    writeFileSync(join(dataDir, 'containers', 'cut.json'), '{"pid":');
    await factory.removeOrphans();
    expect(isAlive(stranger.pid!)).toBe(true);
    stranger.kill('SIGKILL');
    await factory.close();
    await eventually(() => readdirSync(join(dataDir, 'containers')).length === 0);
  });
});
