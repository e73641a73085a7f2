// `npm run soak`: calls of every kind at a steady rate against a whole cluster, long enough to show what grows: memory, handles, latency, records that are missing.
//   -- --minutes N    how long (default 20)
//   -- --share F      part of the peak rate that is offered (default 0.6)
//   -- --json FILE    also write the figures to FILE
// Ends with 1 when a call failed, or an accepted activation has no record; figures decide nothing.
import { readdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { loadCluster } from './bundledCluster.mjs';
import { actionCode, cpuMs, payload, residentMb } from './processes.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, share: { type: 'string', default: '0.6' }, json: { type: 'string' } },
});
const [minutes, share] = [Number(values.minutes), Number(values.share)];
const say = (text) => process.stderr.write(`${text}\n`);
if (!(minutes > 0 && minutes <= 600) || !(share > 0 && share <= 1)) {
  say('Give --minutes between 0 and 600, and --share above 0 and up to 1.');
  process.exit(2);
}

const sampleSeconds = 30;
const peakSeconds = 20;
const peakConnections = 16;
/** Calls under way at which no more are begun: a platform that stands still must not fill the memory of its load. */
const mostUnderWay = 256;

const calls = [
  { kind: 'blocking', path: 'actions/soak?blocking=true&result=true', status: 200 },
  { kind: 'non-blocking', path: 'actions/soak', status: 202 },
  { kind: 'blocking', path: 'actions/soak?blocking=true', status: 200 },
  { kind: 'sequence', path: 'actions/both?blocking=true', status: 200 },
  { kind: 'trigger', path: 'triggers/event', status: 202 },
  { kind: 'read', path: 'actions/soak', method: 'GET', status: 200 },
];

const Cluster = await loadCluster();
say('  a cluster of 2 controllers and 2 invokers ...');
const cluster = await Cluster.start({
  controllers: 2,
  invokers: 2,
  environment: { OPENWHISK_LOG_LEVEL: 'warn', CONFIG_whisk_containerPool_userMemory: '1024 m' },
});
let failed = false;
try {
  await cluster.settled();
  failed = !(await soak());
} finally {
  await cluster.stop();
}
process.exitCode = failed ? 1 : 0;

async function soak() {
  const { auth, namespace } = await cluster.namespace('soak');
  const put = async (path, body) => {
    const answer = await cluster.api(auth, 'PUT', path, body);
    if (answer.status !== 200) throw new Error(`${path} could not be made: ${answer.status} ${answer.text}`);
  };
  await put('actions/soak', { exec: { kind: 'nodejs:20', code: actionCode } });
  await put('actions/both', { exec: { kind: 'sequence', components: ['/soak/soak', '/soak/soak'] } });
  await put('triggers/event', {});
  await put('rules/react', { trigger: '/soak/event', action: '/soak/soak' });

  const dispatcher = new Agent({ connections: 64 });
  const headers = { authorization: `Basic ${Buffer.from(auth).toString('base64')}`, 'content-type': 'application/json' };
  const accepted = new Set();
  const failures = [];
  let latencies = [];
  let count = 0;
  const one = async () => {
    const { kind, path, status, method = 'POST' } = calls[count++ % calls.length];
    const begun = performance.now();
    try {
      const body = method === 'POST' ? payload : undefined;
      const answer = await request(`${cluster.apiHost}/api/v1/namespaces/_/${path}`, { method, headers, body, dispatcher });
      const text = await answer.body.text();
      const id = answer.headers['x-openwhisk-activation-id'] ?? /"activationId":"([0-9a-f]{32})"/.exec(text)?.[1];
      if (id !== undefined) accepted.add(id);
      if (answer.statusCode !== status) throw new Error(`${answer.statusCode} ${text.slice(0, 200)}`);
      if (kind === 'blocking') latencies.push(performance.now() - begun);
    } catch (error) {
      failures.push(`${kind}: ${error.message}`);
    }
  };

  say(`  the peak, ${peakConnections} connections ...`);
  const until = Date.now() + peakSeconds * 1000;
  await Promise.all(
    Array.from({ length: peakConnections }, async () => {
      while (Date.now() < until) await one();
    }),
  );
  const rate = (count / peakSeconds) * share;
  say(`  ${(count / peakSeconds).toFixed(0)} calls a second at the peak; ${rate.toFixed(0)} a second for ${minutes} minutes ...`);

  const processes = [
    ...cluster.controllers.map(({ process }, i) => [`controller ${i}`, process.pid]),
    ...cluster.invokers.map(({ process }, i) => [`invoker ${i}`, process.pid]),
  ];
  const samples = [];
  latencies = [];
  let underWay = 0;
  let held = 0;
  const sample = (seconds) => {
    const sorted = latencies.sort((a, b) => a - b);
    latencies = [];
    const at = (q) => sorted[Math.floor(sorted.length * q)] ?? Number.NaN;
    const parts = Object.fromEntries(
      processes.map(([name, pid]) => [name, { mb: residentMb(pid), handles: readdirSync(`/proc/${pid}/fd`).length, cpuMs: cpuMs(pid) }]),
    );
    samples.push({ seconds, p50Ms: at(0.5), p99Ms: at(0.99), calls: count, underWay, load: loadavg()[0], parts });
    const figures = processes.map(([name]) => `${name} ${parts[name].mb.toFixed(0)} MB ${parts[name].handles} handles`).join(', ');
    say(
      `  ${String(seconds).padStart(5)} s: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms; ${figures}; load ${loadavg()[0].toFixed(1)}`,
    );
  };
  const began = performance.now();
  let begun = 0;
  let nextSample = sampleSeconds;
  for (;;) {
    const seconds = (performance.now() - began) / 1000;
    if (seconds >= nextSample) {
      sample(nextSample);
      nextSample += sampleSeconds;
    }
    if (seconds >= minutes * 60) break;
    // what is due by now, whether or not earlier calls have been answered
    for (; begun < seconds * rate; begun++) {
      if (underWay >= mostUnderWay) {
        held++;
        continue;
      }
      underWay++;
      void one().finally(() => underWay--);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (let i = 0; i < 600 && underWay > 0; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  await dispatcher.close();
  const missing = await withoutRecord(namespace, [...accepted]);
  report({ samples, failures, held, accepted: accepted.size, missing, rate });
  if (values.json)
    writeFileSync(
      values.json,
      `${JSON.stringify({ rate, samples, failures: failures.length, held, accepted: accepted.size, missing: missing.length }, null, 2)}\n`,
    );
  return failures.length === 0 && missing.length === 0;
}

/** Those of the activations that have no document in the database, a minute after the end. */
async function withoutRecord(namespace, ids) {
  const { url, username, password } = cluster.couch;
  const headers = {
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    'content-type': 'application/json',
  };
  const databases = await (await request(`${url}/_all_dbs`, { headers })).body.json();
  const name = databases.find((database) => database.endsWith('activations'));
  let open = ids;
  for (let attempt = 0; attempt < 60 && open.length > 0; attempt++) {
    const left = [];
    for (let i = 0; i < open.length; i += 1000) {
      const keys = open.slice(i, i + 1000).map((id) => `${namespace}/${id}`);
      const answer = await request(`${url}/${name}/_all_docs`, { method: 'POST', headers, body: JSON.stringify({ keys }) });
      const { rows } = await answer.body.json();
      for (const row of rows) if (row.error !== undefined || row.value?.deleted) left.push(row.key.slice(namespace.length + 1));
    }
    open = left;
    if (open.length > 0) await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return open;
}

/** The last quarter against the second: the first one is for warming up. */
function report({ samples, failures, held, accepted, missing, rate }) {
  const quarter = (n) => samples.slice(Math.floor((samples.length * n) / 4), Math.floor((samples.length * (n + 1)) / 4));
  const mean = (list, of) => list.reduce((sum, s) => sum + of(s), 0) / list.length;
  const ratio = (of) => (mean(quarter(3), of) / mean(quarter(1), of)).toFixed(2);
  say(
    `\n${rate.toFixed(0)} calls a second for ${minutes} minutes; ${accepted} activations accepted, ${missing.length} without a record; ${failures.length} calls failed${held > 0 ? `, ${held} were not begun because ${mostUnderWay} were under way` : ''}`,
  );
  for (const failure of failures.slice(0, 5)) say(`  ${failure}`);
  if (samples.length < 4) return;
  say('the last quarter of the time against the second:');
  say(`  latency of a blocking call: p50 ${ratio((s) => s.p50Ms)}, p99 ${ratio((s) => s.p99Ms)}`);
  for (const name of Object.keys(samples[0].parts)) {
    say(`  ${name}: memory ${ratio((s) => s.parts[name].mb)}, handles ${ratio((s) => s.parts[name].handles)}`);
  }
}
