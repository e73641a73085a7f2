import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually';
import { PlatformProcess } from '../platformProcess';

/** A data directory on a file system of 24 MB that is filled up for real. Mounting needs the right to do so. */
const mountPoint = mkdtempSync(join(tmpdir(), 'small-disk-'));
const ballast = join(mountPoint, 'ballast');
let platform: PlatformProcess;
let auth: string;

beforeAll(async () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mountPoint]);
  platform = await PlatformProcess.start({ OPENWHISK_DATA_DIR: join(mountPoint, 'data'), OPENWHISK_ACTIVATIONS_MAX_PENDING: '65536' });
  auth = (await platform.namespace('guest')).auth;
  await platform.api(auth, 'PUT', 'actions/echo', { exec: { kind: 'nodejs:20', code: 'function main(a) { return a; }' } });
});
afterAll(async () => {
  await platform?.stop();
  execFileSync('umount', [mountPoint]);
  rmdirSync(mountPoint);
});

function fill(): void {
  const block = Buffer.alloc(64 * 1024);
  for (let size = 1024; ; size *= 2) {
    try {
      writeFileSync(ballast, Buffer.alloc(size * 1024));
    } catch {
      break;
    }
  }
  // what is left between the last size that fitted and the end of the disk
  for (;;) {
    try {
      writeFileSync(ballast, block, { flag: 'a' });
    } catch {
      return;
    }
  }
}

const invoke = () => platform.api(auth, 'POST', 'actions/echo?blocking=true&result=true', { text: 'x'.repeat(2000) });

test('a full disk refuses new work with 503 and takes it again when there is room; what was accepted is recorded', async () => {
  expect((await invoke()).status).toBe(200);
  fill();
  const accepted: string[] = [];
  let refused: Awaited<ReturnType<typeof invoke>> | undefined;
  for (let i = 0; i < 500 && !refused; i++) {
    const answer = await invoke();
    if (answer.status === 200) accepted.push(answer.headers['x-openwhisk-activation-id'] as string);
    else refused = answer;
  }
  expect(refused?.status).toBe(503);
  expect(refused?.json.error).toMatch(/unavailable/);
  expect((await platform.api(auth, 'PUT', 'triggers/t', {})).status).toBeGreaterThanOrEqual(500);
  expect((await platform.api(auth, 'GET', 'actions')).status).toBe(200);
  unlinkSync(ballast);
  await eventually(async () => expect((await invoke()).status).toBe(200));
  expect((await platform.api(auth, 'PUT', 'triggers/t', {})).status).toBe(200);
  await platform.kill('SIGTERM');
  await platform.run();
  for (const id of accepted) expect((await platform.api(auth, 'GET', `activations/${id}`)).status).toBe(200);
});
