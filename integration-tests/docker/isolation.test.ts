import type Docker from 'dockerode';
import type { RuntimeContainer } from '../invoker/runtimeProcess';
import { eventually } from '../invoker/runtimeProcess';
import { DockerContainers } from './dockerContainers';
import { dockerEngine } from './engine';

/** What code inside a container cannot do, tried from inside. */
const containers = new DockerContainers();
afterAll(() => containers.close());

const shell =
  'const { spawnSync } = require("child_process");' +
  'function main({ sh }) { const r = spawnSync("/bin/sh", ["-c", sh], { encoding: "utf8", timeout: 5000 }); return { code: r.status, out: r.stdout, err: r.stderr }; }';

async function initialised(code: string, choice = {}): Promise<RuntimeContainer> {
  const container = await containers.start('nodejs:20', choice);
  expect(await container.init({ code })).toMatchObject({ status: 200 });
  return container;
}

/** Of the network a container is in, by its own right or by that of its sandbox. */
async function addressOf(docker: Docker, id: string): Promise<string> {
  const { HostConfig, NetworkSettings } = await docker.getContainer(id).inspect();
  const sandbox = /^container:(.+)$/.exec(HostConfig.NetworkMode ?? '')?.[1];
  return sandbox ? addressOf(docker, sandbox) : Object.values(NetworkSettings.Networks)[0]!.IPAddress;
}

async function inside(container: RuntimeContainer, sh: string): Promise<{ code: number; out: string; err: string }> {
  const answer = await container.run({ sh });
  return JSON.parse((answer as { body: string }).body);
}

test('it is nobody in particular, and cannot become root', async () => {
  const container = await initialised(shell);
  expect((await inside(container, 'id -u')).out.trim()).toBe('1000');
  const capabilities = await initialised(
    'const fs = require("fs"); function main() { return { status: fs.readFileSync("/proc/self/status", "utf8") }; }',
  );
  const { status } = JSON.parse(((await capabilities.run({})) as { body: string }).body);
  expect(status).toMatch(/CapEff:\s+0+\n/);
  expect(status).toMatch(/NoNewPrivs:\s+1\n/);
});

test('it can write to its scratch folders only', async () => {
  const container = await initialised(shell);
  for (const place of ['/', '/usr/bin', '/etc', '/runtime']) expect((await inside(container, `echo x > ${place}/x`)).code).not.toBe(0);
  for (const place of ['/tmp', '/action']) expect((await inside(container, `echo x > ${place}/x`)).code).toBe(0);
});

test('it sees neither other processes, nor the engine, nor the platform', async () => {
  const other = await initialised('function main() { return {}; }');
  const container = await initialised(
    'const fs = require("fs"); function main() { return { pids: fs.readdirSync("/proc").filter((f) => /^\\d+$/.test(f)).length, socket: fs.existsSync("/var/run/docker.sock"), env: Object.keys(process.env).filter((k) => k.startsWith("OPENWHISK")) }; }',
  );
  const { pids, socket, env } = JSON.parse(((await container.run({})) as { body: string }).body);
  expect(pids).toBeLessThan(5);
  expect(socket).toBe(false);
  expect(env).toEqual([]);
  await other.container.destroy();
});

test("it reaches no other action's /init or /run, in a sandbox or not", async () => {
  const docker = dockerEngine();
  await containers.factory.prepare();
  for (let i = 0; i < 2; i++) {
    const victim = await containers.start('nodejs:20');
    const address = await addressOf(docker, victim.container.id);
    const attacker = await initialised(
      'function main({ host }) { return new Promise((r) => { const s = require("net").connect(8080, host); s.on("connect", () => r({ reached: true }));' +
        ' s.on("error", (e) => r({ reached: false, code: e.code })); setTimeout(() => r({ reached: false }), 1000); }); }',
    );
    expect(JSON.parse(((await attacker.run({ host: address })) as { body: string }).body)).toMatchObject({ reached: false });
    // and who may reach it does
    expect(await victim.init({ code: 'function main() { return {}; }' })).toMatchObject({ status: 200 });
    expect(JSON.parse(((await attacker.run({ host: '127.0.0.1' })) as { body: string }).body)).toEqual({ reached: true });
  }
});

test('a fork bomb hits the bound on processes and the container can be removed', async () => {
  const container = await initialised(
    'const { spawn } = require("child_process"); function main() { let failed = 0; const all = []; for (let i = 0; i < 1500; i++) { try { const c = spawn("/bin/sleep", ["30"]); c.on("error", () => failed++); all.push(c); } catch { failed++; } } return new Promise((r) => setTimeout(() => r({ started: all.filter((c) => c.pid).length }), 500)); }',
    { memory: 512, timeout: 30_000 },
  );
  const answer = await container.run({});
  if (answer.type === 'response') expect(JSON.parse(answer.body).started ?? 0).toBeLessThan(1024);
  await container.container.destroy();
});

test('memory beyond the limit ends it, and that is told apart', async () => {
  const container = await initialised('function main() { const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1)); }', { memory: 128 });
  expect(await container.run({})).toMatchObject({ type: 'connectionLost', outOfMemory: true });
});

test('kill -9 from outside is a lost connection', async () => {
  const docker = dockerEngine();
  const container = await initialised('function main() { return new Promise(() => {}); }');
  const running = container.run({});
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { State } = await docker.getContainer(container.container.id).inspect();
  process.kill(State.Pid, 'SIGKILL');
  expect(await running).toMatchObject({ type: 'connectionLost' });
});

test('suspended it stands still, resumed it goes on', async () => {
  const container = await initialised('let n = 0; setInterval(() => n++, 5); function main() { return { n }; }');
  await container.container.suspend();
  const docker = dockerEngine();
  expect((await docker.getContainer(container.container.id).inspect()).State.Paused).toBe(true);
  await container.container.resume();
  expect(await container.run({})).toMatchObject({ status: 200 });
});

test('what an earlier life left behind is found by its label and removed', async () => {
  const docker = dockerEngine();
  const orphan = await initialised('function main() { return {}; }');
  await containers.factory.removeOrphans();
  await expect(docker.getContainer(orphan.container.id).inspect()).rejects.toMatchObject({ statusCode: 404 });
  let left = 1;
  await eventually(() => {
    void docker
      .listContainers({ all: true, filters: { label: [`openwhisk.invoker=${containers.invoker}`, 'openwhisk.kind=nodejs:20'] } })
      .then((l) => {
        left = l.length;
      });
    return left === 0;
  });
});

test('an image that is not there is told as such', async () => {
  const create = containers.factory.create({
    name: `${containers.invoker}-none`,
    kind: 'nodejs:99',
    image: 'openwhisk-as-code/none:1',
    memory: 128,
    environment: {},
  });
  await expect(create).rejects.toThrow("There is no image 'openwhisk-as-code/none:1' for kind 'nodejs:99' on this machine.");
});
