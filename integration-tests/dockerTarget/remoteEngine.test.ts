import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { THIRD_PARTY_IMAGES } from '../../provider/src/blueprint/parts';
import { DockerEngine } from '../../provider/src/targets/docker/dockerEngine';
import { dockerEngine } from '../docker/engine';
import { OwnEngine } from '../docker/ownEngine';
import { exampleProgram } from '../exampleProgram';
import { call } from '../httpCall';
import { basic } from '../platformProcess';
import { TestStack } from '../provider/testStack';
import { dockerPluginFolder } from './dockerPlugin';
import { EngineCertificates } from './engineCertificates';
import { type EngineListing, listEngine } from './engineListing';
import { buildSleeper, SLEEPER_LOG } from './sleeper';
import { SshServer } from './sshServer';

/** An engine that is reached over ssh and over TCP with TLS, on a host of its own with a small disk. Each test goes on from the one before. */
const DISK_MB = 1500;
/** Less than a platform needs. */
const LEFT_MB = 100;
const SLEEPER = 'remote-test/sleeper:1';
const IMAGES = ['node:20-bookworm-slim', ...Object.values(THIRD_PARTY_IMAGES)];

let folder: string;
let engine: OwnEngine;
let ssh: SshServer;
let certificates: EngineCertificates;
let stack: TestStack;
let before: EngineListing;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remote-engine-'));
  engine = new OwnEngine(DISK_MB);
  certificates = new EngineCertificates(join(folder, 'certificates'), engine.address);
  await engine.start(certificates.daemon);
  for (const image of IMAGES) await engine.copyImage(dockerEngine(), image);
  ssh = await SshServer.start(engine);
  stack = await stackOf(exampleProgram('containers'));
  before = await listEngine(engine.docker);
});
afterEach(() => {
  delete process.env.DOCKER_CONFIG;
  delete process.env.DOCKER_CONTEXT;
});
afterAll(async () => {
  await stack?.remove();
  await ssh?.stop();
  await engine?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function stackOf(program: string): Promise<TestStack> {
  const made = await TestStack.create(program);
  const plugin = dockerPluginFolder();
  if (plugin !== undefined) process.env.PATH = `${plugin}:${process.env.PATH}`;
  return made;
}

/** Of the smallest platform there is. */
function platform(docker: Record<string, unknown>): string {
  return JSON.stringify({
    host: engine.address,
    userMemory: 512,
    docker: { kinds: ['nodejs:20'], subnet: '10.197.0.0/16', socket: engine.socketPath, ...docker },
  });
}

/** A folder with one context, as `docker context create` makes it. */
function dockerContext(name: string, host: string, clientFiles: string): string {
  const made = join(folder, 'docker');
  const id = createHash('sha256').update(name).digest('hex');
  const meta = join(made, 'contexts', 'meta', id);
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  cpSync(clientFiles, join(made, 'contexts', 'tls', id, 'docker'), { recursive: true });
  return made;
}

const overSsh = () => ({ engine: ssh.url, engineAccess: { sshOpts: ssh.options() } });
const overTls = () => ({ engine: certificates.url, engineAccess: { certPath: certificates.path('client') } });

/** What an update that has to fail says, and the resources that failed; the stack as a whole is no news. */
async function failure(of: TestStack): Promise<{ text: string; failed: string[] }> {
  const error = await of.up().catch((failed: Error) => failed);
  if (!(error instanceof Error)) throw new Error('The update succeeded.');
  const lines = error.message.matchAll(/ (\S+) (\S+) \*\*\w+ failed\*\*/g);
  const failed = [...lines].flatMap(([, type, name]) => (type === 'pulumi:pulumi:Stack' ? [] : [name!]));
  return { text: error.message, failed: [...new Set(failed)] };
}

async function hello(): Promise<unknown> {
  const { apiHost, auth } = await stack.outputs();
  const url = `${apiHost!.value}/api/v1/namespaces/_/actions/hello?blocking=true&result=true`;
  return (await call(url, { method: 'POST', headers: { authorization: basic(auth!.value) }, json: { name: 'bob' } })).json;
}

describe('an engine that cannot be entered is one sentence that says why and what to do', () => {
  test.each<[string, () => ConstructorParameters<typeof DockerEngine>[0], RegExp]>([
    [
      'no ssh there',
      () => ({ engine: `ssh://${engine.address}:1`, sshOpts: ssh.options() }),
      /nothing answers to ssh there; correct host and port/,
    ],
    ['no such host', () => ({ engine: 'ssh://nowhere.invalid', sshOpts: ssh.options() }), /there is no host of that name/],
    [
      'a host key nobody knows',
      () => ({ engine: ssh.url, sshOpts: ssh.options({ hosts: 'no_hosts' }) }),
      /the host's key is not known here; .*known_hosts/,
    ],
    [
      'a host key that changed',
      () => ({ engine: ssh.url, sshOpts: ssh.options({ hosts: 'other_hosts' }) }),
      /shows another key than the one in known_hosts/,
    ],
    [
      'a key the host refuses',
      () => ({ engine: ssh.url, sshOpts: ssh.options({ key: 'stranger' }) }),
      /refuses the ssh keys it is shown; .*docker\.engineAccess\.sshOpts/,
    ],
    ['no TLS there', () => ({ engine: `tcp://${engine.address}:${ssh.port}`, ...certificates.material() }), /does not speak TLS/],
    ['TLS that was not asked for', () => ({ engine: certificates.url }), /it speaks TLS; give docker\.engineAccess/],
    ['nobody there', () => ({ engine: `tcp://${engine.address}:1` }), /ECONNREFUSED.*; start it, or name the right one in docker\.engine/],
    [
      'an authority that is not trusted',
      () => ({ engine: certificates.url, ...certificates.material('stranger', 'client') }),
      /is not signed by the authority that is trusted .*; give that of the engine/,
    ],
    [
      'a certificate the engine refuses',
      () => ({ engine: certificates.url, ...certificates.material('client', 'stranger') }),
      /refuses the client's certificate .*docker\.engineAccess/,
    ],
    [
      'certificates that are not there',
      () => ({ engine: certificates.url, certPath: '/nowhere' }),
      /\/nowhere\/ca\.pem cannot be read \(ENOENT\)/,
    ],
  ])('%s', async (_title, settings, text) => {
    const error = await new DockerEngine(settings(), {}).check().catch((failed: Error) => failed.message);
    expect(error).toMatch(text);
    expect(error).toMatch(/^The Docker engine at \S+ cannot be reached: [^\n]*\.$/);
  });

  test('and the only error of an update', async () => {
    await stack.setConfig('life:platform', platform({ ...overSsh(), engineAccess: { sshOpts: ssh.options({ key: 'stranger' }) } }));
    expect(await failure(stack)).toEqual({
      text: expect.stringContaining('refuses the ssh keys it is shown'),
      failed: ['platform-engine-check'],
    });
  });
});

test('an engine with a full disk is one error that says so, and what to do', async () => {
  const { bavail, bsize } = statfsSync(engine.dataRoot);
  const filler = join(engine.dataRoot, 'filler');
  execFileSync('fallocate', ['-l', String(bavail * bsize - LEFT_MB * 1024 * 1024), filler]);
  await stack.setConfig('life:platform', platform(overSsh()));
  const { text, failed } = await failure(stack);
  rmSync(filler);
  expect(text).toMatch(/The disk of the Docker engine at ssh:\S+ is full: .* "docker image prune" .* run the update again/);
  expect(failed).toEqual(['platform-engine-check']);
  expect(await listEngine(engine.docker)).toEqual(before);
});

test('over ssh up heals that: an action answers, and a second preview finds nothing to do', async () => {
  await stack.up();
  expect(await hello()).toEqual({ greeting: 'hello bob' });
  expect((await stack.preview()).steps).toEqual([]);
});

test('over TLS it is the same platform', async () => {
  await stack.setConfig('life:platform', platform(overTls()));
  expect((await stack.up()).steps.map(({ op, type }) => [op, type])).toEqual([['update', 'docker:EngineCheck']]);
  expect((await stack.refresh()).steps).toEqual([]);
  expect((await stack.preview()).steps).toEqual([]);
  expect(await hello()).toEqual({ greeting: 'hello bob' });
});

test('named by a context of the docker command it is the same platform', async () => {
  process.env.DOCKER_CONFIG = dockerContext('far', certificates.url, certificates.path('client'));
  process.env.DOCKER_CONTEXT = 'far';
  await stack.setConfig('life:platform', platform({}));
  expect((await stack.up()).steps.map(({ op, type }) => [op, type])).toEqual([['update', 'docker:EngineCheck']]);
  expect((await stack.preview()).steps).toEqual([]);
  process.env.DOCKER_CONTEXT = 'near';
  await expect(stack.preview()).rejects.toThrow('DOCKER_CONTEXT names the docker context "near", which is not known here');
  // what is named in the arguments counts more
  await stack.setConfig('life:platform', platform(overTls()));
  process.env.DOCKER_CONTEXT = 'far';
  await stack.up();
  expect((await stack.preview()).steps).toEqual([]);
});

test('destroy over TLS leaves the engine as it was found', async () => {
  await stack.destroy();
  expect(await listEngine(engine.docker)).toEqual(before);
});

/** A docker provider of the program's own, whose key is a secret of the configuration. */
const explicitProvider = `
const docker = require('@pulumi/docker');
const openwhisk = require('pulumi-openwhisk');
const pulumi = require('@pulumi/pulumi');
const config = new pulumi.Config();
const access = { ...config.requireObject('certificates'), keyMaterial: config.requireSecret('key') };
const elsewhere = new docker.Provider('elsewhere', { host: config.require('engine'), ...access });
const args = config.requireObject('platform');
if (args.docker.engine !== undefined) args.docker.engineAccess = access;
new openwhisk.Platform('platform', { target: 'docker', ...args }, { providers: { docker: elsewhere } });
`;

describe('a docker provider of the program', () => {
  let own: TestStack;
  beforeAll(async () => {
    own = await stackOf(explicitProvider);
    const { keyMaterial, ...shown } = certificates.material();
    await own.setConfig('life:engine', certificates.url);
    await own.setConfig('life:certificates', JSON.stringify(shown));
    await own.setConfig('life:key', keyMaterial, true);
    await buildSleeper(engine.docker, SLEEPER);
  });
  afterAll(() => own?.remove());

  // nothing but its first service is needed to see that both find the same engine
  const sleeping = { images: { kafka: SLEEPER, platform: SLEEPER }, healthTimeout: 5 };

  test('beside docker.engine: what is wrong with a service is read from there, and the key is nowhere in clear', async () => {
    await own.setConfig('life:platform', platform({ ...sleeping, engine: certificates.url }));
    const { text } = await failure(own);
    expect(text).toMatch(/The service "kafka" was not healthy within 5 s/);
    expect(text).toContain(SLEEPER_LOG);
    expect(await own.state()).not.toContain('PRIVATE KEY');
  });

  test('without docker.engine: the error says that this is needed', async () => {
    await own.setConfig('life:platform', platform({ ...sleeping, images: { kafka: THIRD_PARTY_IMAGES.kafka, platform: SLEEPER } }));
    expect((await failure(own)).text).toMatch(/The service "kafka" is not on the Docker engine at unix:.* name that in docker\.engine too/);
  });

  test('leaves nothing there', async () => {
    await own.destroy();
    await engine.docker.getImage(SLEEPER).remove();
    expect(await listEngine(engine.docker)).toEqual(before);
  });
});
