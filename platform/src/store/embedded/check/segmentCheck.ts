import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexOfFrames } from '../activationSegments';
import { type Frame, frameHeader, scanFrames, surveyFrames } from '../recordFrame';
import type { Finding } from './finding';

/** Every record against its checksum, every index against the records. A torn end of the last segment is what a crash leaves: no finding. */
export function* checkSegments(directory: string): Generator<Finding> {
  if (!existsSync(directory)) return;
  const segments = readdirSync(directory)
    .filter((file) => /^\d{10}\.seg$/.test(file))
    .sort();
  for (const [i, file] of segments.entries()) {
    const path = join(directory, file);
    const bytes = readFileSync(path);
    const { frames, damages } = surveyFrames(bytes);
    const last = i === segments.length - 1;
    const torn = last && damages.length === 1 && damages[0]!.end === bytes.length;
    if (damages.length > 0 && !torn) {
      yield {
        where: `${path}, byte ${damages[0]!.begin}`,
        problem: `activation records are damaged in ${damages.length} place${damages.length === 1 ? '' : 's'}, ${frames.length} are intact.`,
        repair: () => rewrite(path, bytes, frames),
        loses: 'the damaged records; the file as it was is kept beside it, as .damaged',
      };
      continue;
    }
    yield* checkIndex(path.replace(/seg$/, 'idx'), bytes, frames, last);
  }
}

function* checkIndex(path: string, bytes: Buffer, frames: Frame[], last: boolean): Generator<Finding> {
  // the segment that is written to has its index in memory, and one file less is only one more to build
  if (last || !existsSync(path)) return;
  const right = indexOfFrames(bytes, frames).serialize();
  if (!readFileSync(path).equals(right)) {
    yield { where: path, problem: 'the index does not fit its segment.', repair: () => replace(path, right) };
  }
}

function rewrite(path: string, bytes: Buffer, frames: Frame[]): void {
  copyFileSync(path, `${path}.damaged`);
  const intact = Buffer.concat(frames.map(({ offset, length }) => bytes.subarray(offset - frameHeader, offset + length)));
  replace(path, intact);
  const index = path.replace(/seg$/, 'idx');
  if (existsSync(index)) replace(index, indexOfFrames(intact, scanFrames(intact).frames).serialize());
}

/** In one step, so that a crash leaves the old file or the new one. */
function replace(path: string, bytes: Buffer): void {
  writeFileSync(`${path}.new`, bytes, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}
