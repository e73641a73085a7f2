import { once } from 'node:events';
import { type Entry, fromBuffer, type ZipFile as ReadableZip } from 'yauzl';
import { ZipFile } from 'yazl';
import { CodeError } from '../errors';

/** Earliest time a zip entry can carry; the same for every entry, so that packing the same files gives the same bytes. */
const ENTRY_TIME = new Date(1980, 0, 1);
/** Every file is readable and may be started: which ones are programs depends on the machine that packed them otherwise. */
const ENTRY_MODE = 0o100755;

/** Bounds on an archive that is opened: what it unpacks to, and how many files. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
const MAX_ENTRIES = 50_000;

/** Packs files so that the same contents give the same bytes on every machine. */
export async function packZip(files: ReadonlyMap<string, Buffer>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const path of [...files.keys()].sort()) {
    zip.addBuffer(files.get(path)!, path, { mtime: ENTRY_TIME, mode: ENTRY_MODE, forceDosTimestamp: true });
  }
  zip.end();
  const chunks: Buffer[] = [];
  zip.outputStream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(zip.outputStream, 'end');
  return Buffer.concat(chunks);
}

export function looksLikeZip(bytes: Buffer): boolean {
  return bytes.length >= 22 && bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 0x03 || bytes[2] === 0x05);
}

/** The files of a zip by path; folders are left out. `label` names the archive in errors. */
export async function unpackZip(bytes: Buffer, label: string): Promise<Map<string, Buffer>> {
  try {
    return await readEntries(await open(bytes), label);
  } catch (error) {
    if (error instanceof CodeError) throw error;
    throw new CodeError(`${label} is not a readable zip archive: ${(error as Error).message}.`);
  }
}

function open(bytes: Buffer): Promise<ReadableZip> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, zip) => {
      if (error) reject(error);
      else resolve(zip);
    });
  });
}

function readEntries(zip: ReadableZip, label: string): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    const files = new Map<string, Buffer>();
    let total = 0;
    zip.on('error', reject);
    zip.on('end', () => resolve(files));
    zip.on('entry', (entry: Entry) => {
      total += entry.uncompressedSize;
      if (total > MAX_UNPACKED_BYTES || files.size >= MAX_ENTRIES) {
        reject(new CodeError(`${label} unpacks to more than ${MAX_UNPACKED_BYTES / 1024 / 1024} MB or ${MAX_ENTRIES} files.`));
        return;
      }
      if (entry.fileName.endsWith('/')) {
        zip.readEntry();
        return;
      }
      readEntry(zip, entry).then((content) => {
        files.set(entry.fileName, content);
        zip.readEntry();
      }, reject);
    });
    zip.readEntry();
  });
}

function readEntry(zip: ReadableZip, entry: Entry): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(error);
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => resolve(Buffer.concat(chunks)));
    });
  });
}
