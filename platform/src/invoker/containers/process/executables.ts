import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { ContainerStartError } from '../container';
import { goCommand } from './goProxy';
import type { RuntimeCommand } from './runtimeCommand';

interface Family {
  /** Name shown to people. */
  title: string;
  /** The version that is needed when the kind's is not the language's. */
  needs?: string;
  /** Commands that may be the wanted version, best first. */
  candidates: (version: readonly number[]) => string[];
  /** Prints `<version> <absolute path of the executable>`; what stands before the version is skipped. */
  probe: readonly string[];
  /** Where the executable is when the probe prints something else. */
  located?: (printed: string) => string;
  command: (executable: string, runtimes: string, memory: number) => RuntimeCommand | Promise<RuntimeCommand>;
}

const pythonProbe = ['-c', 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)'];

const families: Readonly<Record<string, Family>> = {
  nodejs: {
    title: 'Node.js',
    candidates: ([major]) => [process.execPath, `node${major}`, `node-${major}`, 'node', 'nodejs'],
    probe: ['-p', 'process.versions.node + " " + process.execPath'],
    command: (executable, runtimes, memory) => ({
      executable,
      // V8 collects garbage earlier when it knows what there is; the rest of the limit is for buffers and the runtime itself
      args: [`--max-old-space-size=${Math.max(64, Math.floor(memory * 0.75))}`, path.join(runtimes, 'nodejs', 'launcher.js')],
      environment: {},
    }),
  },
  python: {
    title: 'Python',
    candidates: ([major, minor]) => [`python${major}.${minor}`, `python${major}`, 'python'],
    probe: pythonProbe,
    command: (executable, runtimes) => ({
      executable,
      args: [path.join(runtimes, 'python', 'launcher.py')],
      environment: { PYTHONIOENCODING: 'UTF-8' },
    }),
  },
  go: {
    title: 'Go',
    candidates: () => ['go', '/usr/local/go/bin/go'],
    // the toolchain's own folder: what is on PATH may be a script that chooses among several
    probe: ['env', 'GOVERSION', 'GOROOT'],
    located: (root) => path.join(root, 'bin', 'go'),
    command: (executable, runtimes) => goCommand(executable, runtimes),
  },
  native: {
    title: 'Python',
    needs: '3.9',
    candidates: () => ['python3', 'python'],
    probe: pythonProbe,
    command: (executable, runtimes) => ({ executable, args: [path.join(runtimes, 'native', 'launcher.py')], environment: {} }),
  },
};

interface Found {
  version: number[];
  executable: string;
}

/** Finds the programs that run kinds on this machine; each is looked for once. */
export class Executables {
  private readonly found = new Map<string, Promise<Found>>();

  constructor(
    /** Directory of the runtimes that come with the platform. */
    private readonly runtimes: string,
    /** Told once a kind when the nearest version differs from the kind's. */
    private readonly warn: (message: string) => void,
    private readonly searchPath: string = process.env.PATH ?? '',
  ) {}

  /** Throws ContainerStartError when nothing here can run `kind`. */
  async commandFor(kind: string, memory: number): Promise<RuntimeCommand> {
    const [name, versionText] = kind.split(':');
    const family = families[name!];
    if (!family || !versionText) {
      throw new ContainerStartError(
        `Kind '${kind}' cannot run as a process of this machine: only those of ${Object.keys(families).join(', ')} can. Deploy to containers for it.`,
        'platform',
      );
    }
    let found = this.found.get(kind);
    if (!found) {
      found = this.find(kind, family, (family.needs ?? versionText).split('.').map(Number));
      this.found.set(kind, found);
      // looked for again after a failure: it may be installed meanwhile
      found.catch(() => this.found.delete(kind));
    }
    return family.command((await found).executable, this.runtimes, memory);
  }

  private async find(kind: string, family: Family, wanted: number[]): Promise<Found> {
    let nearest: Found | undefined;
    for (const candidate of family.candidates(wanted)) {
      const found = await this.probe(candidate, family);
      if (!found) continue;
      if (wanted.every((part, i) => found.version[i] === part)) return found;
      if (isNewer(found.version, wanted)) nearest ??= found;
    }
    if (!nearest) {
      throw new ContainerStartError(
        `Kind '${kind}' needs ${family.title} ${wanted.join('.')} or newer on this machine: install it or put it on PATH.`,
        'platform',
      );
    }
    if (family.needs === undefined)
      this.warn(
        `Kind '${kind}' runs on ${family.title} ${nearest.version.join('.')} here, because ${family.title} ${wanted.join('.')} was not found.`,
      );
    return nearest;
  }

  private async probe(candidate: string, family: Family): Promise<Found | undefined> {
    const file = path.isAbsolute(candidate) ? candidate : await this.onPath(candidate);
    if (!file) return undefined;
    return new Promise((resolve) => {
      execFile(file, [...family.probe], { timeout: 10_000 }, (error, stdout) => {
        const [, version, found] = /^\D*([\d.]+)\s+(\S.*)$/s.exec(stdout.trim()) ?? [];
        if (error || !version || !found || !path.isAbsolute(found)) resolve(undefined);
        else resolve({ version: version.split('.').map(Number), executable: family.located?.(found) ?? found });
      });
    });
  }

  private async onPath(name: string): Promise<string | undefined> {
    for (const directory of this.searchPath.split(path.delimiter)) {
      if (!path.isAbsolute(directory)) continue;
      const file = path.join(directory, name);
      const usable = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (usable) return file;
    }
    return undefined;
  }
}

function isNewer(version: readonly number[], than: readonly number[]): boolean {
  for (const [i, part] of than.entries()) {
    const difference = (version[i] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return false;
}
