import * as openwhisk from 'pulumi-openwhisk';
import { call, type HttpAnswer } from '../httpCall';
import { basic, PlatformProcess } from '../platformProcess';
import type { TestStack } from './testStack';

const COLLECTIONS = ['rules', 'triggers', 'actions', 'packages'] as const;

/**
 * The host the lifecycle tests run against: a platform of their own, or any OpenWhisk host that OPENWHISK_TEST_HOST (its address) and
 * OPENWHISK_TEST_AUTH (`uuid:key` of a namespace) name. There one namespace serves all tests: it must be empty, and is emptied between them.
 */
export class TestHost {
  namespace = '';
  private auth = '';
  private count = 0;

  private constructor(
    readonly apiHost: string,
    /** Absent when the host is somebody else's. */
    readonly platform: PlatformProcess | undefined,
  ) {}

  static async start(environment: Record<string, string> = {}): Promise<TestHost> {
    const { OPENWHISK_TEST_HOST: address, OPENWHISK_TEST_AUTH: auth } = process.env;
    if (address === undefined || address === '') {
      const platform = await PlatformProcess.start(environment);
      return new TestHost(platform.apiHost, platform);
    }
    if (auth === undefined) throw new Error('OPENWHISK_TEST_HOST needs OPENWHISK_TEST_AUTH, the key of a namespace for tests.');
    const host = new TestHost(address.replace(/\/+$/, ''), undefined);
    host.auth = auth;
    const { json } = await call(`${host.apiHost}/api/v1/namespaces`, { headers: { authorization: basic(auth) } });
    host.namespace = (json as string[])[0]!;
    const left = await host.entities();
    if (left.length > 0) throw new Error(`The namespace "${host.namespace}" of the tests is not empty: it holds ${left[0]}, for one.`);
    return host;
  }

  /** The key of the namespace. */
  get key(): string {
    return this.auth;
  }

  /** An empty namespace: a new one, or the host's, emptied. */
  async freshNamespace(): Promise<void> {
    if (this.platform === undefined) {
      await this.empty();
      return;
    }
    this.count += 1;
    const key = await this.platform.namespace(`ns${this.count}`);
    this.namespace = key.namespace;
    this.auth = key.auth;
  }

  async stop(): Promise<void> {
    if (this.platform === undefined) await this.empty();
    else await this.platform.stop();
  }

  /** A call under `/api/v1/namespaces/_/`. */
  api(method: string, path: string, json?: unknown): Promise<HttpAnswer> {
    const url = `${this.apiHost}/api/v1/namespaces/_/${path}`;
    return call(url, { method, headers: { authorization: basic(this.auth) }, ...(json === undefined ? {} : { json }) });
  }

  /** An explicit provider for the host and the namespace. */
  provider(more: openwhisk.ProviderArgs = {}): openwhisk.Provider {
    return new openwhisk.Provider('there', { apiHost: this.apiHost, auth: this.auth, namespace: this.namespace, ...more });
  }

  /** Names the host in the stack's configuration, for programs without an explicit provider. */
  async configure(stack: TestStack): Promise<void> {
    await stack.setConfig('openwhisk:apiHost', this.apiHost);
    await stack.setConfig('openwhisk:auth', this.auth, true);
    await stack.setConfig('openwhisk:namespace', this.namespace);
  }

  /** Everything in the namespace, as `collection/name`. */
  async entities(): Promise<string[]> {
    const found: string[] = [];
    for (const collection of COLLECTIONS) {
      const { json } = await this.api('GET', `${collection}?limit=200`);
      for (const { name, namespace } of json as { name: string; namespace: string }[]) {
        const [, inPackage] = namespace.split('/');
        found.push(`${collection}/${inPackage === undefined ? '' : `${inPackage}/`}${name}`);
      }
    }
    return found;
  }

  private async empty(): Promise<void> {
    for (const entity of await this.entities()) await this.api('DELETE', entity);
  }
}
