import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { eventually } from '../eventually';

/**
 * A second engine beside that of the machine, which a test may restart. It leaves the rules of the machine's firewall alone, and has a bridge
 * of its own: one told to have none removes `docker0`, which is the other's.
 */
export class OwnEngine {
  private readonly bridge = `owt${process.pid}`;
  readonly directory = mkdtempSync(join(tmpdir(), 'engine-'));
  readonly socketPath = join(this.directory, 'docker.sock');
  readonly docker = new Docker({ socketPath: this.socketPath });
  private child: ChildProcess | undefined;

  async start(): Promise<void> {
    const { directory } = this;
    const folders = ['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec'), '--pidfile', join(directory, 'pid')];
    const network = [`--bridge=${this.bridge}`, '--iptables=false', '--ip6tables=false', '--default-address-pool', 'base=10.199.0.0/16,size=24'];
    if (!existsSync(`/sys/class/net/${this.bridge}`)) {
      execFileSync('ip', ['link', 'add', 'name', this.bridge, 'type', 'bridge']);
      execFileSync('ip', ['address', 'add', '10.198.0.1/24', 'dev', this.bridge]);
      execFileSync('ip', ['link', 'set', this.bridge, 'up']);
    }
    this.child = spawn('dockerd', [...folders, ...network, '-H', `unix://${this.socketPath}`], { stdio: 'ignore' });
    await eventually(() => this.docker.ping(), 30_000);
  }

  /** Its containers end with it. */
  async stop(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  /** An image of another engine. */
  async copyImage(from: Docker, name: string): Promise<void> {
    const progress = await this.docker.loadImage(await from.getImage(name).get());
    await new Promise<void>((resolve, reject) => {
      this.docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
  }

  async remove(): Promise<void> {
    await this.stop();
    execFileSync('ip', ['link', 'delete', this.bridge]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
