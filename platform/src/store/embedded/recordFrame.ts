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

/** Where a payload lies in its segment. */
export interface Frame {
  offset: number;
  length: number;
}

/** Whole and intact frames from the start of `bytes`; `end` is where the first torn or damaged one begins. */
export function scanFrames(bytes: Buffer, begin = 0): { frames: Frame[]; end: number } {
  const frames: Frame[] = [];
  let at = begin;
  for (let frame = frameAt(bytes, at); frame; frame = frameAt(bytes, at)) {
    frames.push(frame);
    at = frame.offset + frame.length;
  }
  return { frames, end: at };
}

function frameAt(bytes: Buffer, at: number): Frame | undefined {
  const offset = at + frameHeader;
  if (offset > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at);
  if (length === 0 || offset + length > bytes.length) return undefined;
  return crc32(bytes.subarray(offset, offset + length)) === bytes.readUInt32LE(at + 4) ? { offset, length } : undefined;
}

export interface Survey {
  frames: Frame[];
  /** Bytes that belong to no intact frame; after a crash there may be one at the end. */
  damages: { begin: number; end: number }[];
  /** Where the last intact frame ends. */
  end: number;
}

/** All intact frames, also those behind damage. */
export function surveyFrames(bytes: Buffer): Survey {
  const frames: Frame[] = [];
  const damages: Survey['damages'] = [];
  for (let at = 0; at < bytes.length; ) {
    const run = scanFrames(bytes, at);
    frames.push(...run.frames);
    if (run.end === bytes.length) break;
    const next = nextFrame(bytes, run.end + 1);
    at = next < 0 ? bytes.length : next;
    damages.push({ begin: run.end, end: at });
  }
  const last = frames.at(-1);
  return { frames, damages, end: last ? last.offset + last.length : 0 };
}

/** Where the next intact frame begins behind damage at `from`; -1 when there is none. */
function nextFrame(bytes: Buffer, from: number): number {
  // a payload begins as every JSON object with members does
  for (let brace = bytes.indexOf('{"', from); brace >= 0; brace = bytes.indexOf('{"', brace + 1)) {
    const at = brace - frameHeader;
    if (at >= from && frameAt(bytes, at)) return at;
  }
  return -1;
}

/** The name a listing filters by: `action` or `pkg/action`; the package is the one the caller named, so a binding's where there is one. */
export function listedName(record: ActivationRecord): string {
  const binding = annotationOf(record.annotations, 'binding');
  const path = typeof binding === 'string' ? `${binding}/${record.name}` : annotationOf(record.annotations, 'path');
  if (typeof path !== 'string') return record.name;
  const slash = path.indexOf('/');
  return slash < 0 ? record.name : path.slice(slash + 1);
}
