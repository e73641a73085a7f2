import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ApiAccess } from '../kubernetesApi';

/** A kubeconfig, as far as it is understood here: no programs that log in, and no user names. */
interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
  clusters?: { name: string; cluster: { server: string } & Record<string, string | undefined> }[];
  users?: { name: string; user: Record<string, string | undefined> }[];
}

export interface Connection {
  access: ApiAccess;
  /** Of objects that name none. */
  namespace: string;
}

/** There is no cluster to connect to, as the settings are. Previews do without. */
export class NoCluster extends Error {
  override readonly name = 'NoCluster';
  constructor(reason: string) {
    super(`configured Kubernetes cluster is unreachable: ${reason}`);
  }
}

/**
 * What a provider's configuration leads to; a kubeconfig is a path or the content of one.
 * @throws NoCluster
 */
export function connectionOf(config: Readonly<Record<string, unknown>>): Connection {
  const given = (name: string) => (typeof config[name] === 'string' && config[name] !== '' ? (config[name] as string) : undefined);
  const { text, folder } = textOf(given('kubeconfig') ?? process.env.KUBECONFIG ?? join(homedir(), '.kube/config'));
  const kubeconfig = parse(text) as Kubeconfig;
  const wanted = given('context') ?? kubeconfig['current-context'];
  const context = kubeconfig.contexts?.find(({ name }) => name === wanted)?.context;
  const clusterName = given('cluster') ?? context?.cluster;
  const cluster = kubeconfig.clusters?.find(({ name }) => name === clusterName)?.cluster;
  if (cluster === undefined) throw new NoCluster(`the kubeconfig has no cluster for the context ${JSON.stringify(wanted ?? '')}`);
  const user = kubeconfig.users?.find(({ name }) => name === context?.user)?.user ?? {};
  const content = (of: Record<string, string | undefined>, name: string): string | undefined => {
    const [data, file] = [of[`${name}-data`], of[name]];
    if (data !== undefined) return Buffer.from(data, 'base64').toString();
    return file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
  };
  const token = user.token ?? (user.tokenFile === undefined ? undefined : readFileSync(resolve(folder, user.tokenFile), 'utf8').trim());
  const parts = {
    authority: content(cluster, 'certificate-authority'),
    token,
    certificate: content(user, 'client-certificate'),
    key: content(user, 'client-key'),
  };
  const known = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
  return { access: { server: cluster.server, ...known }, namespace: given('namespace') ?? context?.namespace ?? 'default' };
}

function textOf(pathOrContent: string): { text: string; folder: string } {
  const path = pathOrContent.replace(/^~(?=\/)/, homedir());
  if (!pathOrContent.includes('\n') && existsSync(path)) return { text: readFileSync(path, 'utf8'), folder: dirname(path) };
  if (!pathOrContent.includes(':')) throw new NoCluster(`there is no kubeconfig ${pathOrContent}`);
  return { text: pathOrContent, folder: process.cwd() };
}
