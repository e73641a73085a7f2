import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ambientEngine, type EngineSources, EngineUnknown } from './ambientEngine';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'docker-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function put(path: string, text: string, folder = join(home, '.docker')): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** As `docker context create` does. */
function context(name: string, host: string, { tls = false, folder }: { tls?: boolean; folder?: string } = {}): void {
  const id = createHash('sha256').update(name).digest('hex');
  put(`contexts/meta/${id}/meta.json`, JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }), folder);
  if (tls) put(`contexts/tls/${id}/docker/ca.pem`, 'CA', folder);
}

function engine(env: NodeJS.ProcessEnv = {}, config: Record<string, string> = {}) {
  const sources: EngineSources = { config: (name) => config[name], env: { HOME: home, ...env } };
  return ambientEngine(sources);
}

it('is that of this machine when nothing names one', () => {
  expect(engine()).toEqual({});
  put('config.json', '{"auths":{}}');
  expect(engine({ DOCKER_HOST: '', DOCKER_CONTEXT: '' })).toEqual({});
});

it('is the one of the context that the docker command uses', () => {
  context('colima', 'unix:///home/me/.colima/docker.sock');
  put('config.json', '{"currentContext":"colima"}');
  expect(engine()).toEqual({ engine: 'unix:///home/me/.colima/docker.sock' });
});

it('is named by the stack, then by DOCKER_HOST, DOCKER_CONTEXT and the current context', () => {
  for (const name of ['stack', 'env', 'current']) context(name, `ssh://me@${name}`);
  put('config.json', '{"currentContext":"current"}');
  const sources: [NodeJS.ProcessEnv, Record<string, string>, string][] = [
    [{}, {}, 'ssh://me@current'],
    [{ DOCKER_CONTEXT: 'env' }, {}, 'ssh://me@env'],
    [{ DOCKER_CONTEXT: 'env', DOCKER_HOST: 'tcp://h:1' }, {}, 'tcp://h:1'],
    [{ DOCKER_HOST: 'tcp://h:1' }, { host: 'tcp://c:1' }, 'tcp://c:1'],
    [{ DOCKER_HOST: 'tcp://h:1' }, { host: 'tcp://c:1', context: 'stack' }, 'ssh://me@stack'],
  ];
  for (const [env, config, expected] of sources) expect(engine(env, config)).toEqual({ engine: expected });
});

it('is that of this machine in the context "default"', () => {
  put('config.json', '{"currentContext":"elsewhere"}');
  expect(engine({ DOCKER_CONTEXT: 'default' })).toEqual({});
  expect(engine({ DOCKER_CONTEXT: 'elsewhere' }, { context: 'default', host: 'tcp://c:1' })).toEqual({});
  expect(engine({ DOCKER_HOST: 'tcp://h:1' }, { context: 'default' })).toEqual({ engine: 'tcp://h:1' });
});

it('is entered with the certificates of its context', () => {
  context('far', 'tcp://far:2376', { tls: true });
  const { engine: address, certPath } = engine({ DOCKER_CONTEXT: 'far' });
  expect(address).toBe('tcp://far:2376');
  expect(certPath).toMatch(/contexts\/tls\/[0-9a-f]{64}\/docker$/);
});

it('is looked for in the folder of DOCKER_CONFIG', () => {
  const folder = join(home, 'elsewhere');
  context('here', 'tcp://here:1', { folder });
  put('config.json', '{"currentContext":"here"}', folder);
  expect(engine({ DOCKER_CONFIG: folder })).toEqual({ engine: 'tcp://here:1' });
});

it.each<[string, NodeJS.ProcessEnv, RegExp]>([
  [
    'a context that there is not',
    { DOCKER_CONTEXT: 'nowhere' },
    /DOCKER_CONTEXT names the docker context "nowhere", .*"docker context ls"/,
  ],
  ['a file that is not JSON', {}, /config\.json, which may name it, is not JSON/],
])('says what to do about %s', (_, env, expected) => {
  put('config.json', '{"currentContext"');
  expect(() => engine(env)).toThrow(EngineUnknown);
  expect(() => engine(env)).toThrow(expected);
});

it('says of a context without an engine which file named it', () => {
  context('empty', '');
  const file = put('config.json', '{"currentContext":"empty"}');
  expect(() => engine()).toThrow(`${file} names the docker context "empty"`);
});
