import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MOUNTED = '/sys/fs/cgroup';
/** Settings that a new group of cpuset has to be given before anything can be in it. */
const CPUSET = ['cpuset.cpus', 'cpuset.mems'];

/** The groups below which all containers of a cluster are: one in each hierarchy of this machine (version 1), or in the one there is (2). */
export class ClusterCgroups {
  /** As the kubelet calls it. */
  readonly root: string;

  constructor(name: string) {
    this.root = `/kubernetes-${name}`;
  }

  make(): void {
    for (const hierarchy of hierarchies()) {
      const group = join(hierarchy, this.root);
      mkdirSync(group, { recursive: true });
      for (const setting of CPUSET) {
        if (existsSync(join(hierarchy, setting))) writeFileSync(join(group, setting), readFileSync(join(hierarchy, setting)));
      }
    }
  }

  /** Numbers of the processes of all containers. */
  processes(): number[] {
    const found = new Set<number>();
    for (const group of this.groups()) {
      for (const pid of lines(join(group, 'cgroup.procs'))) found.add(Number(pid));
    }
    return [...found];
  }

  /** When no process is left in them. */
  remove(): void {
    for (const group of this.groups()) rmdirSync(group);
  }

  /** The innermost first. */
  private groups(): string[] {
    return hierarchies().flatMap((hierarchy) => {
      const top = join(hierarchy, this.root);
      if (!existsSync(top)) return [];
      const inner = readdirSync(top, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
      return [top, ...inner].sort((a, b) => b.length - a.length);
    });
  }
}

/** Several names may lead to one. */
function hierarchies(): string[] {
  if (existsSync(join(MOUNTED, 'cgroup.controllers'))) return [MOUNTED];
  return readdirSync(MOUNTED, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(MOUNTED, entry.name));
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
