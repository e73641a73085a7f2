// `npm run bench:provider`: a program of many actions against the same program of as many trivial component resources, in one run.
//   -- --actions N   how many (default 1000)
//   -- --json FILE   also write the figures to FILE
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as pulumi from '@pulumi/pulumi';
import { LocalWorkspace } from '@pulumi/pulumi/automation/index.js';
import openwhisk from 'pulumi-openwhisk';
import { residentMb, startPlatform } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { acquirePulumiCli } = require('../../tooling/dist/pulumiCli/acquire');
const { pulumiBehaviour, pulumiSearchPath } = require('../../tooling/dist/pulumiEnvironment');
const { values } = parseArgs({ options: { actions: { type: 'string', default: '1000' }, json: { type: 'string' } } });
const count = Number(values.actions);
const say = (text) => process.stderr.write(`${text}\n`);

class Trivial extends pulumi.ComponentResource {
  constructor(name) {
    super('bench:index:Trivial', name);
    this.registerOutputs({ name });
  }
}

function floorProgram() {
  for (let i = 0; i < count; i++) new Trivial(`trivial-${i}`);
}

function actionsProgram(apiHost, auth) {
  const provider = new openwhisk.Provider('host', { apiHost, auth });
  for (let i = 0; i < count; i++) {
    const code = `function main(args) { return { number: ${i}, args }; }`;
    new openwhisk.Action(`action-${i}`, { kind: 'nodejs:20', code, parameters: { i } }, { provider });
  }
}

/** First up, preview and up with nothing to do, in seconds. */
async function life(name, program, envVars, root) {
  const workDir = join(root, name);
  mkdirSync(workDir);
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: 'bench', projectName: name, program: async () => program() },
    { workDir, envVars, projectSettings: { name, runtime: 'nodejs' } },
  );
  const timed = async (what, work) => {
    say(`  ${name}: ${what} ...`);
    const begin = performance.now();
    await work();
    return (performance.now() - begin) / 1000;
  };
  const quiet = { color: 'never' };
  const times = {
    up: await timed('first up', () => stack.up(quiet)),
    preview: await timed('preview, nothing to do', () => stack.preview({ ...quiet, expectNoChanges: true })),
    noop: await timed('up, nothing to do', () => stack.up({ ...quiet, expectNoChanges: true })),
  };
  say(`  ${name}: destroy ...`);
  await stack.destroy(quiet);
  return times;
}

/** Seconds from the start of the plugin to its port and to its first answer, and its memory then. */
async function pluginStart() {
  const begin = performance.now();
  const child = spawn(process.execPath, [join(here, '../../provider/dist/plugin.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const port = await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(Number(String(chunk).trim()))));
    const announced = (performance.now() - begin) / 1000;
    const grpc = require('@grpc/grpc-js');
    const { ResourceProviderClient } = require('@pulumi/pulumi/proto/provider_grpc_pb');
    const { Empty } = require('google-protobuf/google/protobuf/empty_pb');
    const loaded = performance.now();
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    await new Promise((resolve, reject) => client.getPluginInfo(new Empty(), (error) => (error ? reject(error) : resolve())));
    const answered = announced + (performance.now() - loaded) / 1000;
    return { answered, memoryMb: residentMb(child.pid) };
  } finally {
    child.kill('SIGKILL');
  }
}

const root = mkdtempSync(join(tmpdir(), 'bench-provider-'));
mkdirSync(join(root, 'state'));
const platform = await startPlatform(1024);
try {
  process.env.PATH = pulumiSearchPath(await acquirePulumiCli());
  const envVars = {
    ...pulumiBehaviour,
    PULUMI_HOME: join(root, 'home'),
    PULUMI_BACKEND_URL: pathToFileURL(join(root, 'state')).href,
    PULUMI_CONFIG_PASSPHRASE: 'bench',
  };
  const starts = [];
  for (let i = 0; i < 5; i++) starts.push(await pluginStart());
  const start = starts.sort((a, b) => a.answered - b.answered)[2];
  const floor = await life('floor', floorProgram, envVars, root);
  const auth = Buffer.from(platform.authorization.slice('Basic '.length), 'base64').toString('utf8');
  const actions = await life('actions', () => actionsProgram(`http://127.0.0.1:${platform.port}`, auth), envVars, root);
  say('');
  const row = (cells) => say(cells.map((c, i) => String(c)[i === 0 ? 'padEnd' : 'padStart'](i === 0 ? 24 : 14)).join(''));
  row([`${count} resources`, 'components s', 'actions s', 'ratio']);
  for (const [key, title] of [
    ['up', 'first up'],
    ['preview', 'preview, no change'],
    ['noop', 'up, no change'],
  ]) {
    row([title, floor[key].toFixed(2), actions[key].toFixed(2), (actions[key] / floor[key]).toFixed(2)]);
  }
  say(
    `\nplugin: ${start.answered.toFixed(2)} s from start to first answer, ${start.memoryMb.toFixed(0)} MB then (median of ${starts.length})`,
  );
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ count, floor, actions, plugin: start }, null, 2)}\n`);
} finally {
  await platform.stop();
  rmSync(root, { recursive: true, force: true });
}
