import { join } from 'node:path';
import { StandInPlugin } from '../standInPlugin';

const plugin = new StandInPlugin('docker', join(__dirname, 'dockerPlugin/main.ts'));

/** Folder of the stand-in for the docker provider; `undefined` where the real one is on PATH. */
export function dockerPluginFolder(): string | undefined {
  return plugin.folder;
}

export function buildDockerPlugin(): Promise<void> {
  return plugin.build();
}
