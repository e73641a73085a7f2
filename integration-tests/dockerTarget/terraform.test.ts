import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenWhiskPlatform } from '@openwhisk-as-code/provider/cdktf';
import { App, LocalBackend, TerraformOutput, TerraformStack } from 'cdktf';
import { build } from 'esbuild';
import { runCommand } from '../../tooling/src/command';
import { paths } from '../../tooling/src/repository';
import { acquireTerraform, type Terraform } from '../../tooling/src/terraform';
import { dockerEngine } from '../docker/engine';
import { call } from '../httpCall';
import { basic, freePort } from '../platformProcess';
import { type EngineListing, listEngine } from './engineListing';

/** The same platform through Terraform: synthesised by cdktf, planned and applied by the real terraform with the real Docker provider. */
jest.setTimeout(400_000);
const docker = dockerEngine();
const keys = { platform_admin_key: 'a-key-of-the-admin-API', platform_couchdb_password: 'a-password-of-the-database' };
const root = mkdtempSync(join(tmpdir(), 'terraform-'));

let terraform: Terraform;
let ports: { apiPort: number; adminPort: number };
let before: EngineListing;
let folder: string;

beforeAll(async () => {
  terraform = await acquireTerraform(root);
  ports = { apiPort: await freePort(), adminPort: await freePort() };
  before = await listEngine(docker);
  const app = new App({ outdir: join(root, 'out') });
  const stack = new TerraformStack(app, 'openwhisk');
  new LocalBackend(stack, { path: join(root, 'terraform.tfstate') });
  const limits = { invocationsPerMinute: 6000, concurrentInvocations: 200 };
  const platform = new OpenWhiskPlatform(stack, 'platform', {
    name: 'tf',
    ...ports,
    limits,
    kinds: ['nodejs:20'],
    invokerPort: await freePort(),
  });
  new TerraformOutput(stack, 'api_host', { value: platform.apiHost });
  app.synth();
  folder = join(root, 'out/stacks/openwhisk');
});
afterAll(async () => {
  await run('destroy', '-auto-approve').catch(() => undefined);
  rmSync(root, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const variables = Object.fromEntries(Object.entries(keys).map(([name, value]) => [`TF_VAR_${name}`, value]));
  const env = { ...process.env, ...terraform.environment, ...variables };
  const { code, stdout, stderr } = await runCommand(terraform.executable, [...args, '-no-color'], { cwd: folder, env });
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

test('apply: an action answers', async () => {
  expect(await succeed('apply', '-auto-approve')).toContain('Apply complete!');
  const admin = `http://127.0.0.1:${ports.adminPort}/v1/namespaces/guest`;
  const { json } = await call(admin, { method: 'PUT', headers: { authorization: `Bearer ${keys.platform_admin_key}` }, json: {} });
  const headers = { authorization: basic(json.auth) };
  const action = `http://127.0.0.1:${ports.apiPort}/api/v1/namespaces/_/actions/hello`;
  await call(action, {
    method: 'PUT',
    headers,
    json: { exec: { kind: 'nodejs:20', code: 'function main({ name }) { return { name }; }' } },
  });
  const answer = await call(`${action}?blocking=true&result=true`, { method: 'POST', headers, json: { name: 'bob' } });
  expect(answer.json).toEqual({ name: 'bob' });
});

test('a second plan is empty', async () => {
  // 2 would say that there is a difference
  const { code, output } = await run('plan', '-detailed-exitcode');
  expect([code, output.match(/^.*(forces replacement|^ *[-+~] ).*$/gm)?.join('\n')]).toEqual([0, undefined]);
});

test('destroy leaves the engine as it was found', async () => {
  await succeed('destroy', '-auto-approve');
  expect(await listEngine(docker)).toEqual(before);
});

test('the example synthesises the same platform', async () => {
  const place = join(paths.tools, 'cdktf-example');
  const program = join(place, 'main.js');
  await build({
    entryPoints: [join(__dirname, '../../examples/cdktf/main.ts')],
    outfile: program,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  execFileSync(process.execPath, [program], { env: { ...process.env, CDKTF_OUTDIR: join(place, 'out') }, cwd: place });
  const { resource } = JSON.parse(readFileSync(join(place, 'out/stacks/openwhisk/cdk.tf.json'), 'utf8'));
  const names = Object.values(resource.docker_container as Record<string, { name: string }>).map(({ name }) => name);
  expect(names.sort()).toEqual(['controller0', 'couchdb', 'invoker0', 'kafka', 'nginx'].map((part) => `openwhisk-${part}`));
});
