import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { runCommand } from '../../tooling/src/command';
import { paths } from '../../tooling/src/repository';
import { acquireTerraform, type Terraform } from '../../tooling/src/terraform';
import { dockerEngine } from '../docker/engine';
import { call } from '../httpCall';
import { basic, freePort } from '../platformProcess';
import { SteadyLoad } from '../steadyLoad';
import { type EngineListing, listEngine } from './engineListing';

/** The same platform through Terraform: synthesised by cdktf, planned and applied by the real terraform with the real Docker provider. */
const docker = dockerEngine();
const keys = { platform_admin_key: 'a-key-of-the-admin-API', platform_couchdb_password: 'a-password-of-the-database' };
const root = mkdtempSync(join(tmpdir(), 'terraform-'));

const STACK = 'test';
const stacksFolder = join(__dirname, '../../stacks/terraform');
const folder = join(root, 'cdktf.out/stacks', STACK);

let terraform: Terraform;
let settings: Record<string, unknown>;
let before: EngineListing;
let auth: string;

beforeAll(async () => {
  terraform = await acquireTerraform(root);
  await docker
    .getImage('openwhisk-as-code/sandbox:1')
    .remove()
    .catch(() => undefined);
  before = await listEngine(docker);
  settings = {
    'platform:target': 'docker',
    'platform:apiPort': String(await freePort()),
    'platform:adminPort': String(await freePort()),
    'platform:limits': { invocationsPerMinute: 100_000, concurrentInvocations: 1000 },
    'platform:docker': { controllers: 2, invokers: 2, kinds: ['nodejs:20'], invokerPort: await freePort() },
  };
  await bundle(join(stacksFolder, 'main.ts'), program);
  synthesise();
});
afterAll(async () => {
  await run('destroy', '-auto-approve').catch(() => undefined);
  rmSync(root, { recursive: true, force: true });
});

/** Where a bundled program finds the packages of this repository. */
const place = join(paths.tools, 'cdktf-stack');
const program = join(place, 'main.js');

function bundle(entry: string, outfile: string): Promise<unknown> {
  const node = { platform: 'node', target: 'node20', format: 'cjs' } as const;
  return build({ entryPoints: [entry], outfile, bundle: true, packages: 'external', logLevel: 'warning', ...node });
}

/** What the stack's program makes of the settings as they are. */
function synthesise(): void {
  const file = join(root, `Pulumi.${STACK}.yaml`);
  writeFileSync(file, JSON.stringify({ config: settings }));
  const env = { ...process.env, OPENWHISK_STACK: STACK, OPENWHISK_STACK_FILE: file, CDKTF_OUTDIR: join(root, 'cdktf.out') };
  execFileSync(process.execPath, [program], { env, cwd: root });
}

function environment(): NodeJS.ProcessEnv {
  const variables = Object.fromEntries(Object.entries(keys).map(([name, value]) => [`TF_VAR_${name}`, value]));
  return { ...process.env, ...terraform.environment, ...variables };
}

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await runCommand(terraform.executable, [...args, '-no-color'], { cwd: folder, env: environment() });
  return { code, output: stdout + stderr };
}

async function succeed(...args: string[]): Promise<string> {
  const { code, output } = await run(...args);
  if (code !== 0) throw new Error(`terraform ${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

test('what is synthesised is valid', async () => {
  await succeed('init');
  expect(await succeed('validate')).toContain('The configuration is valid');
});

const apiHost = () => `http://127.0.0.1:${settings['platform:apiPort']}`;

test('apply: an action answers', async () => {
  expect(await succeed('apply', '-auto-approve')).toContain('Apply complete!');
  const admin = `http://127.0.0.1:${settings['platform:adminPort']}/v1/namespaces/guest`;
  const { json } = await call(admin, { method: 'PUT', headers: { authorization: `Bearer ${keys.platform_admin_key}` }, json: {} });
  auth = json.auth;
  const headers = { authorization: basic(auth) };
  const action = `${apiHost()}/api/v1/namespaces/_/actions/hello`;
  await call(action, {
    method: 'PUT',
    headers,
    json: { exec: { kind: 'nodejs:20', code: 'function main({ name }) { return { greeting: "hello " + name }; }' } },
  });
  const answer = await call(`${action}?blocking=true&result=true`, { method: 'POST', headers, json: { name: 'bob' } });
  expect(answer.json).toEqual({ greeting: 'hello bob' });
});

test('a second plan is empty', async () => {
  // 2 would say that there is a difference
  const { code, output } = await run('plan', '-detailed-exitcode');
  expect([code, output.match(/^.*(forces replacement|^ *[-+~] ).*$/gm)?.join('\n')]).toEqual([0, undefined]);
});

test('a new image rolls one by one with stacks/terraform/roll.sh, under load: no request fails', async () => {
  const { Image } = (await docker.getContainer(`openwhisk-${STACK}-controller0`).inspect()) as { Image: string };
  await docker.getImage(Image).tag({ repo: 'tf-test/upgraded', tag: '2' });
  settings['platform:docker'] = { ...(settings['platform:docker'] as object), images: { platform: 'tf-test/upgraded:2' } };
  synthesise();
  const load = new SteadyLoad(apiHost(), auth);
  const env = { ...environment(), PATH: `${dirname(terraform.executable)}:${process.env.PATH}` };
  const { code, stdout, stderr } = await runCommand(join(stacksFolder, 'roll.sh'), ['-no-color'], { cwd: folder, env });
  expect(await load.stop()).toEqual({ failures: [], answered: expect.any(Number) });
  expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, '']);
  for (const part of ['controller0', 'controller1', 'invoker0', 'invoker1'])
    expect((await docker.getContainer(`openwhisk-${STACK}-${part}`).inspect()).Config.Image).toBe('tf-test/upgraded:2');
});

test('destroy leaves the engine as it was found', async () => {
  await succeed('destroy', '-auto-approve');
  await docker.getImage('tf-test/upgraded:2').remove();
  expect(await listEngine(docker)).toEqual(before);
});

test('settings that Terraform cannot use are refused with what to do', () => {
  const used = settings;
  try {
    settings = { ...used, 'platform:target': 'local' };
    expect(synthesise).toThrow(/is of the target "local"; Terraform makes containers, target "docker"/);
    settings = { ...used, 'platform:docker': { couchdb: { url: 'http://c', username: 'u', password: { secure: 'v1:x' } } } };
    expect(synthesise).toThrow(/platform:docker in .* is encrypted, which only Pulumi can read/);
  } finally {
    settings = used;
  }
});

test('a certificate that is generated comes with the authority clients have to trust as an output', () => {
  const used = settings;
  try {
    settings = { ...used, 'platform:docker': { ...(used['platform:docker'] as object), tls: { generate: true } } };
    synthesise();
    const { output, resource } = JSON.parse(readFileSync(join(folder, 'cdk.tf.json'), 'utf8'));
    const authority = Object.keys(resource.tls_self_signed_cert)[0];
    expect(output.ca_certificate.value).toBe(`\${tls_self_signed_cert.${authority}.cert_pem}`);
  } finally {
    settings = used;
    synthesise();
  }
});

test.each(['staging', 'prod'])('the stack %s synthesises from its own configuration', (name) => {
  const env = { ...process.env, OPENWHISK_STACK: name, CDKTF_OUTDIR: join(root, name) };
  execFileSync(process.execPath, [program], { env, cwd: stacksFolder });
  const { resource } = JSON.parse(readFileSync(join(root, name, 'stacks', name, 'cdk.tf.json'), 'utf8'));
  expect(Object.keys(resource.docker_container)).toHaveLength(8);
});

test('the example synthesises the same platform', async () => {
  const place = join(paths.tools, 'cdktf-example');
  await bundle(join(__dirname, '../../examples/cdktf/main.ts'), join(place, 'main.js'));
  execFileSync(process.execPath, [join(place, 'main.js')], { env: { ...process.env, CDKTF_OUTDIR: join(place, 'out') }, cwd: place });
  const { resource } = JSON.parse(readFileSync(join(place, 'out/stacks/openwhisk/cdk.tf.json'), 'utf8'));
  const names = Object.values(resource.docker_container as Record<string, { name: string }>).map(({ name }) => name);
  expect(names.sort()).toEqual(['controller0', 'couchdb', 'invoker0', 'kafka', 'nginx', 'nginx-files'].map((part) => `openwhisk-${part}`));
});
