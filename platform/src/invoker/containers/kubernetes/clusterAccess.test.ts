import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCluster } from './clusterAccess';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cluster-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const config = (user: string, cluster = 'server: "https://a:6443"') => `
current-context: here
contexts: [{name: here, context: {cluster: c, user: u, namespace: actions}}]
clusters: [{name: c, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
`;

it('is that of the service account, whose token is read anew', () => {
  const account = join(folder, 'account');
  for (const [name, text] of [
    ['token', 'one\n'],
    ['ca.crt', 'CA'],
    ['namespace', 'openwhisk\n'],
  ] as const)
    write(`account/${name}`, text);
  const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443', HOME: folder };
  const access = findCluster(environment, account);
  expect(access).toMatchObject({ server: 'https://10.96.0.1:443', ca: 'CA', namespace: 'openwhisk' });
  expect(access.authorization()).toBe('Bearer one');
  write('account/token', 'two\n');
  expect(access.authorization()).toBe('Bearer one');
  const now = performance.now();
  jest.spyOn(performance, 'now').mockReturnValue(now + 11_000);
  expect(access.authorization()).toBe('Bearer two');
  expect(findCluster({ ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' }, account).server).toBe('https://[fd00::1]:443');
});

it('is that of KUBECONFIG first, with paths relative to it', () => {
  write('pki/ca.crt', 'CA');
  const KUBECONFIG = write(
    'config',
    config('token: t', 'server: "https://a:6443", certificate-authority: pki/ca.crt, tls-server-name: kubernetes'),
  );
  const access = findCluster({ KUBECONFIG, KUBERNETES_SERVICE_HOST: '10.96.0.1' });
  expect(access).toMatchObject({ server: 'https://a:6443', ca: 'CA', serverName: 'kubernetes', namespace: 'actions', insecure: false });
  expect(access.authorization()).toBe('Bearer t');
});

it('may be in several files, the first of which counts', () => {
  const first = write('first', 'users: [{name: u, user: {username: me, password: p}}]');
  const second = write('second', config('token: t'));
  expect(findCluster({ KUBECONFIG: `${first}:${second}` }).authorization()).toBe(`Basic ${Buffer.from('me:p').toString('base64')}`);
});

it('is entered with a certificate, given in itself', () => {
  const data = (text: string) => Buffer.from(text).toString('base64');
  write('.kube/config', config(`client-certificate-data: ${data('CERT')}, client-key-data: ${data('KEY')}`));
  const access = findCluster({ HOME: folder });
  expect(access).toMatchObject({ certificate: 'CERT', key: 'KEY' });
  expect(access.authorization()).toBeUndefined();
});

it.each([
  [
    'nothing at all',
    undefined,
    'There is no cluster to run actions in: run the invoker in a pod with a service account, or set KUBECONFIG.',
  ],
  ['text', 'users: [secret: {', 'The kubeconfig PATH is not YAML.'],
  ['no context', '{}', 'The kubeconfig PATH has no current context.'],
  ['no such user', config('').replace('name: u', 'name: w'), "The kubeconfig PATH has no 'u' among its users."],
  [
    'a plugin',
    config('exec: {command: aws}'),
    "The user 'u' of the kubeconfig signs in with 'exec', which an invoker does not: give it a token, a certificate or a service account.",
  ],
  ['no file', config('client-key: none.pem'), /none\.pem, by which the cluster is entered, cannot be read \(ENOENT\)\./],
])('is told in a sentence when it is %s', (_name, text, message) => {
  const path = text === undefined ? undefined : write('config', text);
  const expected = typeof message === 'string' ? message.replace('PATH', path ?? '') : message;
  expect(() => findCluster({ HOME: folder, ...(path ? { KUBECONFIG: path } : {}) }, join(folder, 'account'))).toThrow(expected);
});
