import { MalformedEntity } from './errors';

export const initialVersion = '0.0.1';

/** `major.minor.patch`; missing parts are 0, parts past the third and leading zeros are dropped, `0.0.0` is none. */
export function parseVersion(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new MalformedEntity('semantic version malformed');
  const parts = value.split('.');
  const numbers = [0, 1, 2].map((i) => {
    const part = parts[i] ?? '0';
    if (!/^\d+$/.test(part)) throw new MalformedEntity('semantic version malformed');
    const n = Number(part);
    if (n > 2147483647) throw new MalformedEntity('semantic version malformed');
    return n;
  });
  if (numbers.every((n) => n === 0)) throw new MalformedEntity('semantic version malformed');
  return numbers.join('.');
}

export function bumpPatch(version: string): string {
  const [major, minor, patch] = version.split('.');
  return `${major}.${minor}.${Number(patch) + 1}`;
}
