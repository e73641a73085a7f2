// `npm run bench:cluster`: the blocking warm invocation through nginx, controllers, Kafka, invokers and the database, against the standalone
// platform and against bare messages on the same broker; all in turns in one run, so that what else the machine does meets everybody alike.
//   -- --json FILE    also write the figures to FILE
//   -- --seconds N    length of each measurement (default 3)
//   -- --rounds N     turns (default 3)
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { bareMessages } from './bareMessages.mjs';
import { loadCluster } from './bundledCluster.mjs';
import { load } from './loadGenerator.mjs';
import { actionCode, cpuMs, payload, startPlatform } from './processes.mjs';
import { processorTime } from './processorTime.mjs';
import { recordWrites } from './recordWrites.mjs';

const { values } = parseArgs({
  options: { json: { type: 'string' }, seconds: { type: 'string', default: '3' }, rounds: { type: 'string', default: '3' } },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const levels = [1, 16, 64];
/** MB of an invoker, and of the standalone platform: eight containers. */
const memory = 2048;
const say = (text) => process.stderr.write(`${text}\n`);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const request = (ports, authorization) => ({
  target: ports.map((port) => ({ host: '127.0.0.1', port })),
  path: '/api/v1/namespaces/_/actions/bench?blocking=true&result=true',
  headers: { Authorization: authorization },
  body: payload,
});

/** Code that runs for the first time is slow: load until it gets no faster. */
async function warmUp(name, options) {
  say(`  ${name} warms up ...`);
  let best = 0;
  for (let turn = 0; turn < 12; turn++) {
    const { rps } = await load({ ...options, connections: 16, seconds: 4, warmUpSeconds: 0 });
    if (turn >= 2 && rps < best * 1.05) return;
    best = Math.max(best, rps);
  }
}

/** One turn of a case; `clock` tells at its end who used how much processor time. */
async function take(found, { name, options, clock }, connections) {
  await load({ ...options, connections, seconds: 0.3, warmUpSeconds: 0 });
  const time = clock();
  const result = await load({ ...options, connections, seconds, warmUpSeconds: 0 });
  const used = time.until();
  if (result.errors > 0) throw new Error(`${name} at ${connections} connections: ${result.errors} of ${result.requests} requests failed`);
  const key = `${name} ${connections}`;
  const entry = found.get(key) ?? { name, connections, rps: [], p50: [], p99: [], requests: 0, used: {} };
  found.set(key, entry);
  entry.rps.push(result.rps);
  entry.p50.push(result.p50Ms);
  entry.p99.push(result.p99Ms);
  entry.requests += result.requests;
  for (const [part, ms] of Object.entries(used)) entry.used[part] = (entry.used[part] ?? 0) + ms;
}

function clockOf(pid) {
  const before = { load: cpuMs(process.pid), standalone: cpuMs(pid) };
  return { until: () => ({ load: cpuMs(process.pid) - before.load, standalone: cpuMs(pid) - before.standalone }) };
}

const found = new Map();
const trips = { one: [], many: [], rate: [] };
let writes;
const loads = [loadavg()[0]];
const Cluster = await loadCluster();
const standalone = await startPlatform(memory);
say('  a cluster of 2 controllers and 2 invokers ...');
const cluster = await Cluster.start({
  controllers: 2,
  invokers: 2,
  environment: { OPENWHISK_LOG_LEVEL: 'warn', CONFIG_whisk_containerPool_userMemory: `${memory} m` },
  broker: { forLong: true },
});
let messages;
try {
  await cluster.settled();
  const { auth } = await cluster.namespace('bench');
  const put = await cluster.api(auth, 'PUT', 'actions/bench', { exec: { kind: 'nodejs:20', code: actionCode } });
  if (put.status !== 200) throw new Error(`the action could not be made: ${put.status} ${put.text}`);
  const authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  const port = (url) => Number(new URL(url).port);
  const direct = cluster.controllers.map(({ api }) => port(api));
  const clock = () => processorTime(cluster);
  const cases = [
    { name: 'standalone', options: request([standalone.port], standalone.authorization), clock: () => clockOf(standalone.pid) },
    { name: 'cluster', options: request([port(cluster.apiHost)], authorization), clock },
    { name: 'two controllers', options: request(direct, authorization), clock },
    { name: 'one controller', options: request(direct.slice(0, 1), authorization), clock },
  ];
  await warmUp('standalone', cases[0].options);
  await warmUp('cluster', cases[1].options);
  messages = await bareMessages(cluster.kafka.address);
  await messages.measure(16, 3000);
  for (let round = 1; round <= rounds; round++) {
    say(`  round ${round} of ${rounds} ...`);
    for (const connections of levels) for (const one of cases) await take(found, one, connections);
    trips.one.push((await messages.measure(1, 500)).p50Ms);
    const many = await messages.measure(16, 4000);
    trips.many.push(many.p50Ms);
    trips.rate.push(many.rate);
    loads.push(loadavg()[0]);
  }
  say('  records ...');
  const example = await cluster.api(auth, 'POST', 'actions/bench?blocking=true', { name: 'bench' });
  if (example.status !== 200) throw new Error(`no record to write: ${example.status} ${example.text}`);
  writes = await recordWrites({ couch: cluster.couch, count: 2000, rounds, example: example.text });
} finally {
  await messages?.close();
  await cluster.stop();
  await standalone.stop();
}

const results = [...found.values()].map(({ name, connections, rps, p50, p99, requests, used }) => ({
  name,
  connections,
  rps: median(rps),
  p50Ms: median(p50),
  p99Ms: median(p99),
  cpuMsPerCall: Object.fromEntries(Object.entries(used).map(([part, ms]) => [part, ms / requests])),
}));
const of = (name, connections) => results.find((c) => c.name === name && c.connections === connections);
const trip = { p50Ms: median(trips.one), p50MsOf16: median(trips.many), perSecondOf16: median(trips.rate) };
const records = { storePerSecond: median(writes.store), barePerSecond: median(writes.bare) };

const row = (cells) => say(cells.map((c, i) => (i === 0 ? String(c).padEnd(17) : String(c).padStart(12))).join(''));
say('\nMedians of the turns. "cluster" goes through nginx, "two controllers" and "one controller" go to them directly.');
row(['case', 'connections', 'calls/s', 'p50 ms', 'p99 ms', '/standalone', 'p50-2 trips']);
for (const { name, connections, rps, p50Ms, p99Ms } of results) {
  const share = (rps / of('standalone', connections).rps).toFixed(3);
  const beyond = name === 'standalone' || connections !== 1 ? '-' : (p50Ms - 2 * trip.p50Ms).toFixed(2);
  row([name, connections, rps.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2), share, beyond]);
}
const parts = ['load', 'nginx', 'controllers', 'broker', 'invokers', 'containers', 'database'];
say('\nProcessor time of a call by who uses it, ms; of the standalone platform its own process.');
row(['case', 'connections', ...parts, 'ours']);
for (const { name, connections, cpuMsPerCall: cpu } of results) {
  const ours = cpu.standalone ?? cpu.controllers + cpu.invokers;
  row([name, connections, ...parts.map((part) => cpu[part]?.toFixed(3) ?? '-'), ours.toFixed(3)]);
}
say(
  `\nbare message from sender to reader on the same broker: p50 ${trip.p50Ms.toFixed(2)} ms; 16 under way ${trip.perSecondOf16.toFixed(0)}/s,`,
);
say(`p50 ${trip.p50MsOf16.toFixed(2)} ms. A call has two: the cluster at 16 makes ${share16()} of the calls that messages alone allow.`);
for (const n of levels.slice(1)) {
  say(`two controllers against one, ${n} connections: ${(of('two controllers', n).rps / of('one controller', n).rps).toFixed(2)}`);
}
say(
  `activation records: ${records.storePerSecond.toFixed(0)}/s; bare bulk writes ${records.barePerSecond.toFixed(0)}/s; ` +
    `ratio ${(records.storePerSecond / records.barePerSecond).toFixed(2)}`,
);
say(`load of the machine: ${loads.map((l) => l.toFixed(1)).join(', ')}`);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ cases: results, bareMessage: trip, records, loads }, null, 2)}\n`);

function share16() {
  return (of('cluster', 16).rps / (trip.perSecondOf16 / 2)).toFixed(2);
}
