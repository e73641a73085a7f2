import { crc32 } from 'node:zlib';
import type { ActivationRecord } from '../../model/activation';
import { annotationOf } from '../../model/parameters';

/**
 * One record on disk: length (4 bytes) and CRC-32 (4 bytes) of the payload, little endian, then the payload: the record
 * without its result as JSON on one line, a line feed, the text of the result.
 */
export const frameHeader = 8;

export function payloadText(record: ActivationRecord): string {
  const { result, ...response } = record.response;
  return `${JSON.stringify({ ...record, response })}\n${result ?? ''}`;
}

/** Writes the frame at `at`; the caller made sure of `frameHeader + 3 * text.length` bytes. Returns the payload's length. */
export function writeFrame(buffer: Buffer, at: number, text: string): number {
  const length = buffer.write(text, at + frameHeader, 'utf8');
  buffer.writeUInt32LE(length, at);
  buffer.writeUInt32LE(crc32(buffer.subarray(at + frameHeader, at + frameHeader + length)), at + 4);
  return length;
}

export function parsePayload(payload: Buffer): ActivationRecord {
  const line = payload.indexOf(10);
  const record = JSON.parse(payload.toString('utf8', 0, line)) as ActivationRecord;
  if (line + 1 < payload.length) record.response.result = payload.toString('utf8', line + 1);
  return record;
}

/** Whole and intact frames from the start of `bytes`; `end` is where the first torn or damaged one begins. */
export function scanFrames(bytes: Buffer): { frames: { offset: number; length: number }[]; end: number } {
  const frames: { offset: number; length: number }[] = [];
  let at = 0;
  while (at + frameHeader <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const from = at + frameHeader;
    if (length === 0 || from + length > bytes.length || crc32(bytes.subarray(from, from + length)) !== bytes.readUInt32LE(at + 4)) break;
    frames.push({ offset: from, length });
    at = from + length;
  }
  return { frames, end: at };
}

/** The name a listing filters by: `action` or `pkg/action`; the package is the one the caller named, so a binding's where there is one. */
export function listedName(record: ActivationRecord): string {
  const binding = annotationOf(record.annotations, 'binding');
  const path = typeof binding === 'string' ? `${binding}/${record.name}` : annotationOf(record.annotations, 'path');
  if (typeof path !== 'string') return record.name;
  const slash = path.indexOf('/');
  return slash < 0 ? record.name : path.slice(slash + 1);
}
