import { eventually } from '../eventually';
import { ApiProxy } from './apiProxy';
import { type ClusterAccess, testCluster } from './cluster';
import { clusterOfTests, echo, PodContainers } from './podContainers';

/** What becomes of actions in pods while the API server can't be used, or lets the invoker do less than it needs. */
let cluster: ClusterAccess;
beforeAll(async () => {
  cluster = await testCluster();
});

describe('an API server that goes away', () => {
  const proxy = new ApiProxy(clusterOfTests());
  let host: PodContainers;
  beforeAll(async () => {
    host = new PodContainers({ access: await proxy.open() });
    await host.factory.prepare();
  });
  afterAll(async () => {
    await host.close();
    await proxy.close();
  });

  test('under a run: its log has every line once', async () => {
    const code =
      'function main() { return new Promise((r) => { let n = 0; const t = setInterval(() => { console.log("n", ++n); if (n === 300) { clearInterval(t); r({}) } }, 5) }) }';
    const container = await host.initialised(code);
    const running = container.run({});
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      proxy.cut();
    }
    expect(await running).toMatchObject({ status: 200 });
    expect(await container.lines()).toEqual(Array.from({ length: 300 }, (_, i) => `stdout: n ${i + 1}`));
  });

  test('between runs: news comes again, and so do logs', async () => {
    const container = await host.initialised(echo);
    await proxy.close();
    expect(await container.run({ i: 1 })).toMatchObject({ status: 200 });
    await proxy.open();
    expect((await container.lines()).sort()).toEqual(['stdout: err 1', 'stdout: out 1']);
    const other = await host.initialised('function main() { const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1)); }', {
      memory: 128,
    });
    expect(await other.run({})).toEqual({ type: 'connectionLost', outOfMemory: true });
  });

  test('for so long that a log is given up: the next run has its own', async () => {
    const container = await host.initialised(echo);
    await proxy.close();
    await container.run({ i: 1 });
    expect((await container.lines()).at(-1)).toBe('stderr: There was an issue while collecting your logs. Data might be missing.');
    await proxy.open();
    for (const i of [2, 3]) {
      await container.run({ i });
      expect((await container.lines()).sort()).toEqual([`stdout: err ${i}`, `stdout: out ${i}`]);
    }
  });

  test('under a start and an end: both happen when it is back', async () => {
    const container = await host.initialised(echo);
    await proxy.close();
    const starting = host.initialised(echo);
    const destroyed = container.container.destroy();
    await destroyed;
    expect(await host.pods()).toContain(`pod/${container.container.id}`);
    await proxy.open();
    expect(await (await starting).run({ i: 2 })).toMatchObject({ status: 200 });
    await eventually(async () => expect(await host.pods()).not.toContain(`pod/${container.container.id}`));
  });
});

describe('a service account that lacks a right', () => {
  const namespace = `rights-${process.pid}`;
  const kubectl = async (...args: string[]) => (await cluster.kubectl(['-n', namespace, ...args])).stdout.trim();
  let host: PodContainers;

  beforeAll(async () => {
    await cluster.kubectl(['create', 'namespace', namespace]);
    await kubectl('create', 'serviceaccount', 'invoker');
    await kubectl('create', 'role', 'invoker', '--verb=create,delete,list,watch,get', '--resource=pods');
    const token = await kubectl('create', 'token', 'invoker');
    host = new PodContainers({ access: { ...clusterOfTests(), namespace, authorization: () => `Bearer ${token}` } });
  });
  afterAll(async () => {
    await host.close();
    await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  test('is told which', async () => {
    const who = `'system:serviceaccount:${namespace}:invoker'`;
    await expect(host.factory.removeOrphans()).rejects.toThrow(
      `${who} may not list pods in the namespace '${namespace}': give it a role with the verb 'list' on the resource 'pods' there.`,
    );
    await expect(host.start('nodejs:20')).rejects.toThrow(`did not start: ${who} may not create pods in the namespace '${namespace}'`);
    await kubectl('create', 'rolebinding', 'invoker', '--role=invoker', `--serviceaccount=${namespace}:invoker`);
    const container = await eventually(() => host.initialised(echo));
    expect(await container.run({ i: 1 })).toMatchObject({ status: 200 });
    await eventually(async () =>
      expect(host.warnings).toContain(
        `Logs of actions cannot be read: ${who} may not get pods/log in the namespace '${namespace}': give it a role with the verb 'get' on the resource 'pods/log' there.`,
      ),
    );
  });
});
