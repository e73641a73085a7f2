import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { THIRD_PARTY_IMAGES } from '../../provider/src/blueprint/parts';

export const SLEEPER_LOG = 'all it does is sleep';

/** An image whose containers run, say so, and answer nobody. */
export async function buildSleeper(docker: Docker, name: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sleeper-'));
  try {
    const command = ['bash', '-c', `echo ${SLEEPER_LOG}; exec sleep 3600`];
    writeFileSync(join(folder, 'Dockerfile'), `FROM ${THIRD_PARTY_IMAGES.kafka}\nENTRYPOINT ${JSON.stringify(command)}\n`);
    const progress = await docker.buildImage({ context: folder, src: ['Dockerfile'] }, { t: name, rm: true });
    await new Promise<void>((resolve, reject) => docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
