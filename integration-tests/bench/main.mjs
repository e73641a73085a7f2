// `npm run bench`: the blocking warm invocation against two floors, measured in one run with the same load, payload and number of warm containers.
//   -- --json FILE      also write the figures to FILE
//   -- --seconds N      length of each measurement (default 5)
//   -- --activations N  invocations before memory is read (default 50000)
// Besides: what else clients do (entities, a sequence against as many calls, a web action), at 16 connections.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { load } from './loadGenerator.mjs';
import { moreCases, showMore } from './moreCases.mjs';
import { cpuMs, payload, residentMb, runBody, startPlatform, startRelay, startRuntimes } from './processes.mjs';

const { values } = parseArgs({
  options: { json: { type: 'string' }, seconds: { type: 'string', default: '5' }, activations: { type: 'string', default: '50000' } },
});
const seconds = Number(values.seconds);
const containers = 4;
const levels = [1, 16, 64];
const say = (text) => process.stderr.write(`${text}\n`);

/** One measurement with the processor time that `pids` took meanwhile. */
async function measure(name, connections, pids, options) {
  say(`  ${name}, ${connections} connection${connections === 1 ? '' : 's'} ...`);
  await load({ ...options, connections, seconds: 1, warmUpSeconds: 1 });
  const before = pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  const result = await load({ ...options, connections, seconds, warmUpSeconds: 0 });
  const used = pids.reduce((sum, pid) => sum + cpuMs(pid), 0) - before;
  if (result.errors > 0) throw new Error(`${name} at ${connections} connections: ${result.errors} of ${result.requests} requests failed`);
  return {
    name,
    connections,
    rps: result.rps,
    p50Ms: result.p50Ms,
    p95Ms: result.p95Ms,
    p99Ms: result.p99Ms,
    cpuMsPerRequest: used / result.requests,
    requests: result.requests,
  };
}

const cases = [];
const more = [];
let memoryMb;
let afterActivations = 0;
say(`Each measurement takes ${seconds + 2} s; ${containers} warm nodejs containers on every side.`);
const { runtimes, stop: stopRuntimes } = await startRuntimes(containers);
const relay = await startRelay(runtimes.map((r) => r.socketPath));
const platform = await startPlatform(containers * 256);
try {
  const invoke = {
    target: { host: '127.0.0.1', port: platform.port },
    path: '/api/v1/namespaces/_/actions/bench?blocking=true&result=true',
    headers: { Authorization: platform.authorization },
    body: payload,
  };
  const direct = { target: runtimes.map(({ socketPath }) => ({ socketPath })), path: '/run', body: runBody };
  for (const connections of levels) {
    // a container takes one request at a time: more connections than containers only queue inside the runtime
    cases.push(
      await measure(
        'direct',
        connections,
        runtimes.map((r) => r.pid),
        direct,
      ),
    );
    cases.push(
      await measure('relay', connections, [relay.pid], { target: { host: '127.0.0.1', port: relay.port }, path: '/run', body: runBody }),
    );
    cases.push(await measure('api', connections, [platform.pid], invoke));
  }
  const done = async () => JSON.parse(await platform.api('GET', 'activations?count=true')).activations;
  afterActivations = await done();
  while (afterActivations < Number(values.activations)) {
    say(`  ${afterActivations} activations so far; going on to ${values.activations} before memory is read ...`);
    await load({ ...invoke, connections: 16, seconds: 5, warmUpSeconds: 0 });
    afterActivations = await done();
  }
  memoryMb = residentMb(platform.pid);
  more.push(...(await moreCases(platform, measure)));
} finally {
  await platform.stop();
  relay.stop();
  stopRuntimes();
}

const of = (name, connections) => cases.find((c) => c.name === name && c.connections === connections);
const row = (cells) => say(cells.map((c, i) => (i === 0 ? String(c).padEnd(8) : String(c).padStart(13))).join(''));
say('');
row(['case', 'connections', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU ms/req', 'rps/relay', 'p50-direct']);
for (const c of cases) {
  const { name, connections } = c;
  row([
    name,
    connections,
    c.rps.toFixed(0),
    c.p50Ms.toFixed(3),
    c.p95Ms.toFixed(3),
    c.p99Ms.toFixed(3),
    c.cpuMsPerRequest.toFixed(3),
    (c.rps / of('relay', connections).rps).toFixed(2),
    `+${(c.p50Ms - of('direct', connections).p50Ms).toFixed(3)}`,
  ]);
}
say(`\nmemory of the platform process after ${afterActivations} activations: ${memoryMb.toFixed(0)} MB`);
showMore(more, of, say);
if (values.json) {
  const shown = [...cases, ...more].map(({ requests: _, ...c }) => c);
  writeFileSync(values.json, `${JSON.stringify({ cases: shown, memoryMb }, null, 2)}\n`);
}
