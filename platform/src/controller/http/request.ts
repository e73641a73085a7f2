import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from '../../model/identity';
import { IllegalName } from './errors';
import type { Query } from './query';

/** The id of a request, carried through everything it causes. */
export interface Transaction {
  id: string;
  /** epoch ms */
  start: number;
  /** `X-OW-EXTRA-LOGGING: on` */
  extraLogging: boolean;
}

/** One request, its body read. */
export interface ApiRequest {
  readonly method: string;
  /** Path as sent, without the query. */
  readonly path: string;
  readonly query: Query;
  readonly rawQuery: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  body: Buffer;
  /** Bytes the body had; more than `body` has when it was too long to be of use. */
  bodyLength: number;
  /** Set by the API's `admit` where the path needs a caller. */
  identity?: Identity;
  readonly transaction: Transaction;
}

export interface Target {
  path: string;
  rawQuery: string;
}

/** A proxy may send the whole URL as the target. */
export function splitTarget(target: string): Target {
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, rawQuery: '' } : { path: url.slice(0, mark), rawQuery: url.slice(mark + 1) };
}

/** Path segments, decoded one by one, so that an escaped slash stays inside its segment. A path `/a/` has a last segment `''`. */
export function pathSegments(path: string): string[] {
  const segments = path.slice(1).split('/');
  return path.includes('%') ? segments.map(decodeSegment) : segments;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new IllegalName(`Illegal request-target: the escapes in '${segment.slice(0, 100)}' are not valid UTF-8`);
  }
}
