import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { ClusterFolder } from './clusterFolder';
import type { ClusterAddresses } from './clusterNetwork';

export const NODE_NAME = 'node-0';
const API_PORT = 6443;
const ETCD = 'http://127.0.0.1:2379';
/** Names of images in a cluster that no registry serves. */
export const PAUSE_IMAGE = 'registry.local/pause:1';
/** In the folder of a cluster. */
export const CONTAINERD_SOCKET = 'containerd.sock';
export const CNI_PLUGINS = '/usr/lib/cni';

/** Address of the API server. */
export function apiAddress({ node }: ClusterAddresses): string {
  return `https://${node}:${API_PORT}`;
}

/** Who may do everything: a token and the authority that the API server made for itself, both inside of the file. */
export function kubeconfigOf(address: string, token: string, authority: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    users: [{ name: 'admin', user: { token } }],
    clusters: [{ name: 'test', cluster: { server: address, 'certificate-authority-data': Buffer.from(authority).toString('base64') } }],
  };
}

/** Writes what the API server reads at its start and gives the token of its administrator. */
export function writeKeys(folder: ClusterFolder): string {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  folder.put('service-accounts.key', privateKey);
  folder.put('service-accounts.pub', publicKey);
  const token = randomBytes(24).toString('hex');
  folder.put('tokens.csv', `${token},admin,admin,system:masters\n`);
  return token;
}

/** Arguments of the programs of the control plane. They run in the folder of the cluster. */
export function controlPlane({ node, services }: ClusterAddresses) {
  const client = ['--kubeconfig', 'kubeconfig', '--bind-address', '127.0.0.1', '--leader-elect=false'];
  return {
    etcd: [
      ...['--data-dir', 'etcd', '--listen-client-urls', ETCD, '--advertise-client-urls', ETCD],
      ...['--listen-peer-urls', 'http://127.0.0.1:2380', '--unsafe-no-fsync'],
    ],
    'kube-apiserver': [
      ...['--etcd-servers', ETCD, '--bind-address', node, '--advertise-address', node, '--secure-port', String(API_PORT)],
      ...['--cert-dir', 'certificates', '--service-cluster-ip-range', services, '--token-auth-file', 'tokens.csv'],
      ...['--authorization-mode', 'Node,RBAC', '--allow-privileged', '--kubelet-preferred-address-types', 'InternalIP'],
      ...['--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', 'service-accounts.pub'],
      ...['--service-account-signing-key-file', 'service-accounts.key'],
    ],
    'kube-controller-manager': [
      ...client,
      ...['--service-account-private-key-file', 'service-accounts.key', '--root-ca-file', 'authority.pem'],
      ...['--cert-dir', 'controller-manager'],
    ],
    'kube-scheduler': [...client, '--cert-dir', 'scheduler'],
  } as const;
}

/** Writes the configuration of what runs containers. */
export function writeContainerd(folder: ClusterFolder, pods: string): string {
  const plugin = '[plugins."io.containerd.grpc.v1.cri"';
  folder.put(
    'containerd.toml',
    [
      'version = 2',
      `root = "${folder.at('containerd')}"`,
      `state = "${folder.at('containerd-state')}"`,
      `grpc.address = "${folder.at(CONTAINERD_SOCKET)}"`,
      `${plugin}]`,
      `  sandbox_image = "${PAUSE_IMAGE}"`,
      // where root may not lower it, no container would start otherwise
      '  restrict_oom_score_adj = true',
      '  netns_mounts_under_state_dir = true',
      `${plugin}.cni]`,
      `  bin_dir = "${CNI_PLUGINS}"`,
      `  conf_dir = "${folder.at()}"`,
    ].join('\n'),
  );
  const ipam = {
    type: 'host-local',
    dataDir: folder.at('pod-addresses'),
    ranges: [[{ subnet: pods }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  folder.put('pods.conflist', {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      { type: 'bridge', bridge: 'pods', isGateway: true, hairpinMode: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });
  return folder.at('containerd.toml');
}

/** Writes the configuration of what makes pods of the API's objects, and gives the arguments of its programs. */
export function writeNode(folder: ClusterFolder, { node, pods }: ClusterAddresses, cgroupRoot: string) {
  folder.put('resolv.conf', '', 0o644);
  folder.put('kubelet.yaml', {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${folder.at(CONTAINERD_SOCKET)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot,
    failCgroupV1: false,
    failSwapOn: false,
    address: node,
    // its network is reached by nobody but this machine
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    clusterDNS: [node],
    clusterDomain: 'cluster.local',
    resolvConf: folder.at('resolv.conf'),
    podLogsDir: folder.at('pod-logs'),
    volumePluginDir: folder.at('volume-plugins'),
    // disks of this machine may be nearly full, and images can't be had again
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '100Mi' },
  });
  folder.put('kube-proxy.yaml', {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: folder.at('kubeconfig') },
    clusterCIDR: pods,
    hostnameOverride: NODE_NAME,
    // limits of the whole machine, which are not to be changed
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  });
  const names = ['.:53 {', ' errors', ' kubernetes cluster.local in-addr.arpa {', `  kubeconfig ${folder.at('kubeconfig')}`, ' }', '}', ''];
  folder.put('Corefile', names.join('\n'));
  return {
    kubelet: [
      // it begins in another folder than the others
      ...['--config', folder.at('kubelet.yaml'), '--kubeconfig', folder.at('kubeconfig')],
      ...['--hostname-override', NODE_NAME, '--node-ip', node, '--root-dir', folder.at('kubelet')],
      ...['--cert-dir', folder.at('kubelet-certificates')],
    ],
    'kube-proxy': ['--config', 'kube-proxy.yaml'],
    coredns: ['-conf', 'Corefile'],
  } as const;
}
