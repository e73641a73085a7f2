import { eventually } from '../eventually';
import { DockerContainers } from './dockerContainers';
import { dockerEngine } from './engine';

/** Networks that are prepared ahead, for one container each. */
const size = 3;
const hosts: DockerContainers[] = [];
const docker = dockerEngine();

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

async function prepared(): Promise<DockerContainers> {
  const host = new DockerContainers({ sandboxes: size });
  hosts.push(host);
  await host.factory.prepare();
  await filled(host);
  return host;
}

async function listed(host: DockerContainers, kind = 'sandbox'): Promise<string[]> {
  const label = [`openwhisk.invoker=${host.invoker}`, `openwhisk.kind=${kind}`];
  return (await docker.listContainers({ all: true, filters: { label } })).map(({ Id }) => Id);
}

/** Sandboxes nobody has: all but those that containers are in. */
async function spare(host: DockerContainers): Promise<string[]> {
  const used = await Promise.all((await listed(host, 'nodejs:20')).map(sandboxOf));
  return (await listed(host)).filter((id) => !used.includes(id));
}

async function filled(host: DockerContainers): Promise<void> {
  await eventually(async () => {
    expect(await spare(host)).toHaveLength(size);
    expect(host.factory.sandboxesReady).toBe(size);
  });
}

async function sandboxOf(id: string): Promise<string | undefined> {
  const { HostConfig } = await docker.getContainer(id).inspect();
  return /^container:(.+)$/.exec(HostConfig.NetworkMode ?? '')?.[1];
}

const echo = { code: 'function main(a) { return a }' };

test('each serves one container, ends with it, and is replaced behind it', async () => {
  const host = await prepared();
  const seen = new Set<string | undefined>();
  for (let i = 0; i < size + 2; i++) {
    const container = await host.start('nodejs:20');
    const sandbox = await sandboxOf(container.container.id);
    expect(sandbox).toBeDefined();
    expect(seen).not.toContain(sandbox);
    seen.add(sandbox);
    expect(await container.init(echo)).toMatchObject({ status: 200 });
    expect(await container.run({ i })).toMatchObject({ status: 200, body: `{"i":${i}}` });
    await container.container.destroy();
    await eventually(async () => expect(await listed(host)).not.toContain(sandbox));
    await filled(host);
  }
});

test('a sandbox holds no more than a sleeping process of nobody', async () => {
  const host = await prepared();
  const { HostConfig, State } = await docker.getContainer((await listed(host))[0]!).inspect();
  expect(HostConfig).toMatchObject({ CapDrop: ['ALL'], ReadonlyRootfs: true, SecurityOpt: ['no-new-privileges'] });
  expect(State.Running).toBe(true);
});

test('more containers at a time than sandboxes: the rest set their own network up', async () => {
  const host = await prepared();
  const started = await Promise.all(Array.from({ length: size + 2 }, () => host.start('nodejs:20')));
  const sandboxes = await Promise.all(started.map(({ container }) => sandboxOf(container.id)));
  expect(new Set(sandboxes.filter(Boolean)).size).toBe(size);
  for (const container of started) expect(await container.init(echo)).toMatchObject({ status: 200 });
});

test('sandboxes that died are done without, and made anew', async () => {
  const host = await prepared();
  for (const id of await listed(host)) await docker.getContainer(id).kill();
  const container = await host.start('nodejs:20');
  expect(await container.init(echo)).toMatchObject({ status: 200 });
  await filled(host);
});

test('what an earlier life left of them is removed at the start, and nothing is left at the end', async () => {
  const host = await prepared();
  await host.start('nodejs:20');
  await filled(host);
  const next = new DockerContainers({ sandboxes: size, invoker: host.invoker });
  hosts.push(next);
  await next.factory.removeOrphans();
  expect([...(await listed(host)), ...(await listed(host, 'nodejs:20'))]).toEqual([]);
  await next.start('nodejs:20');
  await next.factory.prepare();
  await next.close();
  expect([...(await listed(next)), ...(await listed(next, 'nodejs:20'))]).toEqual([]);
});
