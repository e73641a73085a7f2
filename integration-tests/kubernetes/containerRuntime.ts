import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable } from '../../tooling/src/executable';
import { CNI_PLUGINS } from './nodeConfiguration';

const run = promisify(execFile);

/** Programs a node calls, and the Debian package of each. */
const PACKAGES: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  ip: 'iproute2',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  sysctl: 'procps',
};

/** Installs what of containerd and its network plugins is missing. Fails with the reason. */
export async function installContainerRuntime(): Promise<void> {
  const searched = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  const missing = new Set(Object.entries(PACKAGES).flatMap(([name, of]) => (findExecutable(name, searched) === undefined ? [of] : [])));
  if (!existsSync(join(CNI_PLUGINS, 'bridge'))) missing.add('containernetworking-plugins');
  if (missing.size === 0) return;
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await run('apt-get', ['update', '-qq'], options);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new Error(`A node of Kubernetes needs ${[...missing].join(', ')}, and installing that failed: ${reason}`);
  }
}
