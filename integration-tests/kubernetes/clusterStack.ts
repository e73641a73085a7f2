import { exampleProgram } from '../exampleProgram';
import { call } from '../httpCall';
import { basic, type NamespaceKey } from '../platformProcess';
import { type Step, TestStack } from '../provider/testStack';
import { type ClusterAccess, testCluster } from './cluster';
import { DEFAULT_ADDRESSES } from './clusterNetwork';
import { kubernetesPluginFolder } from './kubernetesPlugin';
import { PLATFORM_IMAGE, RUNTIME_IMAGES } from './standInImages';

/** Where the platform is in the cluster, by its name. */
export const NAMESPACE = 'life-test-platform';
export const IMAGES = { platform: PLATFORM_IMAGE, runtimes: { 'nodejs:20': RUNTIME_IMAGES['nodejs:20'] } };
export const PORTS = { apiPort: 30080, adminPort: 30081 };

/** Names of the workloads that an update treats in a certain way. */
export function workloads(steps: readonly Step[], op: string): string[] {
  return steps
    .filter((step) => step.op === op && /^kubernetes:apps\//.test(step.type))
    .map(({ name }) => name)
    .sort();
}

/** The program of the example for Kubernetes as a stack, on the cluster of the tests. */
export class ClusterStack {
  private args: Record<string, unknown>;

  private constructor(
    readonly cluster: ClusterAccess,
    readonly stack: TestStack,
  ) {
    this.args = {
      host: DEFAULT_ADDRESSES.node,
      ...PORTS,
      userMemory: 1024,
      limits: { invocationsPerMinute: 100_000, concurrentInvocations: 1000, firesPerMinute: 100_000 },
      kubernetes: {
        kubeconfig: cluster.kubeconfig,
        serviceType: 'NodePort',
        storageClass: 'local',
        controllers: 2,
        kinds: ['nodejs:20'],
        images: IMAGES,
      },
    };
  }

  static async create(): Promise<ClusterStack> {
    const made = new ClusterStack(await testCluster(), await TestStack.create(exampleProgram('kubernetes')));
    const folder = kubernetesPluginFolder();
    if (folder !== undefined) process.env.PATH = `${folder}:${process.env.PATH}`;
    await made.configure();
    return made;
  }

  /** Writes the arguments into the configuration: changes of the target's, and of those all targets have. */
  async configure(changes: Record<string, unknown> = {}, general: Record<string, unknown> = {}): Promise<void> {
    this.args = { ...this.args, ...general, kubernetes: { ...(this.args.kubernetes as object), ...changes } };
    await this.stack.setConfig('life:platform', JSON.stringify(this.args));
  }

  /** Where the ports of the node lead. */
  get api(): string {
    const secure = (this.args.kubernetes as { tls?: object }).tls !== undefined;
    return `${secure ? 'https' : 'http'}://${DEFAULT_ADDRESSES.node}:${PORTS.apiPort}`;
  }

  /** What kubectl prints, in the namespace of the platform. */
  async kubectl(...words: string[]): Promise<string> {
    return (await this.cluster.kubectl(['--namespace', NAMESPACE, ...words])).stdout;
  }

  /** Namespaces, volumes and roles there are now and were not before; what other tests left may go meanwhile. */
  async added(before: readonly string[] = []): Promise<string[]> {
    const kinds = 'namespaces,persistentvolumes,clusterroles,clusterrolebindings,storageclasses,priorityclasses';
    const { stdout } = await this.cluster.kubectl(['get', kinds, '--output', 'name']);
    return stdout.split('\n').filter((name) => name !== '' && !before.includes(name));
  }

  async guestKey(): Promise<string> {
    return (await this.stack.outputs()).auth!.value as string;
  }

  /** What the action of the example answers. */
  async hello(ca?: string): Promise<unknown> {
    const url = `${this.api}/api/v1/namespaces/_/actions/hello?blocking=true&result=true`;
    const headers = { authorization: basic(await this.guestKey()) };
    return (await call(url, { method: 'POST', headers, json: { name: 'bob' }, ...(ca === undefined ? {} : { ca }) })).json;
  }

  /** Makes a namespace. */
  async namespace(name: string): Promise<NamespaceKey> {
    const { json } = await this.admin('PUT', name, {});
    return { namespace: json.namespace, auth: json.auth };
  }

  async admin(method: 'PUT' | 'DELETE', name: string, json?: object) {
    const { adminUrl, adminKey } = await this.stack.outputs();
    const headers = { authorization: `Bearer ${adminKey!.value}` };
    return call(`${adminUrl!.value}/v1/namespaces/${name}`, { method, headers, ...(json === undefined ? {} : { json }) });
  }

  /** What an update that has to fail says. */
  async failure(): Promise<string> {
    const error = await this.stack.up().catch((failed: Error) => failed);
    if (!(error instanceof Error)) throw new Error('The update succeeded.');
    return error.message;
  }
}
