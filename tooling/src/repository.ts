import { resolve } from 'node:path';

/** The folder of the clone: tooling/src and tooling/dist are both two levels below it. */
export const repositoryRoot = resolve(__dirname, '../..');

/** Where things of this repository are kept; every folder here is ignored by git. */
export const paths = {
  /** Tools that were fetched or built, as links into the user's cache. */
  tools: resolve(repositoryRoot, '.tools'),
  /** Executables of our own that are put on the CLI's PATH. */
  toolsBin: resolve(repositoryRoot, '.tools/bin'),
  /** Backend, home and passphrase of Pulumi, so that the user's own login stays untouched. */
  pulumiState: resolve(repositoryRoot, '.pulumi-state'),
  /** Data of running local platforms and what else belongs to one that is up, a folder a stack. */
  platforms: resolve(repositoryRoot, '.openwhisk'),
  /** The Go module from which the CLI and the SDK generator are built. */
  goModule: resolve(repositoryRoot, 'tooling/go/pulumi'),
  /** The Go module from which the SDK generators for .NET and Java are built. */
  furtherGeneratorsModule: resolve(repositoryRoot, 'tooling/go/pulumi-sdk-generators'),
  /** The Go module from which wskdeploy is built. */
  wskdeployModule: resolve(repositoryRoot, 'tooling/go/wskdeploy'),
  /** The Go module from which Kubernetes, etcd and CoreDNS are built. */
  kubernetesModule: resolve(repositoryRoot, 'tooling/go/kubernetes'),
  /** Pinned versions of the API fuzzer and what it needs. */
  schemathesisRequirements: resolve(repositoryRoot, 'tooling/python/schemathesis.txt'),
  /** Names the broker of the tests and its version. */
  kafkaPom: resolve(repositoryRoot, 'tooling/java/kafka/pom.xml'),
  /** The Go program of the tests that uses OpenWhisk's Go client. */
  goClientModule: resolve(repositoryRoot, 'integration-tests/clients/go'),
  /** The provider plugin's executable. */
  providerBin: resolve(repositoryRoot, 'provider/bin'),
  providerSchema: resolve(repositoryRoot, 'provider/schema.json'),
  nodejsSdk: resolve(repositoryRoot, 'provider/sdk/nodejs'),
  /** Pulumi.<stack>.yaml files. */
  stackConfig: resolve(repositoryRoot, 'stacks'),
} as const;
