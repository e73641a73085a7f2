import { looksLikeSecretName, looksLikeSecretText } from '../secretLooks';

/** What the engine prints in place of a secret, and what stands in place of what looks like one. */
export const SECRET = '[secret]';
const HIDDEN = '[hidden: looks like a secret]';
const UNKNOWN = '(known after the update)';

/** The engine's stand-ins for values that are not known yet. */
const UNKNOWNS = new Set([
  '04da6b54-80e4-46f7-96ec-b56ff0331ba9',
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);
/** The key that marks an object of the state as something other than a map. */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET_SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';
/** Longest form of one value, in characters. */
const MAX_LENGTH = 160;

/** A value as it may be shown to anybody: compact JSON without secrets, without what looks like one, and not longer than a line. */
export function shownValue(value: unknown, path: readonly (string | number)[]): string {
  if (path.some((part) => typeof part === 'string' && looksLikeSecretName(part)) && value !== SECRET) return HIDDEN;
  const bare = stripped(value);
  const text = typeof bare === 'string' && (bare === SECRET || bare === HIDDEN || bare === UNKNOWN) ? bare : JSON.stringify(bare);
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}… (${text.length} characters)`;
}

function stripped(value: unknown): unknown {
  if (typeof value === 'string') return UNKNOWNS.has(value) ? UNKNOWN : looksLikeSecretText(value) ? HIDDEN : value;
  if (Array.isArray(value)) return value.map(stripped);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  if (object[SIGNATURE] === SECRET_SIGNATURE) return SECRET;
  if (object[SIGNATURE] !== undefined) return '(files)';
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, looksLikeSecretName(key) && object[key] !== SECRET ? HIDDEN : stripped(object[key])]),
  );
}
