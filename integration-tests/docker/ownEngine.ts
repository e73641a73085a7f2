import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { eventually } from '../eventually';

/** Addresses of the line to the second engine, and of the networks it makes. */
const line = { here: '10.198.0.1', there: '10.198.0.2' };
const networks = '10.199.0.0/16';

/**
 * What it mounts ends with it. It must not find the machine's containerd: it would use that, and containers in the network of the host would
 * be in that one's.
 */
const OWN_MOUNTS = ['unshare', '--mount', 'sh', '-c', '[ ! -d /run/containerd ] || mount -t tmpfs none /run/containerd; exec "$@"', 'sh'];

/**
 * A second engine beside that of the machine, which a test may restart. It lives in a network namespace of its own, since an engine that starts takes bridges and
 * rules of the firewall for its own; its containers are reached over a line between the two.
 */
export class OwnEngine {
  private readonly namespace = `engine-${process.pid}`;
  private readonly near = `owh${process.pid}`;
  /** What to put in front of a command that is to run beside it. */
  readonly enter: readonly string[] = ['nsenter', `--net=/run/netns/${this.namespace}`];
  /** Of the host it is on, as seen from here. */
  readonly address = line.there;
  readonly directory = mkdtempSync(join(tmpdir(), 'engine-'));
  readonly socketPath = join(this.directory, 'docker.sock');
  readonly docker = new Docker({ socketPath: this.socketPath });
  private child: ChildProcess | undefined;
  private connected = false;
  private mounted = false;

  /** @param disk Megabytes of a disk of its own; else it shares this machine's. */
  constructor(private readonly disk?: number) {}

  /** Where its images, containers and volumes are. */
  get dataRoot(): string {
    return join(this.directory, 'data');
  }

  /** @param options Further ones of the daemon. */
  async start(options: readonly string[] = []): Promise<void> {
    this.connect();
    this.mount();
    const { directory, dataRoot } = this;
    const folders = ['--data-root', dataRoot, '--exec-root', join(directory, 'exec'), '--pidfile', join(directory, 'pid')];
    const network = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--default-address-pool', `base=${networks},size=24`];
    const engine = ['dockerd', ...folders, ...network, '-H', `unix://${this.socketPath}`, ...options];
    const [command, ...inside] = [...this.enter, ...OWN_MOUNTS];
    this.child = spawn(command!, [...inside, ...engine], { stdio: 'ignore' });
    await eventually(() => this.docker.ping());
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
    if (this.connected) this.disconnect();
    if (this.mounted) execFileSync('umount', [this.dataRoot]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private mount(): void {
    const { disk } = this;
    if (disk === undefined || this.mounted) return;
    const image = join(this.directory, 'disk');
    mkdirSync(this.dataRoot);
    execFileSync('truncate', ['-s', `${disk}M`, image]);
    // no journal, and nothing that only root may use
    execFileSync('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', image]);
    execFileSync('mount', ['-o', 'loop', image, this.dataRoot]);
    this.mounted = true;
  }

  /** All bridges end with the namespace, which ends with the last process in it. */
  private disconnect(): void {
    // what watches over a container may outlive the engine
    endAll(this.namespace);
    ip(['link', 'delete', this.near]);
    ip(['netns', 'delete', this.namespace]);
  }

  private connect(): void {
    if (this.connected) return;
    const { namespace } = this;
    const [near, far] = [this.near, `owe${process.pid}`];
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

function endAll(namespace: string): void {
  const pids = execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).split('\n').filter(Boolean);
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}

function ip(args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
