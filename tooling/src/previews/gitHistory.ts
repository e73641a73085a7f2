import { relative, resolve } from 'node:path';
import { runCommand } from '../command';
import { sha256 } from './actionSource';

/** How many versions of one file are looked at: a stack lags a few commits behind, not hundreds. */
const MAX_VERSIONS = 30;
/** A git command ends in far less, in milliseconds. */
const GIT_TIMEOUT_MS = 20_000;

/** Looks for an earlier version of a file, told by its hash, in the git repository it is in. */
export class GitHistory {
  /** @param base commit to look at first, such as the target of a pull request */
  constructor(
    private readonly programFolder: string,
    private readonly base: string | undefined,
  ) {}

  /** The version of a file (relative to the program) with this SHA-256; undefined when git knows none among its latest. */
  async find(file: string, hash: string): Promise<Buffer | undefined> {
    const root = (await this.git(['rev-parse', '--show-toplevel']))?.toString().trim();
    if (root === undefined || root === '') return undefined;
    const path = relative(root, resolve(this.programFolder, file));
    if (path.startsWith('..')) return undefined;
    const log = await this.git([
      'log',
      `--max-count=${MAX_VERSIONS}`,
      '--format=%H',
      ...(this.base === undefined ? [] : [this.base]),
      'HEAD',
      '--',
      `:/${path}`,
    ]);
    const commits =
      log
        ?.toString()
        .trim()
        .split('\n')
        .filter((commit) => commit !== '') ?? [];
    for (const commit of [...(this.base === undefined ? [] : [this.base]), ...commits]) {
      const content = await this.git(['cat-file', 'blob', `${commit}:${path}`]);
      if (content !== undefined && sha256(content) === hash) return content;
    }
    return undefined;
  }

  private async git(args: readonly string[]): Promise<Buffer | undefined> {
    try {
      const { code, stdout } = await runCommand('git', args, { cwd: this.programFolder, timeoutMs: GIT_TIMEOUT_MS });
      return code === 0 ? Buffer.from(stdout) : undefined;
    } catch {
      // No git on this machine: the text may be had elsewhere.
      return undefined;
    }
  }
}
