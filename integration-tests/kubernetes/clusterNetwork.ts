import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Addresses of a cluster. Two at once on one machine need different ones, and platforms in Docker take theirs from 10.128.0.0 on. */
export interface ClusterAddresses {
  /** This machine's end of the line to the node, and the node's: a network of four. */
  readonly host: string;
  readonly node: string;
  /** Networks of services and pods. */
  readonly services: string;
  readonly pods: string;
}

export const DEFAULT_ADDRESSES: ClusterAddresses = {
  host: '10.98.0.1',
  node: '10.98.0.2',
  services: '10.96.0.0/16',
  pods: '10.97.0.0/24',
};

/**
 * A network namespace for the node: what it does to bridges, routes and the firewall stays in there. It has no way out; from this machine
 * pods and services are reached by their addresses.
 */
export class ClusterNetwork {
  private readonly namespace: string;
  private readonly near: string;
  /** What to put in front of a command that is to run in it. */
  readonly enter: readonly string[];

  constructor(name: string) {
    this.namespace = `kubernetes-${name}`;
    // names of links have 15 characters at most
    this.near = `owk${name}`;
    this.enter = ['nsenter', `--net=/run/netns/${this.namespace}`];
  }

  /** Throws with the reason when this machine does not allow it. */
  async make({ host, node, services, pods }: ClusterAddresses): Promise<void> {
    const within = (...args: string[]) => ip('-n', this.namespace, ...args);
    await ip('netns', 'add', this.namespace);
    await ip('link', 'add', this.near, 'type', 'veth', 'peer', 'name', 'node', 'netns', this.namespace);
    await ip('address', 'add', `${host}/30`, 'dev', this.near);
    await ip('link', 'set', this.near, 'up');
    await within('address', 'add', `${node}/30`, 'dev', 'node');
    await within('link', 'set', 'node', 'up');
    await within('link', 'set', 'lo', 'up');
    // a destination no route leads to is refused before the rules for services are asked
    await within('route', 'add', services, 'dev', 'node');
    for (const network of [services, pods]) await ip('route', 'add', network, 'via', node);
    const [command, ...args] = this.enter;
    await run(command!, [...args, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  }

  /** Numbers of all processes in it, but for those of pods. */
  async processes(): Promise<number[]> {
    const { stdout } = await run('ip', ['netns', 'pids', this.namespace]).catch(() => ({ stdout: '' }));
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  /** Links and routes end with it. */
  async remove(): Promise<void> {
    // by itself, since the namespace stays as long as a process is in it
    await ip('link', 'delete', this.near).catch(() => undefined);
    await ip('netns', 'delete', this.namespace).catch(() => undefined);
  }
}

async function ip(...args: string[]): Promise<void> {
  try {
    await run('ip', args);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(
      `A cluster can't get a network of its own here (it takes root and iproute2): ip ${args.join(' ')}: ${stderr || message}`,
    );
  }
}
