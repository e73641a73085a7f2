// What clients do besides invoking one action: each case under a name of its own, at one level of load.
import { payload } from './processes.mjs';

const connections = 16;
const components = 5;

/** Measures every case; `measure` is that of the main program. */
export async function moreCases(platform, measure) {
  await prepare(platform);
  const target = { host: '127.0.0.1', port: platform.port };
  const headers = { Authorization: platform.authorization };
  const at = '/api/v1/namespaces/_';
  const invoke = (action) => ({ path: `${at}/actions/${action}?blocking=true&result=true`, body: payload });
  const cases = {
    put: { method: 'PUT', path: `${at}/packages/bench-put?overwrite=true`, body: '{"parameters":[{"key":"name","value":"bench"}]}' },
    get: { method: 'GET', path: `${at}/actions/bench` },
    list: { method: 'GET', path: `${at}/actions` },
    sequence: invoke('bench-sequence'),
    web: { method: 'GET', path: '/api/v1/web/bench/default/bench-web.json?name=bench' },
  };
  const measured = [];
  for (const [name, options] of Object.entries(cases)) {
    // one entity has one writer at a time: more would measure conflicts
    const count = name === 'put' ? 1 : connections;
    measured.push(await measure(name, count, [platform.pid], { target, headers, ...options }));
  }
  return measured;
}

async function prepare(platform) {
  for (let i = 0; i < 30; i++)
    await platform.api('PUT', `actions/bench-listed${i}?overwrite=true`, { exec: { kind: 'nodejs:20', code: '' } });
  const exec = { kind: 'sequence', components: Array.from({ length: components }, () => '/_/bench-step') };
  const code = 'function main(args) { return { name: args.name }; }';
  await platform.api('PUT', 'actions/bench-step', { exec: { kind: 'nodejs:20', code } });
  await platform.api('PUT', 'actions/bench-sequence', { exec });
  await platform.api('PUT', 'actions/bench-web', { exec: { kind: 'nodejs:20', code }, annotations: [{ key: 'web-export', value: true }] });
}

/** Prints the cases with their ratio to the relay; a sequence also against as many calls of an action. */
export function showMore(cases, of, say) {
  say('');
  for (const c of cases) {
    const relay = of('relay', c.connections).rps;
    const calls =
      c.name === 'sequence' ? `, ${((c.rps * components) / of('api', c.connections).rps).toFixed(2)} of ${components} calls` : '';
    say(
      `${c.name.padEnd(9)}${String(c.connections).padStart(3)} connections ${c.rps.toFixed(0).padStart(7)}/s  p50 ${c.p50Ms.toFixed(3)} ms  p99 ${c.p99Ms.toFixed(3)} ms  ` +
        `CPU ${c.cpuMsPerRequest.toFixed(3)} ms  ${(c.rps / relay).toFixed(2)} of the relay${calls}`,
    );
  }
}
