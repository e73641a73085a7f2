import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectoryInUse, lockDataDirectory } from './dataDirectoryLock';
import { bootId, startTimeOf } from './processIdentity';

let directory: string;
const lockOf = (holder: object) => writeFileSync(join(directory, 'platform.lock'), JSON.stringify(holder));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a directory that another live process holds is refused, by name', () => {
  const other = spawn('sleep', ['30']);
  try {
    lockOf({ pid: other.pid, startTime: startTimeOf(other.pid!), boot: bootId() });
    expect(() => lockDataDirectory(directory)).toThrow(DataDirectoryInUse);
    expect(() => lockDataDirectory(directory)).toThrow(`in use by process ${other.pid}`);
  } finally {
    other.kill('SIGKILL');
  }
});

test('what a killed process, another start of the machine or a torn write left is taken over', () => {
  for (const left of [
    { pid: 999_999_999, startTime: '1', boot: bootId() },
    { pid: 1, startTime: startTimeOf(1), boot: 'another' },
    { pid: 1, startTime: 'given away again', boot: bootId() },
  ]) {
    lockOf(left);
    lockDataDirectory(directory)();
  }
  writeFileSync(join(directory, 'platform.lock'), '{"pid":');
  lockDataDirectory(directory)();
});

test('once left, the directory can be taken again', () => {
  lockDataDirectory(directory)();
  lockDataDirectory(directory)();
});
