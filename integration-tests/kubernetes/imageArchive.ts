import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mustRun } from '../../tooling/src/command';

/** What an image says of itself, as a Dockerfile would. */
export interface ImageSettings {
  entrypoint?: readonly string[];
  cmd?: readonly string[];
  env?: Readonly<Record<string, string>>;
  workdir?: string;
  user?: string;
  labels?: Readonly<Record<string, string>>;
  /** Default: SIGTERM. */
  stopSignal?: string;
}

export interface ImageContent extends ImageSettings {
  /** Folder with everything in it; owners and modes are kept. */
  root: string;
  /** Name and tag. */
  reference: string;
  /** Where the archive is put. Default: a file in the system's folder for temporary ones, which the caller removes. */
  file?: string;
}

/** What image archives call this machine. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Writes an image of one layer as `docker save` would, without an engine, and gives the path of the file. */
export async function imageArchive({ root, reference, file, ...settings }: ImageContent): Promise<string> {
  const parts = await mkdtemp(join(tmpdir(), 'image-archive-'));
  try {
    const layer = join(parts, 'layer.tar');
    // numbers of owners count, not the names they have on this machine; one content is one archive
    await mustRun('tar', ['--numeric-owner', '--sort=name', '--mtime=@0', '-C', root, '-cf', layer, '.']);
    const config = JSON.stringify(configurationOf(settings, await digest(layer)));
    const name = `${createHash('sha256').update(config).digest('hex')}.json`;
    await writeFile(join(parts, name), config);
    await writeFile(join(parts, 'manifest.json'), JSON.stringify([{ Config: name, RepoTags: [reference], Layers: [basename(layer)] }]));
    const target = file ?? join(tmpdir(), `${basename(parts)}.tar`);
    await mustRun('tar', ['-C', parts, '-cf', `${target}.part`, 'manifest.json', name, basename(layer)]);
    await rename(`${target}.part`, target);
    return target;
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
}

function configurationOf({ entrypoint, cmd, env = {}, workdir, user, labels, stopSignal }: ImageSettings, layer: string): object {
  return {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: {
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      ...(cmd === undefined ? {} : { Cmd: cmd }),
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...(workdir === undefined ? {} : { WorkingDir: workdir }),
      ...(user === undefined ? {} : { User: user }),
      ...(labels === undefined ? {} : { Labels: labels }),
      ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  };
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
