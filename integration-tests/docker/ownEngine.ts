import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { eventually } from '../eventually';

/** Addresses of the line to the second engine, and of the networks it makes. */
const line = { here: '10.198.0.1', there: '10.198.0.2' };
const networks = '10.199.0.0/16';

/**
 * A second engine beside that of the machine, which a test may restart. It lives in a network namespace of its own, since an engine that starts takes bridges and
 * rules of the firewall for its own; its containers are reached over a line between the two.
 */
export class OwnEngine {
  private readonly namespace = `engine-${process.pid}`;
  readonly directory = mkdtempSync(join(tmpdir(), 'engine-'));
  readonly socketPath = join(this.directory, 'docker.sock');
  readonly docker = new Docker({ socketPath: this.socketPath });
  private child: ChildProcess | undefined;
  private connected = false;

  async start(): Promise<void> {
    this.connect();
    const { directory, namespace } = this;
    const folders = ['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec'), '--pidfile', join(directory, 'pid')];
    const network = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--default-address-pool', `base=${networks},size=24`];
    const engine = ['dockerd', ...folders, ...network, '-H', `unix://${this.socketPath}`];
    this.child = spawn('nsenter', [`--net=/run/netns/${namespace}`, ...engine], { stdio: 'ignore' });
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
    // the line and all bridges end with it
    if (this.connected) ip(['netns', 'delete', this.namespace]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private connect(): void {
    if (this.connected) return;
    const { namespace } = this;
    const [near, far] = [`owh${process.pid}`, `owe${process.pid}`];
    ip(['netns', 'add', namespace]);
    this.connected = true;
    ip(['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', namespace]);
    ip(['address', 'add', `${line.here}/30`, 'dev', near]);
    ip(['link', 'set', near, 'up']);
    ip(['-n', namespace, 'address', 'add', `${line.there}/30`, 'dev', far]);
    ip(['-n', namespace, 'link', 'set', far, 'up']);
    ip(['-n', namespace, 'link', 'set', 'lo', 'up']);
    ip(['route', 'add', networks, 'via', line.there]);
  }
}

function ip(args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
