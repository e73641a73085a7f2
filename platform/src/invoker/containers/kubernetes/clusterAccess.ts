import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';

/** How the API server of a cluster is reached and signed in to. */
export interface ClusterAccess {
  /** `https://host:port`, perhaps with a path. */
  server: string;
  /** PEM. */
  ca?: string;
  certificate?: string;
  key?: string;
  /** Name the server's certificate is for, where it is not that of `server`. */
  serverName?: string;
  insecure?: boolean;
  /** Of this moment: tokens of service accounts are replaced while an invoker runs. Undefined where a certificate signs in. */
  authorization(): string | undefined;
  /** Of the service account, or of the context. */
  namespace: string;
}

/** It cannot be told how the cluster is entered; the message is for the operator. */
export class ClusterAccessError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ClusterAccessError';
  }
}

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
/** ms a token is used until its file is read again; kubelets replace it minutes before its end. */
const tokenAge = 10_000;

/**
 * In this order: the files that KUBECONFIG names, the service account of the pod this runs in, the kubeconfig of the user. Throws ClusterAccessError.
 * `account`: folder of the service account.
 */
export function findCluster(environment: NodeJS.ProcessEnv = process.env, account = accountFolder): ClusterAccess {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  if (KUBECONFIG) return fromKubeconfig(KUBECONFIG.split(delimiter).filter((path) => path !== ''));
  if (host && existsSync(join(account, 'token'))) {
    return {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ca: readText(join(account, 'ca.crt')),
      authorization: bearerFile(join(account, 'token')),
      namespace: readText(join(account, 'namespace')).trim(),
    };
  }
  const own = join(environment.HOME ?? homedir(), '.kube', 'config');
  if (existsSync(own)) return fromKubeconfig([own]);
  throw new ClusterAccessError(
    'There is no cluster to run actions in: run the invoker in a pod with a service account, or set KUBECONFIG.',
  );
}

interface Named {
  name?: string;
  /** Folder of the file it is from: paths in it are relative to that. */
  folder: string;
  [part: string]: unknown;
}

/** The kubeconfig that these files are together; what comes first counts. */
function fromKubeconfig(paths: string[]): ClusterAccess {
  const files = paths.map((path) => ({ folder: dirname(resolve(path)), content: readKubeconfig(path) }));
  const named = (kind: 'clusters' | 'users' | 'contexts', part: string, name: unknown): Record<string, unknown> & { folder: string } => {
    for (const { folder, content } of files) {
      const list = content[kind];
      const found = Array.isArray(list) ? (list as Named[]).find((entry) => entry?.name === name) : undefined;
      if (found) return { ...(found[part] as Record<string, unknown>), folder };
    }
    throw new ClusterAccessError(`The kubeconfig ${paths.join(delimiter)} has no '${String(name)}' among its ${kind}.`);
  };
  const current = files.map(({ content }) => content['current-context']).find((name) => typeof name === 'string' && name !== '');
  if (current === undefined) throw new ClusterAccessError(`The kubeconfig ${paths.join(delimiter)} has no current context.`);
  const context = named('contexts', 'context', current);
  const cluster = named('clusters', 'cluster', context.cluster);
  const user = named('users', 'user', context.user);
  if (typeof cluster.server !== 'string')
    throw new ClusterAccessError(`The cluster '${String(context.cluster)}' of the kubeconfig has no 'server'.`);
  for (const way of ['exec', 'auth-provider'])
    if (user[way] !== undefined)
      throw new ClusterAccessError(
        `The user '${String(context.user)}' of the kubeconfig signs in with '${way}', which an invoker does not: give it a token, a certificate or a service account.`,
      );
  return {
    server: cluster.server,
    ...optional('ca', pem(cluster, 'certificate-authority')),
    ...optional('certificate', pem(user, 'client-certificate')),
    ...optional('key', pem(user, 'client-key')),
    ...optional('serverName', cluster['tls-server-name'] as string | undefined),
    insecure: cluster['insecure-skip-tls-verify'] === true,
    authorization: authorizationOf(user),
    namespace: typeof context.namespace === 'string' ? context.namespace : 'default',
  };
}

function authorizationOf(user: Record<string, unknown> & { folder: string }): () => string | undefined {
  const { token, tokenFile, username, password } = user;
  if (typeof token === 'string') return () => `Bearer ${token}`;
  if (typeof tokenFile === 'string') return bearerFile(resolve(user.folder, tokenFile));
  if (typeof username === 'string')
    return () => `Basic ${Buffer.from(`${username}:${typeof password === 'string' ? password : ''}`).toString('base64')}`;
  return () => undefined;
}

function bearerFile(path: string): () => string {
  let value = '';
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - readAt > tokenAge) {
      value = `Bearer ${readText(path).trim()}`;
      readAt = performance.now();
    }
    return value;
  };
}

/** Given in itself (`<name>-data`), or as a path. */
function pem(holder: Record<string, unknown> & { folder: string }, name: string): string | undefined {
  const data = holder[`${name}-data`];
  if (typeof data === 'string') return Buffer.from(data, 'base64').toString('utf8');
  const path = holder[name];
  return typeof path === 'string' ? readText(resolve(holder.folder, path)) : undefined;
}

function readKubeconfig(path: string): Record<string, unknown> {
  const text = readText(path);
  let content: unknown;
  try {
    content = parse(text);
  } catch {
    // the parser's message quotes the text, and there are keys in it
    throw new ClusterAccessError(`The kubeconfig ${path} is not YAML.`);
  }
  if (typeof content !== 'object' || content === null) throw new ClusterAccessError(`The kubeconfig ${path} is empty.`);
  return content as Record<string, unknown>;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ClusterAccessError(`${path}, by which the cluster is entered, cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function optional<K extends string>(name: K, value: string | undefined): { [k in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [k in K]: string });
}
