// The processes of a measurement: runtimes to call directly, the relay, the platform. Each is ended by its own handle.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const platform = join(here, '../../platform');
const patience = 20_000;

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of an action
export const actionCode = 'function main(args) { return { greeting: `hello ${args.name}` }; }';
export const payload = '{"name":"bench"}';

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Milliseconds of processor time a process has used. */
export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function residentMb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** Warm nodejs runtimes on unix sockets, each with the action loaded. */
export async function startRuntimes(count) {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const runtimes = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const socketPath = join(directory, `${i}.sock`);
      const child = spawn(process.execPath, [join(platform, 'runtimes/nodejs/launcher.js')], {
        cwd: directory,
        stdio: 'ignore',
        env: { PATH: process.env.PATH, OPENWHISK_RUNTIME_SOCKET: socketPath },
      });
      await until(
        () => post({ socketPath }, '/init', { value: { name: 'bench', main: 'main', code: actionCode, binary: false, env: {} } }),
        'a runtime',
      );
      return { pid: child.pid, socketPath, child };
    }),
  );
  return {
    runtimes,
    stop: () => {
      for (const { child } of runtimes) child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What is sent to /run, the size of what the platform sends. */
export const runBody = JSON.stringify({
  value: JSON.parse(payload),
  namespace: 'guest',
  action_name: '/guest/bench',
  action_version: '0.0.1',
  activation_id: '0'.repeat(32),
  transaction_id: 'x'.repeat(32),
  deadline: String(Date.now() + 60_000),
});

/** A bare relay: fastify in, undici out to the runtimes, no logic. */
export async function startRelay(sockets) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(here, 'relay.mjs'), String(port), ...sockets], { stdio: ['ignore', 'ignore', 'inherit'] });
  await until(() => post({ host: '127.0.0.1', port }, '/run', JSON.parse(runBody)), 'the relay');
  return { pid: child.pid, port, stop: () => child.kill('SIGKILL') };
}

/** A standalone platform with one namespace and the action; `memoryMb` bounds its containers of 256 MB, `more` are settings. */
export async function startPlatform(memoryMb, more = {}) {
  const [port, adminPort] = [await freePort(), await freePort()];
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-platform-'));
  const adminKey = randomBytes(24).toString('hex');
  const child = spawn(process.execPath, [join(platform, 'dist/main/standalone.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      OPENWHISK_API_PORT: String(port),
      OPENWHISK_ADMIN_PORT: String(adminPort),
      OPENWHISK_ADMIN_KEY: adminKey,
      OPENWHISK_DATA_DIR: dataDir,
      OPENWHISK_LOG_LEVEL: 'warn',
      LIMITS_ACTIONS_INVOKES_PERMINUTE: '100000000',
      LIMITS_ACTIONS_INVOKES_CONCURRENT: '1000',
      CONFIG_whisk_containerPool_userMemory: `${memoryMb} m`,
      ...more,
    },
  });
  const admin = (method, path, body) =>
    call({ host: '127.0.0.1', port: adminPort }, method, path, body, { authorization: `Bearer ${adminKey}` });
  const namespace = await until(() => admin('PUT', '/v1/namespaces/bench?overwrite=true', {}), 'the platform');
  const { auth } = JSON.parse(namespace);
  const authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  const api = { host: '127.0.0.1', port };
  await call(api, 'PUT', '/api/v1/namespaces/_/actions/bench', { exec: { kind: 'nodejs:20', code: actionCode } }, { authorization });
  return {
    pid: child.pid,
    port,
    authorization,
    api: (method, path, body) => call(api, method, `/api/v1/namespaces/_/${path}`, body, { authorization }),
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function until(attempt, what) {
  const deadline = Date.now() + patience;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${what} did not come up: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function post(target, path, body) {
  return call(target, 'POST', path, body);
}

function call(target, method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const more = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const r = request({ ...target, method, path, headers: { ...headers, ...more } }, (answer) => {
      let out = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        out += chunk;
      });
      answer.on('end', () => (answer.statusCode < 300 ? resolve(out) : reject(new Error(`${answer.statusCode} ${out}`))));
    });
    r.on('error', reject);
    r.end(text);
  });
}
