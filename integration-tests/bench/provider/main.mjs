// 1,000 actions against the same number of trivial component resources: first up, preview and up without a change, and what the plugin itself
// costs. `npm run bench -w provider`; `-- --actions N` for another number, `-- --json FILE` for programs. Needs `npm run build` before.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import providerService from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';

const repository = resolve(import.meta.dirname, '../../..');
const { values: options } = parseArgs({ options: { actions: { type: 'string', default: '1000' }, json: { type: 'string' } } });
const count = Number(options.actions);
const { acquirePulumiCli } = await import(join(repository, 'tooling/dist/pulumiCli/acquire.js'));
const { pulumiBehaviour, pulumiSearchPath } = await import(join(repository, 'tooling/dist/pulumiEnvironment.js'));
const cli = await acquirePulumiCli();
const root = mkdtempSync(join(tmpdir(), 'bench-provider-'));
const started = [];

function run(command, args, { env, cwd, ready }) {
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise((done) => child.once('exit', done));
  const isReady = new Promise((done) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk;
        if (ready?.test(output)) done();
      });
  });
  started.push({ child, ended });
  return { child, ended, isReady, output: () => output };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

// Nothing outlives an interrupted run.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const { child } of started) child.kill();
    rmSync(root, { recursive: true, force: true });
    process.exit(1);
  });
}

/** Processor time a process has used, in ms. */
function processorTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The largest resident memory a process had, in MB. */
const peakMemory = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** From the start of the plugin to its answer to the first question, in ms, and its memory then, in MB. */
async function measureStart() {
  const begin = performance.now();
  const { child, isReady, output } = run(join(repository, 'provider/bin/pulumi-resource-openwhisk'), [], {
    env: process.env,
    ready: /^\d+\n/,
  });
  await isReady;
  const client = new providerService.ResourceProviderClient(`127.0.0.1:${output().trim()}`, credentials.createInsecure());
  await new Promise((done, fail) => client.getPluginInfo(new empty.Empty(), (error) => (error ? fail(error) : done())));
  const result = { ms: performance.now() - begin, cpuMs: processorTime(child.pid), mb: memory(child.pid) };
  client.close();
  child.kill();
  return result;
}

async function platform() {
  const [port, adminPort] = [await freePort(), await freePort()];
  const adminKey = 'a-key-for-the-benchmark-alone';
  const env = {
    PATH: process.env.PATH,
    OPENWHISK_API_PORT: port,
    OPENWHISK_ADMIN_PORT: adminPort,
    OPENWHISK_ADMIN_KEY: adminKey,
    OPENWHISK_DATA_DIR: join(root, 'data'),
    OPENWHISK_LOG_LEVEL: 'error',
  };
  const { child } = run(process.execPath, [join(repository, 'platform/dist/main/standalone.js')], { env });
  for (;;) {
    if (child.exitCode !== null) throw new Error('The platform did not come up.');
    const answer = await fetch(`http://127.0.0.1:${adminPort}/health`).catch(() => undefined);
    if (answer?.ok) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const made = await fetch(`http://127.0.0.1:${adminPort}/v1/namespaces/bench`, { method: 'PUT', headers, body: '{}' });
  return { apiHost: `http://127.0.0.1:${port}`, auth: (await made.json()).auth, namespace: 'bench' };
}

/** One program through its life: the time of each step in seconds. */
async function life(name, source) {
  const project = join(root, name);
  for (const folder of [project, `${project}-home`, `${project}-state`]) mkdirSync(folder);
  symlinkSync(join(repository, 'node_modules'), join(project, 'node_modules'));
  writeFileSync(join(project, 'Pulumi.yaml'), `name: ${name}\nruntime: nodejs\n`);
  writeFileSync(join(project, 'package.json'), `{ "name": "${name}", "main": "index.js" }`);
  writeFileSync(join(project, 'index.js'), source);
  const env = {
    ...process.env,
    ...pulumiBehaviour,
    PATH: pulumiSearchPath(cli),
    PULUMI_HOME: `${project}-home`,
    PULUMI_BACKEND_URL: pathToFileURL(`${project}-state`).href,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase for the benchmark',
  };
  let peak = 0;
  const pulumi = async (...args) => {
    const begin = performance.now();
    const { child, ended, output } = run(cli.executable, [...args, '--non-interactive', '--stack', 'bench'], { env, cwd: project });
    const watch = setInterval(() => {
      for (const pid of childrenOf(child.pid)) peak = Math.max(peak, pluginMemory(pid));
    }, 200);
    const code = await ended;
    clearInterval(watch);
    if (code !== 0) throw new Error(`pulumi ${args[0]} of ${name} failed:\n${output().slice(-2000)}`);
    const seconds = (performance.now() - begin) / 1000;
    if (args[0] !== 'stack') console.log(`${name}: ${args[0]} ${seconds.toFixed(1)} s`);
    return seconds;
  };
  await pulumi('stack', 'init');
  const quiet = ['--suppress-outputs', '--suppress-progress'];
  const times = {
    firstPreview: await pulumi('preview', ...quiet),
    firstUp: await pulumi('up', '--yes', '--skip-preview', ...quiet),
    preview: await pulumi('preview', '--expect-no-changes', ...quiet),
    up: await pulumi('up', '--yes', '--skip-preview', '--expect-no-changes', ...quiet),
  };
  return { times, peak };
}

/** Each thread of a process has children of its own. */
function childrenOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function pluginMemory(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dist/plugin.js') ? peakMemory(pid) : 0;
  } catch {
    return 0;
  }
}

try {
  const starts = [];
  for (let i = 0; i < 5; i++) starts.push(await measureStart());
  const start = starts.sort((a, b) => a.ms - b.ms)[2];
  console.log(
    `plugin: ${Math.round(start.ms)} ms from start to first answer, ${start.cpuMs} ms of processor time, ${Math.round(start.mb)} MB then (median of 5)`,
  );
  const floor = await life(
    'floor',
    `const pulumi = require('@pulumi/pulumi');
     for (let i = 0; i < ${count}; i++) new pulumi.ComponentResource('bench:index:Trivial', 'a' + i);`,
  );
  const host = await platform();
  const actions = await life(
    'actions',
    `const openwhisk = require('pulumi-openwhisk');
     const provider = new openwhisk.Provider('there', ${JSON.stringify(host)});
     const code = 'exports.main = (args) => args';
     for (let i = 0; i < ${count}; i++) new openwhisk.Action('a' + i, { kind: 'nodejs:default', code, parameters: { i } }, { provider });`,
  );
  console.log(`\n${count} resources   components     actions   ratio`);
  for (const step of Object.keys(floor.times)) {
    const [bare, ours] = [floor.times[step], actions.times[step]];
    console.log(`${step.padEnd(14)} ${bare.toFixed(1).padStart(9)} s ${ours.toFixed(1).padStart(9)} s   ${(ours / bare).toFixed(2)}`);
  }
  console.log(`plugin: ${Math.round(actions.peak)} MB at most`);
  if (options.json !== undefined) {
    writeFileSync(
      options.json,
      `${JSON.stringify({ count, start, floor: floor.times, actions: actions.times, peakMb: actions.peak }, null, 2)}\n`,
    );
  }
} finally {
  for (const { child } of started) if (child.exitCode === null) child.kill();
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(root, { recursive: true, force: true });
}
