import { addressPlan, defaultSubnet, subnetProblem } from './addresses';
import { instancesOf } from './blueprint';
import { distributedBlueprint } from './distributed';
import { checkPlatformArgs, type PlatformArgs } from './platformArgs';

const entry = (kind: string, isDefault: boolean) => ({
  kind,
  default: isDefault,
  image: { prefix: 'p', name: `runtime-${kind}`, tag: '1' },
});
const sources = {
  manifest: JSON.stringify({
    runtimes: { nodejs: [entry('nodejs:20', true), entry('nodejs:22', false)], python: [entry('python:3.11', true)] },
  }),
  tag: (context: string) => `tag-of-${context.replaceAll('/', '-')}`,
};
const blueprint = (args: PlatformArgs = {}) => distributedBlueprint({ target: 'docker', ...args }, 'shop-dev-platform', sources);
const service = (name: string, args: PlatformArgs = {}) => blueprint(args).services.find((one) => one.name === name)!;

it('is Kafka, CouchDB, an invoker, a controller, what nginx reads and nginx, in this order', () => {
  expect(blueprint().services.map(({ name, needs }) => [name, needs])).toEqual([
    ['kafka', []],
    ['couchdb', []],
    ['invoker', ['kafka', 'couchdb']],
    ['controller', ['kafka', 'couchdb', 'invoker']],
    ['nginx-files', ['controller']],
    ['nginx', ['nginx-files']],
  ]);
});

it('leaves out what is there already, and uses it', () => {
  const args: PlatformArgs = {
    docker: { kafka: { hosts: 'broker:9092' }, couchdb: { url: 'http://couch:5984', username: 'admin', password: 'hidden' } },
  };
  expect(blueprint(args).services.map(({ name }) => name)).toEqual(['invoker', 'controller', 'nginx-files', 'nginx']);
  expect(blueprint(args).generatedSecrets).toEqual(['adminKey']);
  const controller = service('controller', args);
  expect(controller.env).toMatchObject({ OPENWHISK_KAFKA_HOSTS: 'broker:9092', OPENWHISK_COUCHDB_URL: 'http://couch:5984' });
  expect(controller.hiddenEnv).toEqual({ OPENWHISK_COUCHDB_PASSWORD: 'hidden' });
  expect(JSON.stringify(controller.env)).not.toContain('hidden');
});

it('gives every instance a number, an address and ports of its own', () => {
  const [first, second] = instancesOf(service('controller', { docker: { controllers: 2 } }));
  expect([first!.name, second!.name]).toEqual(['controller0', 'controller1']);
  expect(second!.env.OPENWHISK_CONTROLLER_ID).toBe('1');
  const { controllersOnCore } = addressPlan(defaultSubnet('shop-dev-platform'));
  const last = Number(controllersOnCore.split('.')[3]);
  expect(second!.attachments).toContainEqual({ network: 'core', address: expect.stringMatching(new RegExp(`\\.${last + 1}$`)) });
  expect(instancesOf(service('invoker', { docker: { invokers: 3 } })).map(({ ports }) => ports[0]!.port)).toEqual([12001, 12002, 12003]);
});

const files = (args: PlatformArgs) =>
  service('nginx-files', args).files!.map((file) => ('content' in file ? file : { ...file, content: `<${file.generated}>` }));

it('tells nginx of every controller, in files that are no part of nginx', () => {
  const docker = { subnet: '10.200.0.0/16' };
  const [configuration] = files({ docker: { ...docker, controllers: 3 } });
  for (const last of [32, 33, 34]) expect(configuration!.content).toContain(`server 10.200.1.${last}:8080`);
  expect(service('nginx', { docker: { ...docker, controllers: 3 } })).toEqual(service('nginx', { docker }));
  expect(service('nginx', { docker: { ...docker, tls: { generate: true } } })).toEqual(service('nginx', { docker }));
});

it('makes the key of a certificate a file that is not shown', () => {
  const given = files({ docker: { tls: { certificate: 'CERT', key: 'KEY' } } });
  expect(given.find(({ content }) => content === 'KEY')).toMatchObject({ secret: true });
  expect(given[0]!.content).toContain('listen 8080 ssl');
  expect(given[0]!.content).toContain('listen 8081 ssl');
});

it('has a certificate made for all names clients come by', () => {
  const docker = { domain: 'example.com', subnet: '10.200.0.0/16', tls: { generate: true, names: ['other.example.org', '127.0.0.1'] } };
  const { certificate } = blueprint({ host: '0.0.0.0', docker: { ...docker, engine: 'ssh://me@far:22' } });
  expect(certificate).toEqual({
    names: ['example.com', '*.example.com', 'far', 'localhost', '127.0.0.1', '10.200.16.1', 'other.example.org'],
    days: 365,
  });
  expect(files({ docker }).map(({ content, secret }) => [content.slice(0, 16), secret])).toEqual([
    [expect.any(String), undefined],
    ['<tlsCertificate>', undefined],
    ['<tlsKey>', true],
  ]);
});

it('tells where Prometheus finds its parts', () => {
  const docker = { subnet: '10.200.0.0/16', controllers: 2, invokers: 2 };
  expect(blueprint({ docker }).metrics).toEqual(['10.200.1.32:8080', '10.200.1.33:8080', '127.0.0.1:12001', '127.0.0.1:12002']);
  expect(blueprint({ docker, settings: { CONFIG_whisk_metrics_prometheusEnabled: 'false' } }).metrics).toEqual([]);
});

it('builds an image for each kind wanted, under a tag that follows from its sources', () => {
  const { images, services } = blueprint({ docker: { kinds: ['nodejs:22'] } });
  expect(images.map(({ reference, buildArgs }) => [reference, buildArgs])).toEqual([
    ['shop-dev-platform/platform:tag-of-platform', undefined],
    ['shop-dev-platform/runtime-nodejs:22:tag-of-runtimes-nodejs', { NODE_VERSION: '22' }],
  ]);
  const manifest = JSON.parse(services.find(({ name }) => name === 'controller')!.env.OPENWHISK_RUNTIMES_MANIFEST!);
  // the only one of its family is its default
  expect(manifest.runtimes).toEqual({ nodejs: [expect.objectContaining({ kind: 'nodejs:22', default: true })] });
});

it('says which kinds there are when one is wanted that is not among them', () => {
  expect(() => blueprint({ docker: { kinds: ['nodejs:20', 'ruby:3'] } })).toThrow(
    'kinds has "ruby:3", for which the platform has no runtime: there are nodejs:20, nodejs:22, python:3.11; images.runtimes gives others an image.',
  );
});

it('reaches nginx from actions at the gateway of their network, and from nowhere else unless it is told', () => {
  const published = service('nginx').ports.map(({ name, published: at }) => [name, at!.map(({ address }) => address)]);
  const { gateway } = addressPlan(defaultSubnet('shop-dev-platform')).actions;
  expect(published).toEqual([
    ['api', ['127.0.0.1']],
    ['actions', [gateway]],
    ['admin', ['127.0.0.1']],
  ]);
  expect(service('invoker').env.OPENWHISK_PUBLIC_URL).toBe(`http://${gateway}:3233`);
  // they know no authority of the platform's own, and another scheme would be other invokers
  expect(service('invoker', { docker: { tls: { generate: true } } })).toEqual(service('invoker'));
  expect(files({ docker: { tls: { generate: true } } })[0]!.content).toContain('listen 8082 default_server;');
  const open = service('nginx', { host: '0.0.0.0' }).ports.map(({ published: at }) => at!.map(({ address }) => address));
  expect(open).toEqual([['0.0.0.0'], [], ['0.0.0.0']]);
});

it.each<[string, Partial<PlatformArgs>, number, boolean]>([
  ['behind TLS on all addresses, the one after the admin port', { adminPort: 4000, docker: { tls: { generate: true } } }, 4001, true],
  ['the one that is given', { docker: { tls: { generate: true }, actionsPort: 5000 } }, 5000, true],
  ['without TLS that of the API, which is open there already', { apiPort: 4000 }, 4000, false],
])('tells actions, on all addresses, a port with plain HTTP: %s', (_, more, port, published) => {
  const { gateway } = addressPlan(defaultSubnet('shop-dev-platform')).actions;
  const args = { host: '0.0.0.0', ...more };
  expect(service('invoker', args).env.OPENWHISK_PUBLIC_URL).toBe(`http://${gateway}:${port}`);
  const actions = service('nginx', args).ports.find(({ name }) => name === 'actions');
  expect(actions!.published).toEqual(published ? [{ address: gateway, port }] : []);
});

it.each(['a-b', 'shop-dev-platform', ''])('has a block of addresses for the name "%s"', (name) => {
  expect(subnetProblem(defaultSubnet(name))).toBeUndefined();
});

it.each<PlatformArgs>([
  { target: 'docker', host: '0.0.0.0', docker: { engine: 'ssh://me@far' } },
  { target: 'docker', docker: { engine: 'tcp://localhost:2375' } },
  { target: 'docker', docker: { engine: 'tcp://localhost:2376', engineAccess: { certPath: 'certificates' } } },
  { target: 'docker', docker: { kafka: { hosts: 'a:9093,b:9093', tls: true, replicationFactor: 3 }, memory: { kafka: 64 } } },
  { target: 'docker', docker: { domain: 'example.com', tls: { generate: true, names: ['::1', '10.1.2.3', '*.a.b'], days: 1 } } },
])('takes %j', (args) => {
  expect(checkPlatformArgs(args)).toEqual([]);
});

it.each<[object, string, string]>([
  [{ target: 'docker', docker: { kafkaHosts: 'k:9092' } }, 'docker.kafkaHosts', 'is not known: there are controllers,'],
  [{ target: 'docker', docker: { kafka: 'k:9092' } }, 'docker.kafka', 'must be a map of hosts,'],
  [{ target: 'docker', docker: { kafka: { hosts: 9092 } } }, 'docker.kafka.hosts', 'must be a string'],
  [{ target: 'docker', docker: { tls: { names: 'a.b' } } }, 'docker.tls.names', 'must be a list'],
  [{ target: 'docker', docker: { images: { runtimes: [] } } }, 'docker.images.runtimes', 'must be a map'],
  [{ target: 'docker', docker: [] }, 'docker', 'must be a map of'],
  [{ apiport: 1 }, 'apiport', 'is not known'],
  [{ toString: 1 }, 'toString', 'is not known'],
])('refuses %j, which is no argument, or of another sort', (args, path, reason) => {
  expect(checkPlatformArgs(args)).toEqual([{ path, reason: expect.stringContaining(reason) }]);
});

it.each<[PlatformArgs, string]>([
  [{ target: 'docker', docker: { controllers: 0 } }, 'docker.controllers'],
  [{ target: 'docker', docker: { invokers: 65 } }, 'docker.invokers'],
  [{ target: 'docker', docker: { subnet: '10.0.0.0/8' } }, 'docker.subnet'],
  [{ target: 'docker', docker: { actionsPort: 0 } }, 'docker.actionsPort'],
  [{ target: 'docker', host: '0.0.0.0', docker: { actionsPort: 3234 } }, 'docker.actionsPort'],
  [{ target: 'docker', host: '0.0.0.0', docker: { actionsPort: 3233, tls: { generate: true } } }, 'docker.actionsPort'],
  [{ target: 'docker', host: '0.0.0.0', adminPort: 65535, docker: { tls: { generate: true } } }, 'docker.actionsPort'],
  [{ target: 'docker', docker: { engine: 'here' } }, 'docker.engine'],
  [{ target: 'docker', docker: { engine: 'ssh://me@far' } }, 'host'],
  [{ target: 'docker', docker: { tls: { certificate: '', key: 'k' } } }, 'docker.tls'],
  [{ target: 'docker', docker: { tls: {} } }, 'docker.tls'],
  [{ target: 'docker', docker: { tls: { generate: true, key: 'k' } } }, 'docker.tls'],
  [{ target: 'docker', docker: { tls: { certificate: 'c', key: 'k', renewal: '2' } } }, 'docker.tls'],
  [{ target: 'docker', docker: { tls: { generate: true, names: ['a b'] } } }, 'docker.tls.names'],
  [{ target: 'docker', docker: { tls: { generate: true, names: ['::1', '1.2.3.4', '*.a.b', '*'] } } }, 'docker.tls.names'],
  [{ target: 'docker', docker: { tls: { generate: true, days: 0 } } }, 'docker.tls.days'],
  [{ target: 'docker', docker: { kinds: [] } }, 'docker.kinds'],
  [{ target: 'docker', docker: { domain: 'a b' } }, 'docker.domain'],
  [{ target: 'docker', docker: { healthTimeout: 0 } }, 'docker.healthTimeout'],
  [{ target: 'docker', docker: { engine: 'unix:///s', engineAccess: { sshOpts: [] } } }, 'docker.engineAccess.sshOpts'],
  [{ target: 'docker', host: '::', docker: { engine: 'ssh://far', engineAccess: { certPath: 'c' } } }, 'docker.engineAccess.certPath'],
  [{ target: 'docker', docker: { engineAccess: { certMaterial: 'c', caMaterial: 'a' } } }, 'docker.engineAccess.keyMaterial'],
  [
    { target: 'docker', docker: { engineAccess: { certPath: 'c', caMaterial: 'a', certMaterial: 'c', keyMaterial: 'k' } } },
    'docker.engineAccess.certPath',
  ],
  [{ target: 'docker', docker: { kafka: { hosts: 'kafka' } } }, 'docker.kafka.hosts'],
  [{ target: 'docker', docker: { kafka: { hosts: 'http://kafka:9092' } } }, 'docker.kafka.hosts'],
  [{ target: 'docker', docker: { kafka: { hosts: 'k:1', tls: false, caCertificate: 'c' } } }, 'docker.kafka.caCertificate'],
  [{ target: 'docker', docker: { kafka: { hosts: 'k:1', replicationFactor: 0 } } }, 'docker.kafka.replicationFactor'],
  [{ target: 'docker', docker: { couchdb: { url: 'http://u:p@c:5984', username: 'u', password: 'p' } } }, 'docker.couchdb.url'],
  [{ target: 'docker', docker: { couchdb: { url: 'c:5984', username: 'u', password: 'p' } } }, 'docker.couchdb.url'],
  [{ target: 'docker', docker: { memory: { nginx: 63 } } }, 'docker.memory.nginx'],
  [{ target: 'docker', docker: { images: { runtimes: { ruby: 'me/ruby:1' } } } }, 'docker.images.runtimes'],
  [{ docker: {} }, 'docker'],
])('refuses %j at %s', (args, path) => {
  expect(checkPlatformArgs(args).map((problem) => problem.path)).toEqual([path]);
});
