import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DockerEngine } from './dockerEngine';
import { EngineDiskFull, EngineUnreachable } from './engineErrors';

interface Seen {
  call: string;
  body: Buffer;
}

let folder: string;
let server: Server;
let seen: Seen[];
/** Of an engine, as Docker's API words them. */
let answers: Record<string, [number, string | Buffer]>;
let engine: DockerEngine;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'docker-engine-'));
  seen = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = `${request.method} ${request.url}`;
      seen.push({ call, body: Buffer.concat(chunks) });
      const [status, body] = answers[call] ?? [404, '{"message":"no such thing"}'];
      response.writeHead(status).end(body);
    });
  });
  const socket = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  engine = new DockerEngine({ engine: `unix://${socket}` }, {});
});
afterEach(async () => {
  engine.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const IMPORT = 'POST /images/create?fromSrc=-&changes=LABEL%20openwhisk.room%3Dprobe';
const PROBES = 'GET /images/json?filters=%7B%22label%22%3A%5B%22openwhisk.room%22%5D%7D';
const IMAGE = `sha256:${'a'.repeat(64)}`;

it('puts an image of so many megabytes on the engine, and takes it away', async () => {
  answers = { [IMPORT]: [200, `{"status":"${IMAGE}"}\r\n`], [`DELETE /images/${IMAGE}`]: [200, '[]'] };
  await engine.checkRoom(32);
  expect(seen.map(({ call }) => call)).toEqual([PROBES, IMPORT, `DELETE /images/${IMAGE}`]);
  const sent = seen[1]!.body;
  expect(sent.length).toBeLessThan(100_000);
  // a header, the file, and two empty blocks at the end
  expect(gunzipSync(sent).length).toBe(512 + 32 * 1024 * 1024 + 1024);
});

it('takes away what checks that were killed left, and nothing of one under way', async () => {
  const [old, young] = [Math.floor(Date.now() / 1000) - 3600, Math.floor(Date.now() / 1000)];
  const left = JSON.stringify([
    { Id: 'sha256:old', Created: old },
    { Id: 'sha256:young', Created: young },
  ]);
  answers = { [PROBES]: [200, left], 'DELETE /images/sha256:old': [200, '[]'], [IMPORT]: [403, '{}'] };
  await engine.checkRoom(16);
  expect(seen.map(({ call }) => call)).toEqual([PROBES, 'DELETE /images/sha256:old', IMPORT]);
});

it.each([
  [200, '{"errorDetail":{"message":"write /room: no space left on device"},"error":"write /room: no space left on device"}'],
  [500, '{"message":"mkdir /var/lib/docker/overlay2/x: no space left on device"}'],
])('knows a full disk by an answer of %i', async (status, body) => {
  answers = { [IMPORT]: [status, body] };
  await expect(engine.checkRoom(16)).rejects.toThrow(EngineDiskFull);
});

it('takes an engine that refuses such an image for one with room', async () => {
  answers = { [IMPORT]: [403, '{"message":"authorization denied by plugin"}'] };
  await expect(engine.checkRoom(16)).resolves.toBeUndefined();
});

it('tells what a container does and what it said last', async () => {
  const frame = (text: string) => Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)]);
  const health = { Status: 'unhealthy', Log: [{ Output: 'refused\n' }] };
  const State = { Running: true, Restarting: false, ExitCode: 0, OOMKilled: false, Health: health };
  answers = {
    'GET /containers/a/json': [200, JSON.stringify({ State, RestartCount: 2 })],
    'GET /containers/a/logs?stdout=1&stderr=1&tail=9': [200, Buffer.concat([frame('one\n'), frame('two\n')])],
  };
  const running = { running: true, exitCode: 0, outOfMemory: false };
  expect(await engine.state('a')).toEqual({ ...running, health: 'unhealthy', restarts: 2, lastCheck: 'refused' });
  expect(await engine.state('b')).toBeUndefined();
  expect(await engine.logTail('a', 9)).toBe('one\ntwo\n');
});

it.each(['npipe:////./pipe/docker_engine', 'ssh://', 'here'])('refuses the address %s', async (address) => {
  const error = await new DockerEngine({ engine: address }, {}).check().catch((failed: unknown) => failed);
  expect(error).toBeInstanceOf(EngineUnreachable);
  expect((error as Error).message).toContain('an address is of the form');
});

it('asks the engine of DOCKER_HOST when none is named', async () => {
  await expect(new DockerEngine({}, { DOCKER_HOST: 'tcp://127.0.0.1:1' }).check()).rejects.toThrow(
    'The Docker engine at tcp://127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1; start it, or name the right one in docker.engine or DOCKER_HOST.',
  );
});
