import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

const MEGABYTE = 1024 * 1024;
const BLOCK = 512;
const PIECE = 16;

/**
 * A compressed tar archive of one file of that many megabytes, all zeros: little to send, much to store.
 *
 * @param megabytes A multiple of 16.
 */
export function roomArchive(megabytes: number): Readable {
  const zeros = gzipSync(Buffer.alloc(PIECE * MEGABYTE));
  // parts that were compressed one by one are one compressed whole
  const pieces = Array.from({ length: megabytes / PIECE }, () => zeros);
  return Readable.from([gzipSync(header('room', megabytes * MEGABYTE)), ...pieces, gzipSync(Buffer.alloc(2 * BLOCK))]);
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(`${octal(0, 7)}\0${octal(0, 7)}\0`, 108);
  block.write(`${octal(size, 11)}\0${octal(0, 11)}\0`, 124);
  // the sum counts itself as spaces
  block.write('        0', 148);
  block.write('ustar\0' + '00', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}
