import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUNTIME_IMAGES } from './standInImages';

/** Settings of a platform whose actions are pods of the cluster of this area. */
export function podSettings(): Record<string, string> {
  return {
    OPENWHISK_CONTAINERS: 'kubernetes',
    KUBECONFIG: process.env.TEST_KUBECONFIG ?? '',
    OPENWHISK_RUNTIMES_MANIFEST: manifest(),
  };
}

/** The built-in manifest, with the images of the tests. */
function manifest(): string {
  const { runtimes } = JSON.parse(readFileSync(join(__dirname, '../../platform/runtimes/runtimes.json'), 'utf8'));
  const kinds = Object.entries(RUNTIME_IMAGES).map(([kind, image]) => {
    const family = kind.split(':')[0]!;
    const entry = runtimes[family].find((runtime: { kind: string }) => runtime.kind === kind);
    return [family, [{ ...entry, image }]];
  });
  return JSON.stringify({ runtimes: Object.fromEntries(kinds), blackboxes: [] });
}
