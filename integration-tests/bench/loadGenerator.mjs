// Closed-loop HTTP/1.1 load over bare sockets: each connection sends its next request when the answer to the last one is there.
// Lean on purpose: it shares the machine with what it measures.
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

const headerEnd = Buffer.from('\r\n\r\n');

/**
 * @param {{target: {host?: string, port?: number, socketPath?: string}, method?: string, path: string, headers?: Record<string, string>, body?: string,
 *   connections: number, seconds: number, warmUpSeconds?: number}} options
 * @returns {Promise<{requests: number, errors: number, rps: number, p50Ms: number, p95Ms: number, p99Ms: number}>}
 */
export async function load({ target, method = 'POST', path, headers = {}, body = '', connections, seconds, warmUpSeconds = 1 }) {
  const targets = Array.isArray(target) ? target : [target];
  const request = Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `${Object.entries(headers)
        .map(([k, v]) => `${k}: ${v}\r\n`)
        .join('')}\r\n${body}`,
  );
  await run(connections, warmUpSeconds);
  const begin = performance.now();
  const { latencies, errors } = await run(connections, seconds);
  const elapsed = (performance.now() - begin) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (q) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? Number.NaN;
  return { requests: latencies.length, errors, rps: latencies.length / elapsed, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };

  async function run(count, duration) {
    const until = performance.now() + duration * 1000;
    const latencies = [];
    let errors = 0;
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        loop(targets[i % targets.length], request, until, (ms, ok) => {
          latencies.push(ms);
          if (!ok) errors++;
        }),
      ),
    );
    return { latencies, errors };
  }
}

function loop(target, request, until, sample) {
  return new Promise((resolve, reject) => {
    const socket = connect(target.socketPath ? { path: target.socketPath } : { host: target.host, port: target.port });
    let sent = 0;
    let pending;
    const send = () => {
      sent = performance.now();
      socket.write(request);
    };
    socket.setNoDelay?.(true);
    socket.once('connect', send);
    socket.on('data', (chunk) => {
      pending = pending ? Buffer.concat([pending, chunk]) : chunk;
      const end = pending.indexOf(headerEnd);
      if (end < 0) return;
      const head = pending.latin1Slice(0, end);
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (pending.length < end + 4 + length) return;
      const status = Number(head.slice(9, 12));
      pending = undefined;
      sample(performance.now() - sent, status === 200);
      if (performance.now() < until) send();
      else {
        socket.end();
        resolve();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}
