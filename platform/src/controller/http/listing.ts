import { MalformedQuery } from './errors';
import type { Query } from './query';

export interface Page {
  skip: number;
  limit: number;
}

export interface PageBounds {
  default: number;
  max: number;
}

/** `limit` (0 means the maximum) and `skip` of a listing. */
export function readPage(query: Query, collection: string, bounds: PageBounds): Page {
  const limit = readInteger(query, 'limit', collection);
  const skip = readInteger(query, 'skip', collection);
  if (limit !== undefined && (limit < 0 || limit > bounds.max)) {
    throw new MalformedQuery('limit', `The value '${limit}' is not in the range of 0 to ${bounds.max} for ${collection}.`);
  }
  if (skip !== undefined && skip < 0) {
    throw new MalformedQuery('skip', `The value '${skip}' is not greater than or equal to 0 for ${collection}.`);
  }
  return { skip: skip ?? 0, limit: limit === undefined ? bounds.default : limit === 0 ? bounds.max : limit };
}

function readInteger(query: Query, name: string, collection: string): number | undefined {
  const value = query.get(name);
  if (value === undefined) return undefined;
  const n = Number(value);
  if (!/^[+-]?\d+$/.test(value) || n > 2147483647 || n < -2147483648) {
    throw new MalformedQuery(name, `The value '${value}' is not an integer for ${collection}.`);
  }
  return n;
}
