import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import Docker from 'dockerode';

const run = promisify(execFile);
const socketPath = '/var/run/docker.sock';
const patience = 30_000;

/** The engine of this machine: the one that runs, or one that is installed and started for the tests. Fails with the reason. */
export async function dockerEngine(): Promise<Docker> {
  const docker = new Docker({ socketPath });
  if (await answers(docker)) return docker;
  if (!existsSync('/usr/sbin/dockerd') && !existsSync('/usr/bin/dockerd')) await install();
  spawn('dockerd', [], { detached: true, stdio: 'ignore' }).unref();
  const deadline = Date.now() + patience;
  while (Date.now() < deadline) {
    if (await answers(docker)) return docker;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('A Docker engine is needed: none runs here, and dockerd did not come up when it was started.');
}

async function answers(docker: Docker): Promise<boolean> {
  return docker.ping().then(
    () => true,
    () => false,
  );
}

async function install(): Promise<void> {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-qq'], { env: environment });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'docker.io', 'iptables'], { env: environment });
  } catch (error) {
    throw new Error(`A Docker engine is needed: none is installed, and installing one failed: ${(error as Error).message.split('\n')[0]}`);
  }
}
