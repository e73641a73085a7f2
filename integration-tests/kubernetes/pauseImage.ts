import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyWithLibraries } from '../docker/images';
import { cachedArchive } from './archiveCache';
import { imageArchive } from './imageArchive';
import { PAUSE_IMAGE } from './nodeConfiguration';

/** Path of an archive of the image that holds a pod's network: a process that only waits. */
export function pauseArchive(): Promise<string> {
  return cachedArchive('pause', [PAUSE_IMAGE], async (file) => {
    const root = await mkdtemp(join(tmpdir(), 'image-root-'));
    try {
      await copyWithLibraries(root, '/bin/sleep');
      await imageArchive({ root, reference: PAUSE_IMAGE, entrypoint: ['/bin/sleep', 'infinity'], file });
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
}
