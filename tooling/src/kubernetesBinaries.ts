import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { say, step } from './progress';
import { buildGoProgram, type GoProgram, goProgramCacheName } from './pulumiCli/goBuild';
import { paths } from './repository';
import { cachedTool, shareFile, toolCacheRoot } from './toolCache';

/** What the one binary can be, named by its first argument. */
export const KUBERNETES_PROGRAMS = [
  'coredns',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubectl',
  'kubelet',
] as const;
export type KubernetesProgram = (typeof KUBERNETES_PROGRAMS)[number];

/** The version of Kubernetes that the Go module requires, without a leading v. */
export function kubernetesVersion(goMod: string = readFileSync(join(paths.kubernetesModule, 'go.mod'), 'utf8')): string {
  const version = /^\s*(?:require\s+)?k8s\.io\/kubernetes\s+v(\S+)/m.exec(goMod)?.[1];
  if (version === undefined) throw new Error('tooling/go/kubernetes/go.mod does not require k8s.io/kubernetes');
  return version;
}

/** Told its version by the linker, as official builds are: clients and servers compare theirs. */
function hyperkube(version = kubernetesVersion()): GoProgram {
  const [major, minor] = version.split('.');
  const facts = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const settings = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) =>
    Object.entries(facts).map(([name, value]) => `-X ${path}.${name}=${value}`),
  );
  return {
    name: 'hyperkube',
    module: paths.kubernetesModule,
    mainPackage: './cmd/hyperkube',
    linkerFlags: ['-s', '-w', ...settings].join(' '),
  };
}

/**
 * Path of the binary that is every program of Kubernetes, with etcd and CoreDNS; its first argument is a `KubernetesProgram`. Built when it
 * is not in the cache: five minutes on two processors.
 * @throws UserError when there is no Go or the build fails
 */
export async function acquireHyperkube(): Promise<string> {
  const program = hyperkube();
  const cached = goProgramCacheName(program);
  const executable = join(paths.tools, 'kubernetes', basename(cached), program.name);
  if (existsSync(executable)) return executable;
  const folder = await step(`Build Kubernetes ${kubernetesVersion()} from its Go module (once, several minutes)`, (report) =>
    cachedTool(
      cached,
      (empty) => buildGoProgram(program, empty, report),
      () => say('  waiting for another process'),
      toolCacheRoot(),
    ),
  );
  shareFile(join(folder, program.name), executable);
  return executable;
}
