import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComponentResource, runtime } from '@pulumi/pulumi';
import * as cdktf from 'cdktf';
import * as cdktn from 'cdktn';
import { distributedBlueprint } from '../blueprint/distributed';
import type { DockerArgs, PlatformArgs } from '../blueprint/platformArgs';
import { type CdktfLibrary, type OpenWhiskPlatformConfig, platformConstruct } from './cdktf/platformConstruct';
import { dockerPlan } from './docker/dockerPlan';
import { renderDocker } from './docker/renderDocker';
import { ImageSources } from './imageSources';

/** A container as any of the engines would make it, in one form. */
interface Rendered {
  image: string;
  command: string[];
  env: string[];
  memory: number;
  restart: string;
  entrypoint: string[];
  addresses: string[];
  ports: string[];
  files: string[];
  health: string[];
  grace: number;
}

type Json = Record<string, unknown>;

let folder: string;
let sources: ImageSources;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-sources-'));
  for (const context of ['platform', 'runtimes/nodejs', 'runtimes/python']) {
    mkdirSync(join(folder, context), { recursive: true });
    writeFileSync(join(folder, context, 'Dockerfile'), 'FROM scratch\n');
  }
  const entry = (kind: string) => ({ kind, default: true, image: { prefix: 'p', name: `runtime-${kind.replace(':', '-')}`, tag: '1' } });
  writeFileSync(
    join(folder, 'runtimes.json'),
    JSON.stringify({ runtimes: { nodejs: [entry('nodejs:20')], python: [entry('python:3.11')] } }),
  );
  sources = new ImageSources(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const samples: readonly [string, Omit<PlatformArgs, 'docker' | 'target'>, DockerArgs][] = [
  ['the defaults', {}, {}],
  ['several of each', { apiPort: 80, adminPort: 81, userMemory: 512 }, { controllers: 3, invokers: 2, subnet: '10.200.0.0/16' }],
  ['limits and settings', { limits: { firesPerMinute: 7 }, settings: { CONFIG_whisk_x: `$\{y}` }, logLevel: 'debug' }, {}],
  ['TLS and a domain', { host: '0.0.0.0' }, { domain: 'example.com', tls: { certificate: 'CERT', key: 'KEY' } }],
  ['a certificate that is generated', {}, { domain: 'example.com', tls: { generate: true, days: 90 } }],
  ['parts that are there', {}, { kafka: { hosts: 'k:9092' }, couchdb: { url: 'http://c:5984', username: 'u', password: 'p' } }],
  [
    'parts that are there and guarded',
    {},
    {
      kafka: { hosts: 'k:9092', caCertificate: 'CA', sasl: { username: 'u', password: 'p' }, replicationFactor: 3 },
      couchdb: { url: 'https://c:6984', username: 'u', password: 'p', caCertificate: 'CA' },
    },
  ],
  ['other bounds of memory', {}, { memory: { kafka: 2048, controller: 700, nginx: 64 } }],
  [
    'images by name',
    { retainData: true },
    { kinds: ['nodejs:20'], images: { platform: 'me/platform:1', kafka: 'me/kafka:1', runtimes: { 'ruby:3': 'me/ruby:3' } } },
  ],
];

describe.each(samples)('%s', (_title, general, docker) => {
  test('is the same through Pulumi, cdktf and cdktn', async () => {
    const pulumi = await withPulumi({ ...general, target: 'docker', docker });
    const config = { ...general, ...docker, adminKey: 'the admin key', couchdbPassword: 'the password' };
    expect(withConstructs(cdktf, config)).toEqual(pulumi);
    expect(withConstructs(cdktn as unknown as CdktfLibrary, config)).toEqual(pulumi);
  });

  test('has every container behind those it needs, and one name for each thing', () => {
    const plan = dockerPlan(distributedBlueprint({ ...general, target: 'docker', docker }, 'p', sources), 'p');
    const seen = new Set<string>();
    for (const { key, after } of plan.containers) {
      expect(after.filter((needed) => !seen.has(needed))).toEqual([]);
      seen.add(key);
    }
    const names = [...plan.containers, ...plan.networks, ...plan.volumes].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const published = plan.containers.flatMap(({ ports }) => ports.map(({ address, external }) => `${address}:${external}`));
    expect(new Set(published).size).toBe(published.length);
  });
});

test('what Pulumi is given marks what must not be shown', async () => {
  const seen: Json[] = [];
  await withPulumi({ target: 'docker', docker: { tls: { certificate: 'CERT', key: 'THE KEY' } } }, seen);
  const controller = seen.find((inputs) => inputs.name === 'p-controller0')!;
  expect(controller.envs).toContain('OPENWHISK_ADMIN_KEY_FILE=/run/openwhisk/OPENWHISK_ADMIN_KEY');
  const isSecret = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value) && 'value' in value;
  expect(isSecret(controller.uploads)).toBe(true);
  expect(isSecret(seen.find((inputs) => inputs.name === 'p-nginx-files')!.uploads)).toBe(true);
  expect(isSecret(seen.find((inputs) => inputs.name === 'p-couchdb')!.envs)).toBe(true);
});

test('the key of an engine is hidden from all but the docker provider and what asks the engine', async () => {
  const seen: Json[] = [];
  const engineAccess = { caMaterial: 'CA', certMaterial: 'CERT', keyMaterial: 'THE KEY' };
  await withPulumi({ target: 'docker', docker: { engineAccess } }, seen);
  const having = seen.filter(({ keyMaterial }) => keyMaterial !== undefined);
  // the provider, its check, the health of six containers, the proof
  expect(having).toHaveLength(9);
  for (const { keyMaterial } of having) expect(keyMaterial).toMatchObject({ value: 'THE KEY' });
  expect(JSON.stringify(seen.map(({ keyMaterial: _, ...rest }) => rest))).not.toContain('THE KEY');
});

test('an engine that is named is the one that builds too, whatever the docker command of this machine is set to', async () => {
  const builders = (seen: Json[]) => seen.flatMap(({ build }) => (build === undefined ? [] : [(build as Json).useLegacyBuilder]));
  const named: Json[] = [];
  await withPulumi({ target: 'docker', host: '0.0.0.0', docker: { engine: 'tcp://far:2375' } }, named);
  expect(named.find(({ host }) => host !== undefined)).toMatchObject({ host: 'tcp://far:2375', context: '' });
  expect(new Set(builders(named))).toEqual(new Set([true]));
  const here: Json[] = [];
  await withPulumi({ target: 'docker' }, here);
  expect(new Set(builders(here))).toEqual(new Set([undefined]));
});

test.each([
  ['cdktf', cdktf],
  ['cdktn', cdktn as unknown as CdktfLibrary],
])('%s: a password may be a variable of Terraform', (_title, library) => {
  const { App, TerraformStack, TerraformVariable } = library as unknown as typeof cdktf;
  const stack = new TerraformStack(new App({ outdir: join(folder, 'out') }), 'stack');
  const password = new TerraformVariable(stack, 'password', { type: 'string', sensitive: true }).stringValue;
  const Platform = platformConstruct(library, () => sources);
  new Platform(stack, 'platform', { name: 'p', couchdb: { url: 'http://c:5984', username: 'u', password }, settings: { A: `$\{b}` } });
  const text = JSON.stringify(stack.toTerraform());
  expect(text).toContain(`"OPENWHISK_COUCHDB_PASSWORD=$\{var.password}"`);
  expect(text).toContain(`"A=$$\{b}"`);
});

async function withPulumi(args: PlatformArgs, raw: Json[] = []): Promise<Record<string, Rendered>> {
  const containers: Record<string, Rendered> = {};
  await runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      raw.push(inputs);
      if (type === 'docker:index/container:Container') containers[inputs.name] = ofPulumi(inputs);
      const generated: Record<string, Json> = {
        'x-adminKey': { value: 'the admin key' },
        'x-couchdbPassword': { value: 'the password' },
        'x-certificate': { certificate: 'CERT', key: 'KEY', caCertificate: 'CA' },
      };
      return { id: `${name}-id`, state: { ...inputs, ...generated[name] } };
    },
    call: () => ({}),
  });
  const parent = new ComponentResource('test:index:Parent', 'x');
  const rendered = renderDocker(distributedBlueprint(args, 'p', sources), {
    parent,
    engine: { ...(args.docker?.engine === undefined ? {} : { engine: args.docker.engine }), ...args.docker?.engineAccess },
    version: '0.0.0',
    name: 'x',
    platform: 'p',
    endpoints: { apiHost: 'http://a', adminUrl: 'http://b' },
    allowDataLoss: false,
    kind: 'nodejs:20',
    stage: (context) => context,
  });
  await new Promise((resolve) => rendered.apiHost.apply(resolve));
  return containers;
}

function ofPulumi(inputs: Json): Rendered {
  // a list with a secret in it is one
  const open = (value: unknown) => (typeof value === 'object' && value !== null && 'value' in value ? value.value : value);
  const bare = (value: unknown) => String(open(value));
  const rows = (value: unknown) => (open(value) ?? []) as Json[];
  return {
    image: String(inputs.image),
    command: (inputs.command ?? []) as string[],
    env: rows(inputs.envs).map(bare).sort(),
    memory: Number(inputs.memory),
    restart: String(inputs.restart),
    entrypoint: (inputs.entrypoints ?? []) as string[],
    addresses: inputs.networkMode
      ? [String(inputs.networkMode)]
      : rows(inputs.networksAdvanced).map(({ name, ipv4Address }) => `${name} ${ipv4Address}`),
    ports: rows(inputs.ports).map(({ ip, external, internal }) => `${ip}:${external}->${internal}`),
    files: rows(inputs.uploads).map(({ file, content }) => `${file}: ${bare(content)}`),
    health: (inputs.healthcheck as { tests: string[] }).tests,
    grace: Number(inputs.destroyGraceSeconds),
  };
}

function withConstructs(library: CdktfLibrary, config: OpenWhiskPlatformConfig): Record<string, Rendered> {
  const { App, TerraformStack } = library as unknown as typeof cdktf;
  const stack = new TerraformStack(new App({ outdir: join(folder, 'out') }), 'stack');
  const Platform = platformConstruct(library, () => sources);
  new Platform(stack, 'platform', { name: 'p', ...config });
  const { resource } = JSON.parse(JSON.stringify(stack.toTerraform())) as { resource: Record<string, Record<string, Json>> };
  const names = new Map<string, string>();
  for (const [type, resources] of Object.entries(resource))
    for (const [id, { name }] of Object.entries(resources)) {
      names.set(`\${${type}.${id}.name}`, String(name));
      names.set(`\${${type}.${id}.cert_pem}`, 'CERT').set(`\${${type}.${id}.private_key_pem}`, 'KEY');
    }
  const real = (value: unknown) => names.get(String(value)) ?? String(value);
  return Object.fromEntries(Object.values(resource.docker_container!).map((inputs) => [inputs.name, ofTerraform(inputs, real)]));
}

function ofTerraform(inputs: Json, real: (value: unknown) => string): Rendered {
  const rows = (value: unknown) => (value ?? []) as Json[];
  const plain = (value: unknown) => String(value).replaceAll('$${', '${').replaceAll('%%{', '%{');
  return {
    image: real(inputs.image),
    command: (inputs.command ?? []) as string[],
    env: ((inputs.env ?? []) as unknown[]).map(plain).sort(),
    memory: Number(inputs.memory),
    restart: String(inputs.restart),
    entrypoint: ((inputs.entrypoint ?? []) as unknown[]).map(plain),
    addresses: inputs.network_mode
      ? [String(inputs.network_mode)]
      : rows(inputs.networks_advanced).map(({ name, ipv4_address }) => `${real(name)} ${ipv4_address}`),
    ports: rows(inputs.ports).map(({ ip, external, internal }) => `${ip}:${external}->${internal}`),
    files: rows(inputs.upload).map(({ file, content }) => `${file}: ${plain(real(content))}`),
    // Terraform's waits until callers have found the container
    health: (rows(inputs.healthcheck)[0]!.test as string[]).slice(0, 4),
    grace: Number(inputs.destroy_grace_seconds),
  };
}
