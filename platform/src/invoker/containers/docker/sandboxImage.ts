/**
 * The image of sandboxes: one static program that sleeps for ever. It is made here, a few hundred bytes, so that preparing networks needs neither a registry
 * nor any program of a runtime's image.
 */
export const sandboxImage = 'openwhisk-as-code/sandbox:1';
export const sandboxProgram = '/pause';

const headerSize = 64 + 56;
const loadAddress = 0x400000;
/** Large enough for every page size Linux is built with on these machines. */
const alignment = 0x10000;

interface Machine {
  /** e_machine of the ELF header. */
  elf: number;
  code: Buffer;
}

/** By the name the engine gives its architecture. */
const machines: Readonly<Record<string, Machine>> = {
  // mov eax, 34 (pause); syscall; jmp to the start
  amd64: { elf: 62, code: Buffer.from('b8220000000f05ebf7', 'hex') },
  // x0 to x3 = 0, x8 = 73 (ppoll of nothing, for ever); svc; b to the start
  arm64: { elf: 183, code: instructions(0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800928, 0xd4000001, 0x17fffffa) },
};

/** A tar archive with the program for an engine of this architecture; undefined where none is known. */
export function sandboxRoot(architecture: string): Buffer | undefined {
  const machine = machines[architecture];
  return machine && tar(sandboxProgram.slice(1), executable(machine));
}

/** A 64-bit little-endian ELF file with one segment, which holds the headers and the code. */
function executable({ elf, code }: Machine): Buffer {
  const size = headerSize + code.length;
  const header = Buffer.alloc(headerSize);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16); // an executable
  header.writeUInt16LE(elf, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(loadAddress + headerSize), 24); // where it starts
  header.writeBigUInt64LE(64n, 32); // where the table of segments is
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56); // one segment
  header.writeUInt32LE(1, 64); // to be loaded
  header.writeUInt32LE(5, 68); // readable and executable
  header.writeBigUInt64LE(BigInt(loadAddress), 80);
  header.writeBigUInt64LE(BigInt(loadAddress), 88);
  header.writeBigUInt64LE(BigInt(size), 96);
  header.writeBigUInt64LE(BigInt(size), 104);
  header.writeBigUInt64LE(BigInt(alignment), 112);
  return Buffer.concat([header, code]);
}

/** An archive of one file that everybody may execute (ustar). */
function tar(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000755\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}

function instructions(...words: number[]): Buffer {
  const code = Buffer.alloc(words.length * 4);
  words.forEach((word, at) => {
    code.writeUInt32LE(word, at * 4);
  });
  return code;
}
