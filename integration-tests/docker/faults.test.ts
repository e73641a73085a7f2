import { eventually } from '../eventually';
import { InvokerBench } from '../invoker/invokerBench';
import { PlatformProcess } from '../platformProcess';
import { DockerContainers } from './dockerContainers';
import { dockerEngine } from './engine';
import { runtimeImages } from './images';
import { OwnEngine } from './ownEngine';

/** Faults of containers and of their engine: what the caller is told, and what is left afterwards. */
const docker = dockerEngine();
const image = runtimeImages['nodejs:20']!.name;
const runtimes = (kind: string) => ({ kind, image, sentinelledLogs: true });
const annotation = (record: { annotations: readonly { key: string; value: unknown }[] }, key: string) =>
  record.annotations.find((a) => a.key === key)?.value;

async function containersOf(host: DockerContainers, engine = docker, kind?: string): Promise<string[]> {
  const label = [`openwhisk.invoker=${host.invoker}`, ...(kind ? [`openwhisk.kind=${kind}`] : [])];
  return (await engine.listContainers({ all: true, filters: { label } })).map(({ Id }) => Id);
}

/** How an action says that it has come so far. */
const mark = 'require("fs").writeFileSync("/tmp/mark", "");';

async function isMarked(id: string): Promise<boolean> {
  const look = await docker.getContainer(id).exec({ Cmd: ['/bin/sh', '-c', 'test -f /tmp/mark'] });
  await look.start({ Detach: true });
  const { ExitCode } = await look.inspect();
  return ExitCode === 0;
}

describe('kill -9 of a container', () => {
  const host = new DockerContainers();
  const bench = new InvokerBench({ factory: host.factory, runtimes });
  beforeAll(() => bench.invoker.start());
  afterAll(() => bench.close());

  /** Of the container that runs an action, once the action has come to its mark. */
  async function killContainer(action: string): Promise<string> {
    return eventually(async () => {
      const filters = { label: [`openwhisk.invoker=${host.invoker}`], name: [`ns_${action}$`] };
      const [found] = await docker.listContainers({ filters });
      expect(found).toBeDefined();
      expect(await isMarked(found!.Id)).toBe(true);
      const { State } = await docker.getContainer(found!.Id).inspect();
      process.kill(State.Pid, 'SIGKILL');
      return found!.Id;
    });
  }

  test.each([
    [
      'init',
      `import { createRequire } from "module";\nconst require = createRequire("/");\n${mark}\nexport function main() {}\nawait new Promise(() => setTimeout(() => {}, 1e6))`,
      'The action did not initialize and exited unexpectedly.',
    ],
    [
      'run',
      `function main() { ${mark} return new Promise(() => setTimeout(() => {}, 1e6)) }`,
      'The action did not produce a valid response and exited unexpectedly.',
    ],
  ])('during /%s is a fault of the action, and costs the container', async (phase, code, error) => {
    bench.put(phase, { code });
    const invoked = bench.invoke(phase, {});
    await killContainer(phase);
    const { record } = await invoked;
    expect(record.response).toMatchObject({ statusCode: 2, result: JSON.stringify({ error }) });
    await eventually(async () => expect(await containersOf(host, docker, 'nodejs:20')).toEqual([]));
    expect(bench.invoker.status).toMatchObject({ containers: 0, memory: 0, waiting: 0 });
  });

  test('while it is warm and idle costs nobody an activation', async () => {
    bench.put('idle', { code: `function main() { ${mark} return {} }` });
    expect((await bench.invoke('idle', {})).record.response.statusCode).toBe(0);
    const killed = await killContainer('idle');
    await eventually(async () => expect((await docker.getContainer(killed).inspect()).State.Running).toBe(false));
    const { record } = await bench.invoke('idle', {});
    expect(record.response.statusCode).toBe(0);
    expect(annotation(record, 'initTime')).toBeDefined();
  });
});

test('scratch space that is full is told to the action, and nothing else suffers', async () => {
  const host = new DockerContainers();
  const code =
    'const fs = require("fs"); function main({ mb }) { try { for (let i = 0; i < mb; i++) fs.appendFileSync("/tmp/f", Buffer.alloc(1 << 20)); return { ok: true } }' +
    ' catch (e) { fs.rmSync("/tmp/f"); return { code: e.code } } }';
  try {
    const container = await host.start('nodejs:20', { memory: 256 });
    await container.init({ code });
    expect(await container.run({ mb: 1_000 })).toMatchObject({ status: 200, body: '{"code":"ENOSPC"}' });
    expect(await container.run({ mb: 1 })).toMatchObject({ status: 200, body: '{"ok":true}' });
  } finally {
    await host.close();
  }
});

test('an invoker that was killed with live containers finds none of them after its restart', async () => {
  const platform = await PlatformProcess.start({ OPENWHISK_CONTAINERS: 'docker' });
  try {
    const { auth } = await platform.namespace('guest');
    const invoke = (more: object = {}) => platform.api(auth, 'POST', 'actions/slow?blocking=true&result=true', more);
    const code = 'function main({ hang }) { return hang ? new Promise(() => setTimeout(() => {}, 1e6)) : { ok: true } }';
    await platform.api(auth, 'PUT', 'actions/slow', { exec: { kind: 'nodejs:20', code } });
    expect((await invoke()).json).toEqual({ ok: true });
    void invoke({ hang: true }).catch(() => undefined);
    const before = await eventually(async () => {
      const found = (await docker.listContainers({ all: true, filters: { label: ['openwhisk.invoker'] } })).filter(({ Names }) =>
        Names.some((name) => name.includes('guest_slow')),
      );
      expect(found).toHaveLength(1);
      return found[0]!.Labels['openwhisk.invoker']!;
    });
    const mine = async () =>
      (await docker.listContainers({ all: true, filters: { label: [`openwhisk.invoker=${before}`] } })).map(({ Id }) => Id);
    const old = await mine();
    expect(old.length).toBeGreaterThan(0);
    await platform.kill('SIGKILL');
    expect(await mine()).toEqual(expect.arrayContaining(old));
    await platform.run();
    expect((await mine()).filter((id) => old.includes(id))).toEqual([]);
    expect((await invoke()).json).toEqual({ ok: true });
    await platform.kill('SIGTERM');
    expect(await mine()).toEqual([]);
  } finally {
    await platform.stop();
  }
});

test('an engine that is restarted under load: every activation ends, work goes on, nothing is left', async () => {
  const engine = new OwnEngine();
  try {
    await engine.start();
    await engine.copyImage(docker, image);
    const warnings: string[] = [];
    const host = new DockerContainers({ socketPath: engine.socketPath, network: 'faults', warn: (m) => warnings.push(m) });
    const bench = new InvokerBench({ factory: host.factory, runtimes, userMemory: 1024 });
    await bench.invoker.start();
    for (const name of ['a', 'b', 'c'])
      bench.put(name, { code: 'function main() { return new Promise((r) => setTimeout(() => r({}), 50)) }' });
    let going = true;
    const codes: number[] = [];
    const caller = async (name: string) => {
      while (going) codes.push((await bench.invoke(name, {})).record.response.statusCode);
    };
    const callers = Promise.all(['a', 'b', 'c', 'a', 'b'].map(caller));
    const succeeded = (count: number) => eventually(async () => expect(codes.filter((c) => c === 0).length).toBeGreaterThan(count));
    await succeeded(20);
    await engine.stop();
    await eventually(async () => expect(codes.some((code) => code === 3)).toBe(true));
    await engine.start();
    await succeeded(codes.filter((c) => c === 0).length + 20);
    going = false;
    await callers;
    // what was running is the action's fault as far as anybody can tell, what found no container the platform's
    expect(codes.filter((code) => ![0, 2, 3].includes(code))).toEqual([]);
    await eventually(async () => {
      const left = await containersOf(host, engine.docker, 'nodejs:20');
      expect(left).toHaveLength(bench.invoker.status.containers);
    });
    await bench.close();
    expect(await containersOf(host, engine.docker)).toEqual([]);
  } finally {
    await engine.remove();
  }
});
