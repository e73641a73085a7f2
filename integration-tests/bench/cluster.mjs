// `npm run bench:cluster`: the blocking warm invocation through nginx, controllers, Kafka, invokers and the database, against the standalone
// platform and against bare messages on the same broker, measured in one run.
//   -- --json FILE    also write the figures to FILE
//   -- --seconds N    length of each measurement (default 5)
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadCluster } from './bundledCluster.mjs';
import { load } from './loadGenerator.mjs';
import { actionCode, cpuMs, payload, startPlatform } from './processes.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(import.meta.url);
const { values } = parseArgs({ options: { json: { type: 'string' }, seconds: { type: 'string', default: '5' } } });
const seconds = Number(values.seconds);
const levels = [1, 16];
const messages = 1000;
const say = (text) => process.stderr.write(`${text}\n`);

/** Latency of a message from its sender to its reader over the platform's own bus, one at a time. */
async function roundTrips(brokers) {
  const { KafkaBus } = require(join(root, 'platform/dist/bus/kafka/kafkaBus.js'));
  const log = { info() {}, warn() {}, error() {}, debug() {} };
  const bus = await KafkaBus.connect({ brokers: brokers.split(','), clientId: 'bench', payload: 1024 * 1024, log });
  // a topic of work: acknowledged by all replicas
  const topic = { name: 'invoker9999', encode: String, decode: String };
  let arrived = () => {};
  const subscription = await bus.subscribe(topic, { group: 'bench', maxInFlight: 16 }, async () => arrived());
  const latencies = [];
  for (let i = 0; i < messages + 100; i++) {
    const begin = performance.now();
    const there = new Promise((resolve) => {
      arrived = resolve;
    });
    await Promise.all([bus.send(topic, 'x'.repeat(500)), there]);
    if (i >= 100) latencies.push(performance.now() - begin);
  }
  await subscription.close();
  await bus.close();
  latencies.sort((a, b) => a - b);
  return latencies[Math.floor(latencies.length / 2)];
}

async function measure(name, connections, pids, options) {
  say(`  ${name}, ${connections} connection${connections === 1 ? '' : 's'} ...`);
  await load({ ...options, connections, seconds: 1, warmUpSeconds: 2 });
  const before = pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  const result = await load({ ...options, connections, seconds, warmUpSeconds: 0 });
  const used = pids.reduce((sum, pid) => sum + cpuMs(pid), 0) - before;
  if (result.errors > 0) throw new Error(`${name} at ${connections} connections: ${result.errors} of ${result.requests} requests failed`);
  const { rps, p50Ms, p95Ms, p99Ms, requests } = result;
  return { name, connections, rps, p50Ms, p95Ms, p99Ms, cpuMsPerRequest: used / requests };
}

const request = (port, authorization) => ({
  target: { host: '127.0.0.1', port },
  path: '/api/v1/namespaces/_/actions/bench?blocking=true&result=true',
  headers: { Authorization: authorization },
  body: payload,
});

const cases = [];
let trip;
const standalone = await startPlatform(1024);
try {
  for (const n of levels) cases.push(await measure('standalone', n, [standalone.pid], request(standalone.port, standalone.authorization)));
} finally {
  await standalone.stop();
}
const Cluster = await loadCluster();
say('  a cluster of 2 controllers and 2 invokers ...');
const cluster = await Cluster.start({
  controllers: 2,
  invokers: 2,
  environment: { OPENWHISK_LOG_LEVEL: 'warn', CONFIG_whisk_containerPool_userMemory: '1024 m' },
});
try {
  await cluster.settled();
  trip = await roundTrips(cluster.kafka.address);
  const { auth } = await cluster.namespace('bench');
  const put = await cluster.api(auth, 'PUT', 'actions/bench', { exec: { kind: 'nodejs:20', code: actionCode } });
  if (put.status !== 200) throw new Error(`the action could not be made: ${put.status} ${put.text}`);
  const authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  const pids = [...cluster.controllers, ...cluster.invokers].map(({ process }) => process.pid);
  const port = (url) => Number(new URL(url).port);
  for (const n of levels) {
    cases.push(await measure('cluster', n, pids, request(port(cluster.apiHost), authorization)));
    cases.push(await measure('one controller', n, pids, request(port(cluster.controllers[0].api), authorization)));
  }
} finally {
  await cluster.stop();
}

const of = (name, connections) => cases.find((c) => c.name === name && c.connections === connections);
const row = (cells) => say(cells.map((c, i) => (i === 0 ? String(c).padEnd(16) : String(c).padStart(14))).join(''));
say('\n"one controller" is asked without nginx; CPU is that of controllers and invokers, without broker, database, nginx and containers.');
row(['case', 'connections', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU ms/req', 'rps/standal.', 'p50-2 trips']);
for (const c of cases) {
  row([
    c.name,
    c.connections,
    c.rps.toFixed(0),
    c.p50Ms.toFixed(2),
    c.p95Ms.toFixed(2),
    c.p99Ms.toFixed(2),
    c.cpuMsPerRequest.toFixed(3),
    (c.rps / of('standalone', c.connections).rps).toFixed(3),
    c.name === 'standalone' ? '-' : `${(c.p50Ms - 2 * trip).toFixed(2)}`,
  ]);
}
say(`\nmessage from sender to reader on the same broker, p50: ${trip.toFixed(2)} ms`);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ cases, roundTripMs: trip }, null, 2)}\n`);
