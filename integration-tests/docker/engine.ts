import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import Docker from 'dockerode';

const run = promisify(execFile);
const socketPath = '/var/run/docker.sock';
const patience = 30_000;

/** The engine of this machine; `globalSetup` made sure that there is one. */
export function dockerEngine(): Docker {
  return new Docker({ socketPath });
}

/** Starts an engine where none runs, installing one if need be; gives its process. Fails with the reason. */
export async function startEngine(): Promise<ChildProcess | undefined> {
  const docker = dockerEngine();
  if (await answers(docker)) return undefined;
  if (!existsSync('/usr/sbin/dockerd') && !existsSync('/usr/bin/dockerd')) await install();
  const engine = spawn('dockerd', [], { stdio: 'ignore' });
  const deadline = Date.now() + patience;
  while (Date.now() < deadline && engine.exitCode === null) {
    if (await answers(docker)) return engine;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  engine.kill();
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
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'docker.io', 'iptables', 'iproute2'], { env: environment });
  } catch (error) {
    throw new Error(`A Docker engine is needed: none is installed, and installing one failed: ${(error as Error).message.split('\n')[0]}`);
  }
}
