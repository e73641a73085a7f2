// `npm run bench:containers`: cold, prewarmed, resumed and alternating containers of the Docker engine, measured in one run as ratios.
//   -- --starts N    cold starts of each kind (default 20)
//   -- --seconds N   length of each goodput measurement (default 10)
//   -- --json FILE   also write the figures to FILE
// It needs a running engine with the image of nodejs:20; `npm run test:docker` makes one where there is none.
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { actionCode, runBody, startPlatform } from './processes.mjs';

const require = createRequire(import.meta.url);
const { DockerContainerFactory } = require('../../platform/dist/invoker/containers/docker/dockerContainerFactory');
const { values } = parseArgs({
  options: { json: { type: 'string' }, starts: { type: 'string', default: '20' }, seconds: { type: 'string', default: '10' } },
});
const starts = Number(values.starts);
const seconds = Number(values.seconds);
const image = 'openwhisk-as-code/runtime-nodejs-20:0.1.0';
const memory = 256;
const say = (text) => process.stderr.write(`${text}\n`);
const initBody = JSON.stringify({ value: { name: 'bench', main: 'main', code: actionCode, binary: false, env: {} } });
const bounds = { max: 1 << 20, truncation: 1 << 20 };

const sorted = (times) => [...times].sort((a, b) => a - b);
const percentile = (times, share) => sorted(times)[Math.min(times.length - 1, Math.floor(times.length * share))];
const p50 = (times) => percentile(times, 0.5);

async function timed(work) {
  const begin = performance.now();
  const result = await work();
  return { ms: performance.now() - begin, result };
}

/** The engine's API on one kept-alive connection, and nothing else: the floor. */
class Engine {
  agent = new Agent({ keepAlive: true, maxSockets: 1 });

  call(method, path, body) {
    return send({ socketPath: '/var/run/docker.sock', agent: this.agent }, method, `/v1.41${path}`, body && JSON.stringify(body));
  }
}

function send(target, method, path, text) {
  return new Promise((resolve, reject) => {
    const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const r = request({ ...target, method, path, headers }, (answer) => {
      let out = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        out += chunk;
      });
      answer.on('end', () =>
        answer.statusCode < 300 ? resolve(out === '' ? undefined : JSON.parse(out)) : reject(new Error(`${answer.statusCode} ${out}`)),
      );
    });
    r.on('error', reject);
    r.end(text);
  });
}

async function listening(host) {
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = connect({ host, port: 8080 });
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** One container on a bridge network, from nothing to the answer of its first /run. */
async function bareStart(engine) {
  const begin = performance.now();
  const { Id } = await engine.call('POST', '/containers/create', {
    Image: image,
    HostConfig: { NetworkMode: 'bridge', Memory: memory << 20, MemorySwap: memory << 20 },
  });
  const created = performance.now();
  await engine.call('POST', `/containers/${Id}/start`);
  const { NetworkSettings } = await engine.call('GET', `/containers/${Id}/json`);
  const host = NetworkSettings.Networks.bridge.IPAddress;
  await listening(host);
  const up = performance.now();
  await send({ host, port: 8080 }, 'POST', '/init', initBody);
  const initialised = performance.now();
  await send({ host, port: 8080 }, 'POST', '/run', runBody);
  const end = performance.now();
  await engine.call('DELETE', `/containers/${Id}?force=1`);
  return { create: created - begin, start: up - created, init: initialised - up, run: end - initialised, total: end - begin };
}

let names = 0;

/** The same through the driver of the platform. */
async function ownStart(factory, spent) {
  spent.create = 0;
  const spec = { name: `bench${++names}`, kind: 'nodejs:20', image, memory, environment: {} };
  const made = await timed(() => factory.create(spec));
  const container = made.result;
  const init = await timed(() => container.init(initBody, 60_000, bounds, { limit: 1 << 20, sentinelled: true }));
  const run = await timed(() => container.run(runBody, 60_000, bounds));
  if (run.result.status !== 200) throw new Error(`A container answered ${JSON.stringify(run.result)}`);
  await container.logs(false);
  await container.destroy();
  return { create: spent.create, start: made.ms - spent.create, init: init.ms, run: run.ms, total: made.ms + init.ms + run.ms };
}

/** Notes how long the driver's calls that create containers take. */
function watchCreation(factory) {
  const spent = { create: 0 };
  const { docker } = factory;
  const create = docker.createContainer.bind(docker);
  docker.createContainer = async (options) => {
    const { ms, result } = await timed(() => create(options));
    if (options.Labels['openwhisk.kind'] !== 'sandbox') spent.create += ms;
    return result;
  };
  return spent;
}

async function coldStarts() {
  say('cold starts ...');
  const engine = new Engine();
  const factory = new DockerContainerFactory({ network: 'openwhisk-actions', invoker: `bench-${process.pid}`, userMemory: 2048 });
  const spent = watchCreation(factory);
  const bare = [];
  const own = [];
  try {
    await factory.prepare();
    await bareStart(engine);
    for (let i = 0; i < starts; i++) {
      bare.push(await bareStart(engine));
      // prepared ahead is what is measured: what is prepared behind belongs to nobody's start
      while (factory.sandboxesReady < 4) await new Promise((resolve) => setTimeout(resolve, 50));
      own.push(await ownStart(factory, spent));
    }
  } finally {
    await factory.close();
    engine.agent.destroy();
  }
  const split = (all) =>
    Object.fromEntries(['create', 'start', 'init', 'run', 'total'].map((part) => [part, p50(all.map((one) => one[part]))]));
  return { bare: split(bare), own: split(own) };
}

const docker = { OPENWHISK_CONTAINERS: 'docker' };
const put = (platform, name) =>
  platform.api('PUT', `actions/${name}?overwrite=true`, { exec: { kind: 'nodejs:20', code: actionCode }, limits: { memory: 256 } });
const invoke = (platform, name) => timed(() => platform.api('POST', `actions/${name}?blocking=true&result=true`, { name: 'bench' }));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** First call of an action that a stem cell serves, and calls that follow; then calls that find the container suspended. */
async function prewarmedAndResumed() {
  say('prewarmed and resumed ...');
  const platform = await startPlatform(4096, { ...docker, CONFIG_whisk_containerProxy_timeouts_pauseGrace: '300 ms' });
  const [first, warm, resumed] = [[], [], []];
  try {
    for (let i = 0; i < starts; i++) {
      const name = `pre${i}`;
      await put(platform, name);
      // the sweep of the pool replaces a stem cell that was taken within a second
      await pause(2_500);
      first.push((await invoke(platform, name)).ms);
      for (let k = 0; k < 10; k++) warm.push((await invoke(platform, name)).ms);
    }
    for (let i = 0; i < starts; i++) {
      await pause(900);
      resumed.push((await invoke(platform, 'pre0')).ms);
    }
  } finally {
    await platform.stop();
  }
  return { first: p50(first), warm: p50(warm), resumed: p50(resumed) };
}

/** Answers per second of eight callers who go through the actions in turn, once the pool has come to rest. */
async function goodput(platform, actions) {
  await callInTurn(platform, actions);
  const { answered, failed } = await callInTurn(platform, actions);
  return { perSecond: answered / seconds, failed };
}

async function callInTurn(platform, actions) {
  const end = performance.now() + seconds * 1000;
  let next = 0;
  let answered = 0;
  let failed = 0;
  const caller = async () => {
    while (performance.now() < end) {
      await invoke(platform, actions[next++ % actions.length]).then(
        () => answered++,
        () => failed++,
      );
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
  return { answered, failed };
}

async function alternating() {
  say('one action, twenty and a hundred on a pool of twenty ...');
  const platform = await startPlatform(20 * memory, docker);
  const names = Array.from({ length: 100 }, (_, i) => `turn${i}`);
  try {
    for (const name of names) await put(platform, name);
    for (const name of names.slice(0, 20)) await invoke(platform, name);
    return {
      twenty: await goodput(platform, names.slice(0, 20)),
      one: await goodput(platform, names.slice(0, 1)),
      hundred: await goodput(platform, names),
    };
  } finally {
    await platform.stop();
  }
}

async function burst() {
  say('fifty first calls at once ...');
  const platform = await startPlatform(50 * memory, docker);
  try {
    const names = Array.from({ length: 50 }, (_, i) => `burst${i}`);
    for (const name of names) await put(platform, name);
    const times = [];
    let failed = 0;
    const all = await timed(() =>
      Promise.all(
        names.map((name) =>
          invoke(platform, name).then(
            ({ ms }) => times.push(ms),
            () => failed++,
          ),
        ),
      ),
    );
    return { failed, p50: p50(times), last: all.ms };
  } finally {
    await platform.stop();
  }
}

await send({ socketPath: '/var/run/docker.sock' }, 'GET', `/images/${image}/json`).catch((error) => {
  say(`A Docker engine with the image ${image} is needed: ${error.message}. Run npm run test:docker once, or start the engine.`);
  process.exit(1);
});
const figures = { cold: await coldStarts(), ...(await prewarmedAndResumed()), goodput: await alternating(), burst: await burst() };
const { cold, goodput: served } = figures;
const ms = (value) => `${value.toFixed(1)} ms`;
const row = (name, { create, start, init, run, total }) =>
  `${name.padEnd(22)} create ${ms(create)}, start ${ms(start)}, init ${ms(init)}, run ${ms(run)}, in all ${ms(total)}`;
say('');
say(row('bare, bridge network', cold.bare));
say(row('driver, prepared', cold.own));
say(`cold start             ${(cold.own.total / cold.bare.total).toFixed(2)} of the bare one`);
say(`prewarmed first call   ${ms(figures.first)}, ${(figures.first / figures.warm).toFixed(1)} warm calls of ${ms(figures.warm)}`);
say(`resumed call           ${ms(figures.resumed)}, ${(figures.resumed / figures.warm).toFixed(1)} warm calls`);
for (const [name, { perSecond, failed }] of Object.entries(served)) {
  say(
    `${`goodput, ${name}`.padEnd(22)} ${perSecond.toFixed(1)} per s, ${(perSecond / served.one.perSecond).toFixed(3)} of one action, ${failed} failed`,
  );
}
say(`fifty first calls      ${figures.burst.failed} failed, p50 ${ms(figures.burst.p50)}, the last after ${ms(figures.burst.last)}`);
if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, undefined, 2)}\n`);
