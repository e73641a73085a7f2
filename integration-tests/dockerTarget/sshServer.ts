import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { OwnEngine } from '../docker/ownEngine';
import { eventually } from '../eventually';

const run = promisify(execFile);
const SSHD = '/usr/sbin/sshd';
const POLICY = '/usr/sbin/policy-rc.d';

/** The way to an engine over ssh: a server beside it with keys of its own, which nobody but its test knows. */
export class SshServer {
  readonly port = 2222;
  private child: ChildProcess | undefined;

  private constructor(private readonly engine: OwnEngine) {}

  static async start(engine: OwnEngine): Promise<SshServer> {
    if (!existsSync(SSHD)) await install();
    const server = new SshServer(engine);
    await server.run();
    return server;
  }

  get url(): string {
    return `ssh://${userInfo().username}@${this.engine.address}:${this.port}`;
  }

  /** Options of ssh: those of the machine's user count for nothing. */
  options({ key = 'user', hosts = 'known_hosts' } = {}): string[] {
    const options = ['IdentitiesOnly=yes', `UserKnownHostsFile=${this.path(hosts)}`, 'GlobalKnownHostsFile=none'];
    return ['-F', 'none', '-i', this.path(key), ...options.flatMap((option) => ['-o', option])];
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  private path(name: string): string {
    return join(this.engine.directory, name);
  }

  private async run(): Promise<void> {
    const { address, socketPath, enter } = this.engine;
    for (const name of ['host', 'user', 'stranger'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', this.path(name)]);
    writeFileSync(this.path('known_hosts'), `[${address}]:${this.port} ${readFileSync(this.path('host.pub'), 'utf8')}`);
    writeFileSync(this.path('no_hosts'), '');
    writeFileSync(this.path('other_hosts'), `[${address}]:${this.port} ${readFileSync(this.path('stranger.pub'), 'utf8')}`);
    writeFileSync(
      this.path('sshd_config'),
      [
        `ListenAddress ${address}:${this.port}`,
        `HostKey ${this.path('host')}`,
        `AuthorizedKeysFile ${this.path('user.pub')}`,
        'PidFile none',
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        // more than one step of an update comes at once
        'MaxStartups 100',
        `SetEnv DOCKER_HOST=unix://${socketPath}`,
        '',
      ].join('\n'),
    );
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const [command, ...inside] = enter;
    this.child = spawn(command!, [...inside, SSHD, '-D', '-f', this.path('sshd_config')], { stdio: 'ignore' });
    await eventually(
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(this.port, address, () => resolve());
          socket.once('connect', () => socket.destroy()).once('error', reject);
        }),
    );
  }
}

/** Installs it without starting a server on this machine. */
async function install(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const own = !existsSync(POLICY);
  if (own) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'openssh-server', 'openssh-client'], { env });
  } catch (error) {
    throw new Error(`An ssh server is needed: ${SSHD} is not there, and installing it failed: ${(error as Error).message.split('\n')[0]}`);
  } finally {
    if (own) rmSync(POLICY);
  }
}
