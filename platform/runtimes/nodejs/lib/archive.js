const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');

/** Unpacked size, against archives that are small only while packed. */
const maxUnpacked = 512 * 1024 * 1024;
const maxEntries = 100_000;

class BadArchive extends Error {}

/** Unpacks a zip or a tar.gz into `directory`, which is made. Throws the text the client is told. */
function extractArchive(bytes, directory) {
  const magic = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  const [name, read] = magic === 0x504b0304 ? ['Zip', readZip] : magic >>> 8 === 0x1f8b08 ? ['Tar GZ', readTarGz] : [];
  if (!read) throw 'There was an error uncompressing the action archive. The file type is unsupported';
  try {
    fs.mkdirSync(directory, { recursive: true });
    const target = new Target(directory);
    for (const entry of read(bytes)) target.write(entry);
    target.finish();
  } catch (error) {
    console.error(error instanceof BadArchive ? error.message : error);
    throw `There was an error uncompressing the action ${name} archive.`;
  }
}

/** Where entries go: never outside the directory, and never through a link that an earlier entry made. */
class Target {
  constructor(root) {
    this.root = fs.realpathSync(root);
    this.links = [];
    this.unpacked = 0;
    this.entries = 0;
  }

  write({ name, type, mode, data }) {
    this.entries++;
    this.unpacked += data.length;
    if (this.unpacked > maxUnpacked || this.entries > maxEntries) throw new BadArchive('The archive unpacks to more than is allowed.');
    const target = this.inside(this.root, name);
    if (target === this.root) return;
    if (type === 'directory') {
      fs.mkdirSync(target, { recursive: true });
    } else if (type === 'link') {
      const to = data.toString('utf8');
      this.inside(path.dirname(target), to);
      this.links.push({ target, to });
    } else {
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, data, { mode: mode & 0o111 ? 0o755 : 0o644 });
    }
  }

  /** Links come last, so that no file is written through one. */
  finish() {
    for (const { target, to } of this.links) {
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.symlinkSync(to, target);
    }
  }

  inside(base, name) {
    const target = path.resolve(base, name);
    const outside = path.isAbsolute(name) || name.includes('\0') || (target !== this.root && !target.startsWith(this.root + path.sep));
    if (outside) throw new BadArchive(`The archive holds the name '${name}', which leads outside of it.`);
    return target;
  }
}

function* readZip(bytes) {
  const end = findEndOfDirectory(bytes);
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff) throw new BadArchive('Zip archives in the 64-bit format are not supported.');
  for (let i = 0; i < count; i++) {
    if (bytes.readUInt32LE(at) !== 0x02014b50) throw new BadArchive('The directory of the zip archive is damaged.');
    const flags = bytes.readUInt16LE(at + 8);
    const method = bytes.readUInt16LE(at + 10);
    const packed = bytes.readUInt32LE(at + 20);
    const size = bytes.readUInt32LE(at + 24);
    const nameLength = bytes.readUInt16LE(at + 28);
    const made = bytes.readUInt16LE(at + 4) >>> 8;
    const mode = made === 3 ? bytes.readUInt16LE(at + 40) : 0;
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength).replaceAll('\\', '/');
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (flags & 1) throw new BadArchive('Encrypted zip archives are not supported.');
    if (size > maxUnpacked) throw new BadArchive('The archive unpacks to more than is allowed.');
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    if (start + packed > bytes.length) throw new BadArchive('The zip archive is cut short.');
    const data = unpack(bytes.subarray(start, start + packed), method, size, name);
    const type = name.endsWith('/') ? 'directory' : (mode & 0o170000) === 0o120000 ? 'link' : 'file';
    yield { name, type, mode, data };
  }
}

function unpack(data, method, size, name) {
  if (method === 0) return data;
  if (method !== 8) throw new BadArchive(`The zip archive packs '${name}' by a method that is not supported.`);
  const unpacked = zlib.inflateRawSync(data, { maxOutputLength: Math.max(size, 1) });
  if (unpacked.length !== size) throw new BadArchive(`The zip archive's entry '${name}' is damaged.`);
  return unpacked;
}

/** The record at the end, behind which only a comment may stand. */
function findEndOfDirectory(bytes) {
  for (let at = bytes.length - 22; at >= 0 && at >= bytes.length - 22 - 0xffff; at--) {
    if (bytes.readUInt32LE(at) === 0x06054b50) return at;
  }
  throw new BadArchive('The zip archive has no directory.');
}

function* readTarGz(packed) {
  const bytes = zlib.gunzipSync(packed, { maxOutputLength: maxUnpacked });
  let longName;
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const text = (from, length) => bytes.toString('utf8', at + from, at + from + length).split('\0', 1)[0];
    const size = Number.parseInt(text(124, 12).trim() || '0', 8);
    const kind = String.fromCharCode(bytes[at + 156] || 48);
    const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
    const name = longName ?? (prefix ? `${prefix}/${text(0, 100)}` : text(0, 100));
    if (!Number.isInteger(size) || at + 512 + size > bytes.length) throw new BadArchive('The tar archive is damaged.');
    const data = bytes.subarray(at + 512, at + 512 + size);
    const mode = Number.parseInt(text(100, 8).trim() || '0', 8);
    const link = text(157, 100);
    at += 512 + Math.ceil(size / 512) * 512;
    longName = undefined;
    if (kind === 'L') longName = data.toString('utf8').split('\0', 1)[0];
    else if (kind === 'x') longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(data.toString('utf8'))?.[1];
    else if (kind === '5') yield { name, type: 'directory', mode, data: Buffer.alloc(0) };
    else if (kind === '2') yield { name, type: 'link', mode, data: Buffer.from(link) };
    else if (kind === '0') yield { name, type: 'file', mode, data };
  }
}

module.exports = { extractArchive };
