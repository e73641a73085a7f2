import { join } from 'node:path';
import { StandInPlugin } from '../standInPlugin';

const plugin = new StandInPlugin('kubernetes', join(__dirname, 'kubernetesPlugin/main.ts'));

/** Folder of the stand-in for the kubernetes provider; `undefined` where the real one is on PATH. */
export function kubernetesPluginFolder(): string | undefined {
  return plugin.folder;
}

export function buildKubernetesPlugin(): Promise<void> {
  return plugin.build();
}
