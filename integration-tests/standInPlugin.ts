import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { findExecutable } from '../tooling/src/executable';
import { paths } from '../tooling/src/repository';

/** A plugin of Pulumi that is used where the real one of its name is not on PATH. */
export class StandInPlugin {
  private readonly place: string;

  /**
   * @param name Such as `docker`.
   * @param entry Path of its main module.
   */
  constructor(
    private readonly name: string,
    private readonly entry: string,
  ) {
    this.place = join(paths.tools, `${name}-plugin`);
  }

  /** The folder to put on PATH; undefined where the real one is on it. */
  get folder(): string | undefined {
    return findExecutable(`pulumi-resource-${this.name}`) === undefined ? this.place : undefined;
  }

  /** Bundles it as an executable of the real one's name. */
  async build(): Promise<void> {
    mkdirSync(this.place, { recursive: true });
    await build({
      entryPoints: [this.entry],
      outfile: join(this.place, 'main.js'),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      logLevel: 'warning',
      // native parts of ssh, which it does without
      external: ['cpu-features', '*.node'],
    });
    const executable = join(this.place, `pulumi-resource-${this.name}`);
    writeFileSync(executable, '#!/bin/sh\nexec node "$(dirname "$0")/main.js" "$@"\n');
    chmodSync(executable, 0o755);
  }
}
